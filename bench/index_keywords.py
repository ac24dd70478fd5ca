"""Speed of the embedded keyword index: passages are random windows of real texts, queries are real questions."""

import asyncio
import random
import shutil
import time
from pathlib import Path
from uuid import UUID

import numpy as np

from bench.index_data import folder_of, source_of
from semantic_memory.core.access import local_access
from semantic_memory.core.filters import Filters
from semantic_memory.core.model import Attributes, BlockType, Change, IndexEntry
from semantic_memory.core.ports import KeywordIndex
from semantic_memory.core.settings import Settings
from semantic_memory.core.words import analyse

WORDS = 80
"""Words in a passage."""
BATCH = 2_000
ASKED = 300
FILTERS = {"none": Filters(), "10 %": Filters(sources=frozenset({"source 3"})), "1 %": Filters(path_prefix="folder 37/")}


def measure(texts: list[str], questions: list[str], count: int, folder: Path) -> str:
    """A Markdown table."""
    return asyncio.run(_measure(texts, questions, count, folder))


async def _measure(texts: list[str], questions: list[str], count: int, folder: Path) -> str:
    from semantic_memory.store.keywords import embedded

    shutil.rmtree(folder, ignore_errors=True)
    index = embedded.build(Settings(data_dir=folder))
    started = time.process_time()
    await _build(index, texts, count)
    built = time.process_time() - started
    disk = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) / 2**20
    lines = ["| keywords, filter | CPU ms | wall ms p50 / p95 / p99 | disk MiB | build CPU s (of that analysis) |", "|---|---|---|---|---|"]
    for name, filters in FILTERS.items():
        cpu_ms, walls = await _search(index, random.Random(1).sample(questions, min(ASKED, len(questions))), filters)
        wall = " / ".join(f"{value:.2f}" for value in np.percentile(walls, [50, 95, 99]))
        shared = f"{disk:.0f} | {built:.1f} ({_analysis_s(texts, count):.1f})" if name == "none" else "|"
        lines.append(f"| {name} | {cpu_ms:.2f} | {wall} | {shared} |")
    await index.close()
    return "\n".join(lines) + "\n"


async def _build(index: KeywordIndex, texts: list[str], count: int) -> None:
    choose = random.Random(0)
    words = [text.split() for text in texts]
    for start in range(0, count, BATCH):
        await index.apply([_change(row, _window(words, choose)) for row in range(start, min(start + BATCH, count))])


def _window(texts: list[list[str]], choose: random.Random) -> str:
    text = choose.choice(texts)
    start = choose.randrange(max(1, len(text) - WORDS))
    return " ".join(text[start : start + WORDS])


def _change(row: int, words: str) -> Change:
    document = f"folder {folder_of(row)}/document {row // 10}.md"
    attributes = Attributes("default", f"source {source_of(row)}", document, frozenset({BlockType.PARAGRAPH}), "en", None, {})
    passage = UUID(int=row)
    return Change(row + 1, "default", "default", passage, IndexEntry(passage, passage, words, np.empty(0, dtype=np.float32), attributes))


async def _search(index: KeywordIndex, questions: list[str], filters: Filters) -> tuple[float, list[float]]:
    walls: list[float] = []
    cpu = time.process_time()
    for question in questions:
        started = time.perf_counter()
        await index.search(question, access=local_access(), filters=filters, limit=100)
        walls.append((time.perf_counter() - started) * 1e3)
    return (time.process_time() - cpu) / len(questions) * 1e3, walls


def _analysis_s(texts: list[str], count: int) -> float:
    """CPU seconds that `words.analyse` alone takes for so many passages, from a sample."""
    choose, words = random.Random(0), [text.split() for text in texts]
    sample = [_window(words, choose) for _ in range(2_000)]
    started = time.process_time()
    for text in sample:
        analyse(text, "en")
    return (time.process_time() - started) * count / len(sample)

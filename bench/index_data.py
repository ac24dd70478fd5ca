"""Vectors with the structure of real ones, at any number, and what is truly nearest to each query.

Real MiniLM vectors (texts and queries of the sets below `EVAL_DATA`) are the base. More are made by moving from a random real vector along
its neighbourhood: a Gaussian mix of the differences to its 16 nearest real neighbours, which is noise in the local PCA basis with the local
spread. The step is scaled so that a made set of the real set's size has the real set's median similarity to the nearest neighbour
(0.7–0.8 here; uniform noise in 384 dimensions has 0.2). Queries are the real ones and are no part of the base.
"""

import asyncio
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from semantic_memory.core.settings import Settings

NEIGHBOURS = 16
SETS = ("cosqa-dev", "cranfield", "musique-train100", "hotpotqa-train100", "squad2-a")
CHARACTERS = 700
"""Texts are cut here, and those of many tokens to what MiniLM reads: 254."""
PASSAGES_PER_DOCUMENT = 10
TOP = 10


@dataclass(frozen=True, slots=True)
class Real:
    """`texts` belong to `passages`, `questions` to `queries`."""

    passages: np.ndarray
    queries: np.ndarray
    texts: list[str]
    questions: list[str]


def load_real(folder: Path, cache: Path) -> Real:
    """Embeds the sets once (some 4 CPU minutes) and keeps the vectors in `cache`."""
    texts = [row["text"][:CHARACTERS] for name in SETS for row in _rows(folder / name / "corpus.jsonl") if row["text"]]
    questions = [row["text"] for name in SETS for row in _rows(folder / name / "queries.jsonl")]
    file = cache / "real.npz"
    if not file.is_file():
        passages, queries = asyncio.run(_embed(texts, questions))
        np.savez(file, passages=passages, queries=queries)
    with np.load(file) as stored:
        return Real(stored["passages"], stored["queries"], texts, questions)


def make_vectors(real: np.ndarray, count: int, file: Path) -> None:
    """Writes `count` made vectors to a .npy file; the same count gives the same file."""
    random = np.random.default_rng(count)
    neighbours = _neighbours(real)
    step = _step(real, neighbours)
    made = np.lib.format.open_memmap(file, mode="w+", dtype=np.float32, shape=(count, real.shape[1]))
    for start in range(0, count, 20_000):
        size = min(20_000, count - start)
        made[start : start + size] = _moved(real, neighbours, random.integers(0, len(real), size), step, random)
    made.flush()


def nearest_similarity(vectors: np.ndarray) -> float:
    """Median over the vectors of the cosine to the nearest other one."""
    best = np.empty(len(vectors), dtype=np.float32)
    for start in range(0, len(vectors), 1_000):
        products = vectors[start : start + 1_000] @ vectors.T
        products[np.arange(len(products)), np.arange(start, start + len(products))] = -1
        best[start : start + 1_000] = products.max(axis=1)
    return float(np.median(best))


def folder_of(row: int) -> int:
    """Documents lie in 100 folders: a path prefix keeps 1 % of the rows."""
    return row // PASSAGES_PER_DOCUMENT % 100


def source_of(row: int) -> int:
    """Documents come from 10 sources: one keeps 10 % of the rows, and says nothing about the folder."""
    return row // PASSAGES_PER_DOCUMENT * 7919 // 100 % 10


def masks(count: int) -> dict[str, np.ndarray]:
    rows = np.arange(count)
    return {"none": np.ones(count, dtype=bool), "10 %": source_of(rows) == 3, "1 %": folder_of(rows) == 37}


def truth(vectors: np.ndarray, queries: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Rows of the 10 nearest allowed vectors of each query, in one pass over the vectors."""
    scores = np.full((len(queries), 0), 0, dtype=np.float32)
    rows = np.zeros((len(queries), 0), dtype=np.int64)
    for start in range(0, len(vectors), 50_000):
        chosen = np.flatnonzero(mask[start : start + 50_000])
        scores = np.concatenate((scores, queries @ vectors[start + chosen].T), axis=1)
        rows = np.concatenate((rows, np.broadcast_to(start + chosen, (len(queries), len(chosen)))), axis=1)
        best = np.argpartition(-scores, TOP - 1, axis=1)[:, :TOP]
        scores, rows = np.take_along_axis(scores, best, axis=1), np.take_along_axis(rows, best, axis=1)
    return rows


def _rows(file: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


async def _embed(texts: list[str], questions: list[str]) -> tuple[np.ndarray, np.ndarray]:
    from semantic_memory.ai.embed import minilm

    embedder = minilm.build(Settings(embed_threads=1))
    spans = embedder.tokenizer.spans(texts)
    last = embedder.model.max_tokens
    passages = await embedder.embed([text[: places[:last][-1][1]] if places else text for text, places in zip(texts, spans, strict=True)])
    queries = np.stack([await embedder.embed_query(question) for question in questions])
    await embedder.close()
    return passages, queries


def _neighbours(real: np.ndarray) -> np.ndarray:
    found = np.empty((len(real), NEIGHBOURS), dtype=np.int64)
    for start in range(0, len(real), 1_000):
        products = real[start : start + 1_000] @ real.T
        found[start : start + 1_000] = np.argpartition(-products, NEIGHBOURS, axis=1)[:, :NEIGHBOURS]
    return found


def _step(real: np.ndarray, neighbours: np.ndarray) -> float:
    """The scale at which made vectors are as near to one another as the real ones are."""
    wanted, low, high = nearest_similarity(real), 0.1, 4.0
    for _ in range(7):
        step = (low + high) / 2
        made = _moved(real, neighbours, np.arange(len(real)), step, np.random.default_rng(0))
        low, high = (step, high) if nearest_similarity(made) > wanted else (low, step)
    return (low + high) / 2


def _moved(real: np.ndarray, neighbours: np.ndarray, start: np.ndarray, step: float, random: np.random.Generator) -> np.ndarray:
    mix = random.standard_normal((len(start), NEIGHBOURS), dtype=np.float32) * (step / np.sqrt(NEIGHBOURS))
    moved = real[start] * (1 - mix.sum(axis=1, keepdims=True))
    for place in range(NEIGHBOURS):
        moved += mix[:, place : place + 1] * real[neighbours[start, place]]
    return moved / np.linalg.norm(moved, axis=1, keepdims=True)

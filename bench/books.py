"""Ingests a folder of structured books: each stage by itself in CPU seconds, then the whole product end to end.

Usage: python bench/books.py FOLDER [--embedder minilm]

Make the folder with `python scripts/make_books.py --blocks 16667 --out FOLDER`. CPU seconds count this process and its children; "wall" of
the whole run is what a user waits. Model time is the embedding stage: everything else is ours.
"""

import argparse
import asyncio
import resource
import tempfile
import time
from collections.abc import Awaitable
from pathlib import Path
from typing import TypeVar

from semantic_memory.core.access import local_access
from semantic_memory.core.folder import Summary
from semantic_memory.core.identity import document_id, identify
from semantic_memory.core.memory import Memory
from semantic_memory.core.model import ContentBlock, Extraction, Passage
from semantic_memory.core.settings import Settings
from semantic_memory.wiring import adapter, open_memory

T = TypeVar("T")


def cpu_s() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in used)


async def timed(name: str, work: Awaitable[T]) -> T:
    wall, cpu = time.perf_counter(), cpu_s()
    result = await work
    print(f"| {name} | {time.perf_counter() - wall:.1f} | {cpu_s() - cpu:.1f} |")
    return result


async def extracted(files: list[Path], settings: Settings) -> list[Extraction]:
    extractor = adapter("etl", "pool")(settings)
    try:
        return [await extractor.extract(file, name=file.name) for file in files]
    finally:
        await extractor.close()  # children are counted once they have ended


async def stages(files: list[Path], settings: Settings) -> None:
    embedder = adapter("ai.embed", settings.embedder_name)(settings)
    builder = adapter("etl", "structure")(settings)
    extractions = await timed("extract (child processes)", extracted(files, settings))
    ids = [document_id("default", "default", "files", file.as_posix()) for file in files]
    blocks: list[list[ContentBlock]] = [identify(own, found.blocks) for own, found in zip(ids, extractions, strict=True)]
    await embedder.embed(["the first call loads the model"])
    built = [asyncio.to_thread(builder.build, one, embedder.tokenizer, embedder.model.max_tokens) for one in blocks]
    passages: list[list[Passage]] = [await timed(f"structure {file.name}", one) for file, one in zip(files, built, strict=True)]
    texts = [passage.embedded_text for book in passages for passage in book]
    tokens = sum(passage.token_count for book in passages for passage in book)
    await timed(f"embed {len(texts)} passages, {tokens} tokens (model time)", embedder.embed(texts))
    await embedder.close()


async def whole(folder: Path, settings: Settings) -> tuple[Summary, float]:
    """The product end to end; the seconds are those of the ingest alone."""
    async with open_memory(settings) as memory:
        started = time.perf_counter()
        summary = await timed("whole ingest", memory.ingest(folder))
        seconds = time.perf_counter() - started
        report = await memory.fsck()
        print(f"\nfsck: {'clean' if report.is_clean else report.findings}")
        covered = {str(part.block_id) for passage in await _all_passages(memory) for part in passage.parts}
        blocks = [block for document in await memory.documents() for block in await memory.blocks(document.id)]
        missing = [block for block in blocks if str(block.id) not in covered]
        print(f"blocks in no passage: {len(missing)} of {len(blocks)}")
        return summary, seconds


async def _all_passages(memory: Memory) -> list[Passage]:
    documents = memory._parts.catalogue.documents  # the bench looks behind the façade on purpose
    return [passage for document in await memory.documents() for passage in await documents.passages_of(document.id, access=local_access())]


async def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("folder", type=Path)
    arguments.add_argument("--embedder", default="minilm")
    arguments.add_argument("--skip-stages", action="store_true", help="only the whole ingest")
    chosen = arguments.parse_args()
    files = sorted(chosen.folder.glob("*.json"))
    with tempfile.TemporaryDirectory() as scratch:
        settings = Settings(data_dir=Path(scratch), embedder=chosen.embedder)
        print("| stage | wall s | CPU s |\n|---|---|---|")
        if not chosen.skip_stages:
            await stages(files, settings)
        summary, seconds = await whole(chosen.folder, settings)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    for what, count in (("blocks", summary.blocks), ("passages", summary.passages)):
        print(f"{count} {what}: {count / seconds:.0f} a second")
    print(f"peak memory {peak:.0f} MB")


if __name__ == "__main__":
    asyncio.run(main())

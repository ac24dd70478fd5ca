"""Content under a name, and what a real worker makes of it."""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from semantic_memory.core.errors import SemanticMemoryError
from semantic_memory.core.model import Extraction
from semantic_memory.etl.extract.format import ReadOptions
from semantic_memory.etl.pool import WorkerPool
from semantic_memory.etl.protocol import Limits

LIMITS = Limits(timeout_s=20, memory_mb=1024, max_blocks=20_000)
OPTIONS = ReadOptions(pdf_tier="fast", ocr_engine="off")
"""What is under test are the readers of files; the OCR engines see only pixels, and cost a second each time."""

Outcome = Extraction | SemanticMemoryError
Fuzz = Callable[[str, bytes], Outcome]


@pytest.fixture(scope="module")
def fuzz(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fuzz]:
    """What a worker makes of content under a name."""
    folder = tmp_path_factory.mktemp("fuzz")
    pool = WorkerPool(1, LIMITS, reading=OPTIONS)

    def run(name: str, content: bytes) -> Outcome:
        file = folder / name
        file.write_bytes(content)
        return runner.run(_outcome(pool, file))

    with asyncio.Runner() as runner:
        yield run
        runner.run(pool.close())


async def _outcome(pool: WorkerPool, file: Path) -> Outcome:
    try:
        return await pool.extract(file, name=file.name)
    except SemanticMemoryError as error:
        return error

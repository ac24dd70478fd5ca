"""Files in, extractions out: in this process for what a format says, through a pool for what a worker survives."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from semantic_memory.core.model import Extraction
from semantic_memory.etl.extract.format import ReadOptions
from semantic_memory.etl.formats import Formats
from semantic_memory.etl.pool import WorkerPool
from semantic_memory.etl.protocol import Limits
from semantic_memory.etl.worker import Reader

Write = Callable[[str, str | bytes], Path]
Read = Callable[[str, str | bytes], Extraction]


@pytest.fixture(scope="session")
def formats() -> Formats:
    return Formats()


@pytest.fixture
def read(write: Write, formats: Formats) -> Read:
    """Extracts content under a name, without a worker process."""
    return lambda name, content: Reader(formats, Limits(), ReadOptions()).extract(write(name, content), name)


@pytest.fixture
async def pool() -> AsyncIterator[WorkerPool]:
    """One real worker with the built-in formats."""
    pool = WorkerPool(1, Limits(timeout_s=30, memory_mb=1024))
    yield pool
    await pool.close()

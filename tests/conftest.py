"""Fixtures shared by every test: settings that touch nothing but a temporary folder, and a memory on offline adapters."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from semantic_memory.core.memory import Memory
from semantic_memory.core.settings import Settings
from semantic_memory.wiring import open_memory

SERVERS = ("chroma", "milvus", "postgres", "pgvector", "pinecone", "qdrant", "s3", "valkey", "weaviate")
pytest_plugins = [f"tests.servers.{name}" for name in SERVERS]
"""Servers that tests start when they ask for them."""


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting of the machine leaks into a test."""
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """The default product with the small embedder that needs no model file."""
    return Settings(data_dir=tmp_path / "data", embedder="hashing", extract_workers=1)


@pytest.fixture
async def memory(settings: Settings) -> AsyncIterator[Memory]:
    async with open_memory(settings) as opened:
        yield opened


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Writes a file below a folder of its own and returns its path."""

    def write_file(name: str, content: str | bytes) -> Path:
        file = tmp_path / "files" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content.encode() if isinstance(content, str) else content)
        return file

    return write_file

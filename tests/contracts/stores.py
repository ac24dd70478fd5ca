"""Every vector and keyword store, opened for a contract test in a namespace of the test's own."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from semantic_memory.core.settings import Settings
from semantic_memory.wiring import adapter

VECTOR_SERVERS = ["chroma", "milvus", "pgvector", "pinecone", "qdrant", "weaviate"]
KEYWORD_SERVERS = ["milvus", "postgres", "qdrant", "weaviate"]

NOT_OFFERED: dict[tuple[str, str], str] = {}
"""Store and test (its name up to a bracket) → why the engine, or the double that stands for it, cannot do this."""


def servers(names: list[str]) -> list[Any]:
    """As parameters, marked `stores`."""
    return [pytest.param(name, marks=pytest.mark.stores) for name in names]


def opener(request: pytest.FixtureRequest, family: str, name: str) -> Callable[[], Any]:
    """Opens the store again and again on the same data. The fixture `<name>_settings` starts its server and gives a new namespace."""
    test = request.node.originalname
    if (name, test) in NOT_OFFERED:
        pytest.skip(f"not offered: {NOT_OFFERED[name, test]}")
    settings: Settings = request.getfixturevalue(f"{name}_settings")
    return lambda: adapter(family, name)(settings)


def local(folder: Path) -> Settings:
    return Settings(data_dir=folder)

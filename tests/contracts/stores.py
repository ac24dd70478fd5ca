"""Every vector and keyword store, opened for a contract test in a namespace of the test's own."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from semantic_memory.core.settings import Settings
from semantic_memory.wiring import adapter

VECTOR_SERVERS = [
    "chroma",
    "chroma_files",
    "milvus",
    "milvus_live",
    "pgvector",
    "pinecone",
    "pinecone_live",
    "qdrant",
    "qdrant_server",
    "qdrant_live",
    "weaviate",
    "weaviate_live",
]
KEYWORD_SERVERS = ["milvus", "milvus_live", "postgres", "qdrant", "qdrant_server", "qdrant_live", "weaviate", "weaviate_live"]

NOT_OFFERED: dict[tuple[str, str], str] = {
    ("milvus_live", "test_searches_beside_writes_see_whole_batches"): "a server makes the rows of a request searchable side by side",
    ("pinecone_live", "test_searches_beside_writes_see_whole_batches"): "the service makes the rows of a request searchable side by side",
    ("weaviate_live", "test_searches_beside_writes_see_whole_batches"): "a server stores the objects of a request side by side",
    ("qdrant", "test_of_ten_thousand_passages_the_nearest_are_found"): "local mode compares all rows, but takes minutes to write so many",
    ("qdrant_live", "test_searches_beside_writes_see_whole_batches"): "a server applies the points of a request one after the other",
}
"""Store and test (its name up to a bracket) → why the engine, or the double that stands for it, cannot do this."""


def servers(names: list[str]) -> list[Any]:
    """As parameters, marked `stores`, or `live` where a vendor's server must be named."""
    return [pytest.param(name, marks=pytest.mark.live if name.endswith("_live") else pytest.mark.stores) for name in names]


def opener(request: pytest.FixtureRequest, family: str, name: str) -> Callable[[], Any]:
    """Opens the store again and again on the same data. The fixture `<name>_settings` starts its server and gives a new namespace."""
    test = request.node.originalname
    if (name, test) in NOT_OFFERED:
        pytest.skip(f"not offered: {NOT_OFFERED[name, test]}")
    settings: Settings = request.getfixturevalue(f"{name}_settings")
    adapter_name = settings.vector_store if family == "store.vectors" else settings.keyword_store
    return lambda: adapter(family, adapter_name)(settings)


def local(folder: Path) -> Settings:
    return Settings(data_dir=folder)

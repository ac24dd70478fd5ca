"""Vectors in a Weaviate server (`WEAVIATE_URL`, `WEAVIATE_GRPC_PORT`, `WEAVIATE_API_KEY`), 1.31 or newer."""

from semantic_memory.core.ports import VectorIndex
from semantic_memory.core.settings import Settings
from semantic_memory.store.remote.index import RemoteVectors


def build(settings: Settings) -> VectorIndex:
    """Connects when first used; the client's import takes seconds, so it is not left to the first search and its time limit."""
    from semantic_memory.store.remote.weaviate.link import Link
    from semantic_memory.store.remote.weaviate.vectors import WeaviateVectors

    return RemoteVectors(WeaviateVectors(Link(settings), f"{settings.store_namespace}_vectors"), timeout_s=settings.store_timeout_s)

"""Words in a Weaviate server (`WEAVIATE_URL`, `WEAVIATE_GRPC_PORT`, `WEAVIATE_API_KEY`), 1.31 or newer."""

from semantic_memory.core.ports import KeywordIndex
from semantic_memory.core.settings import Settings
from semantic_memory.store.remote.index import RemoteKeywords


def build(settings: Settings) -> KeywordIndex:
    """Connects when first used; the client's import takes seconds, so it is not left to the first search and its time limit."""
    from semantic_memory.store.remote.weaviate.keywords import WeaviateKeywords
    from semantic_memory.store.remote.weaviate.link import Link

    return RemoteKeywords(WeaviateKeywords(Link(settings), f"{settings.store_namespace}_keywords"), timeout_s=settings.store_timeout_s)

"""The search use case when lanes fail, lag or are re-ordered; the happy path is in test_memory.py."""

from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path

import pytest

from semantic_memory.core.access import Access, local_access
from semantic_memory.core.errors import BackendUnavailableError
from semantic_memory.core.filters import Filters
from semantic_memory.core.indexing import Indexer
from semantic_memory.core.model import Match, SearchResult, Vector
from semantic_memory.core.ports import Catalogue, Embedder, KeywordIndex, Reranker, VectorIndex
from semantic_memory.core.search import Search
from semantic_memory.core.settings import Settings
from semantic_memory.store.keywords.memory import MemoryKeywordIndex
from semantic_memory.store.vectors.memory import MemoryVectorIndex
from semantic_memory.wiring import adapter, open_memory


class VectorsDown(MemoryVectorIndex):
    async def search(self, vector: Vector, *, access: Access, filters: Filters, limit: int) -> list[Match]:
        raise BackendUnavailableError(f"{len(vector)} dimensions, {limit} wanted: nobody answers {access.principal} {filters}")


class KeywordsDown(MemoryKeywordIndex):
    async def search(self, query: str, *, access: Access, filters: Filters, limit: int) -> list[Match]:
        raise BackendUnavailableError(f"{query!r}, {limit} wanted: nobody answers {access.principal} {filters}")


class Backwards:
    """A reranker that likes the last best."""

    async def rerank(self, query: str, passages: Sequence[str]) -> list[float]:
        assert query
        return [position / len(passages) for position in range(len(passages))]


class RerankerDown:
    async def rerank(self, query: str, passages: Sequence[str]) -> list[float]:
        raise BackendUnavailableError(f"{query!r} over {len(passages)} passages")


@pytest.fixture
async def catalogue(settings: Settings, write: Callable[..., Path]) -> AsyncIterator[Catalogue]:
    async with open_memory(settings) as memory:
        for place in ("cellar", "attic", "garage"):
            await memory.ingest(write(f"{place}.md", f"# {place}\n\nThe blue key opens the {place}.\n"))
    catalogue: Catalogue = adapter("store.catalogue", "sql")(settings)
    yield catalogue
    await catalogue.close()


async def _search(
    catalogue: Catalogue, vectors: VectorIndex, keywords: KeywordIndex, reranker: Reranker | None = None, *, caught_up: bool = True
) -> SearchResult:
    embedder: Embedder = adapter("ai.embed", "hashing")(Settings())
    indexer = Indexer(catalogue.changes, {"vectors": vectors, "keywords": keywords})
    if caught_up:
        await indexer.catch_up()
    search = Search(catalogue.documents, embedder, vectors, keywords, indexer, reranker)
    return await search("blue key cellar", filters=Filters(), top_k=3, explain=False, access=local_access())


async def test_words_alone_answer_while_the_vector_index_is_down(catalogue: Catalogue) -> None:
    result = await _search(catalogue, VectorsDown(), MemoryKeywordIndex())

    assert result.hits[0].document.path.endswith("cellar.md")
    assert result.degraded == ("dense lane down",)


async def test_meaning_alone_answers_while_the_keyword_index_is_down(catalogue: Catalogue) -> None:
    result = await _search(catalogue, MemoryVectorIndex(), KeywordsDown())

    assert result.hits[0].document.path.endswith("cellar.md")
    assert result.degraded == ("lexical lane down",)


async def test_with_both_lanes_down_the_search_fails(catalogue: Catalogue) -> None:
    with pytest.raises(BackendUnavailableError):
        await _search(catalogue, VectorsDown(), KeywordsDown())


async def test_a_reranker_decides_the_order(catalogue: Catalogue) -> None:
    plain = await _search(catalogue, MemoryVectorIndex(), MemoryKeywordIndex())
    turned = await _search(catalogue, MemoryVectorIndex(), MemoryKeywordIndex(), Backwards())

    assert [hit.passage.id for hit in turned.hits] == [hit.passage.id for hit in reversed(plain.hits)]


async def test_a_failing_reranker_leaves_the_fused_order_and_is_named(catalogue: Catalogue) -> None:
    plain = await _search(catalogue, MemoryVectorIndex(), MemoryKeywordIndex())
    result = await _search(catalogue, MemoryVectorIndex(), MemoryKeywordIndex(), RerankerDown())

    assert [hit.passage.id for hit in result.hits] == [hit.passage.id for hit in plain.hits]
    assert result.degraded == ("reranker down",)


async def test_an_index_that_knows_nothing_yet_finds_nothing(catalogue: Catalogue) -> None:
    result = await _search(catalogue, MemoryVectorIndex(), MemoryKeywordIndex(), caught_up=False)

    assert result.hits == []

"""Query → both lanes → fusion → rerank → hits read from the catalogue."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol
from uuid import UUID

import structlog

from semantic_memory.core.access import Access
from semantic_memory.core.errors import BackendError, BackendUnavailableError, InvalidInputError
from semantic_memory.core.filters import Filters, described
from semantic_memory.core.fusion import Fused, exact_queries, fuse
from semantic_memory.core.indexing import Indexer
from semantic_memory.core.model import Document, Hit, Json, JsonValue, Match, Passage, SearchResult, Vector
from semantic_memory.core.ports import DocumentStore, Embedder, KeywordIndex, Reranker, VectorIndex

log = structlog.get_logger()

MAX_QUERY_CHARACTERS = 10_000
MAX_TOP_K = 200

CANDIDATES = 100
"""Matches asked of each lane; docs/decisions/0004-hybrid-fusion.md has what other depths gain."""

LAG_TOLERATED = 1_000
"""Changes an index may lack before a search says so: what a busy ingest leaves open for a moment."""


@dataclass(frozen=True, slots=True)
class _Request:
    query: str
    filters: Filters
    access: Access
    limit: int


class Searching(Protocol):
    """`Search`, or what stands before it."""

    async def __call__(self, query: str, *, filters: Filters, top_k: int, explain: bool, access: Access) -> SearchResult: ...


class Search:
    """The search use case."""

    def __init__(
        self,
        documents: DocumentStore,
        embedder: Embedder,
        vectors: VectorIndex,
        keywords: KeywordIndex,
        indexer: Indexer,
        reranker: Reranker | None = None,
    ) -> None:
        self._documents = documents
        self._embedder = embedder
        self._vectors = vectors
        self._keywords = keywords
        self._indexer = indexer
        self._reranker = reranker
        self.unknown = 0
        """Matches that the catalogue does not hold for the caller: deleted a moment ago, or never the caller's."""

    async def __call__(self, query: str, *, filters: Filters, top_k: int, explain: bool, access: Access) -> SearchResult:
        """The best `top_k` passages. A lane that fails is left out and named in `degraded`.

        Raises: InvalidInputError for an empty or overlong query or a `top_k` out of range; BackendError when both lanes fail.
        """
        _check(query, top_k)
        request = _Request(query, filters, access, limit=max(CANDIDATES, 2 * top_k))
        dense, lexical, exact, lagging = await self._lanes(request)
        fusion = fuse(query, dense or (), lexical or (), exact)
        hits = await self._hits(fusion.ranked, top_k, access)
        hits, rerank_problem = await self._reranked(query, hits)
        problems = [name for name, lane in (("dense lane down", dense), ("lexical lane down", lexical)) if lane is None]
        return SearchResult(
            hits=hits,
            degraded=(*problems, *rerank_problem, *lagging),
            explanation=_explanation(request, dense, lexical, fusion.explanation) if explain else None,
        )

    async def _lanes(
        self, request: _Request
    ) -> tuple[Sequence[Match] | None, Sequence[Match] | None, Sequence[Sequence[Match]], Sequence[str]]:
        """Both lanes' matches, None for a lane that failed, then those of each identifier, then what lags.

        The dense lane also scores what only the lexical one found.
        """
        vector, lexical, exact, lagging = await asyncio.gather(
            self._vector(request.query), self._lexical(request, request.query), self._exact(request), self._lagging()
        )
        dense = None if vector is None else await self._dense(request, vector, lexical or ())
        if dense is None and lexical is None:
            raise BackendUnavailableError("neither the vector index nor the keyword index answers")
        return dense, lexical, exact, lagging

    async def _vector(self, query: str) -> "Vector | None":
        try:
            return await self._embedder.embed_query(query)
        except BackendError as error:
            log.warning("query not embedded", code=error.code, error=error.message)
            return None

    async def _exact(self, request: _Request) -> Sequence[Sequence[Match]]:
        found = [await self._lexical(request, identifier) for identifier in exact_queries(request.query)]
        return [matches or () for matches in found]

    async def _lexical(self, request: _Request, query: str) -> Sequence[Match] | None:
        try:
            return await self._keywords.search(query, access=request.access, filters=request.filters, limit=request.limit)
        except BackendError as error:
            log.warning("lexical lane failed", code=error.code, error=error.message)
            return None

    async def _dense(self, request: _Request, vector: Vector, lexical: Sequence[Match]) -> Sequence[Match] | None:
        try:
            matches = await self._vectors.search(vector, access=request.access, filters=request.filters, limit=request.limit)
            found = {match.passage_id for match in matches}
            others = [match.passage_id for match in lexical if match.passage_id not in found]
            scores = await self._vectors.scores(vector, others, access=request.access)
        except BackendError as error:
            log.warning("dense lane failed", code=error.code, error=error.message)
            return None
        completed = [*matches, *(Match(passage_id, score) for passage_id, score in scores.items())]
        return sorted(completed, key=lambda match: -match.score)

    async def _lagging(self) -> Sequence[str]:
        lag = await self._indexer.lag()
        return [f"{name} index is {missing} changes behind" for name, missing in lag.items() if missing > LAG_TOLERATED]

    async def _hits(self, ranked: Sequence[Fused], top_k: int, access: Access) -> list[Hit]:
        """The best candidates the catalogue still holds and lets the caller read."""
        hits: list[Hit] = []
        step = top_k + 10
        for start in range(0, len(ranked), step):
            candidates = ranked[start : start + step]
            stored = await self._documents.passages([candidate.passage_id for candidate in candidates], access=access)
            hits += [_hit(candidate, stored) for candidate in candidates if candidate.passage_id in stored]
            self.unknown += len(candidates) - len(stored)
            if len(hits) >= top_k:
                break
        return hits[:top_k]

    async def _reranked(self, query: str, hits: list[Hit]) -> tuple[list[Hit], Sequence[str]]:
        if self._reranker is None or not hits:
            return hits, ()
        try:
            scores = await self._reranker.rerank(query, [hit.passage.embedded_text for hit in hits])
        except BackendError as error:
            log.warning("not reranked", code=error.code, error=error.message)
            return hits, ("reranker down",)
        rescored = [replace(hit, score=score) for hit, score in zip(hits, scores, strict=True)]
        return sorted(rescored, key=lambda hit: -hit.score), ()


def _check(query: str, top_k: int) -> None:
    if not query.strip():
        raise InvalidInputError("the query is empty")
    if len(query) > MAX_QUERY_CHARACTERS:
        raise InvalidInputError(f"the query has {len(query)} characters; the limit is {MAX_QUERY_CHARACTERS}")
    if not 1 <= top_k <= MAX_TOP_K:
        raise InvalidInputError(f"top_k must be between 1 and {MAX_TOP_K}, not {top_k}")


def _hit(candidate: Fused, stored: Mapping[UUID, tuple[Passage, Document]]) -> Hit:
    passage, document = stored[candidate.passage_id]
    return Hit(passage=passage, document=document, score=candidate.score, lanes=candidate.lanes)


def _explanation(request: _Request, dense: Sequence[Match] | None, lexical: Sequence[Match] | None, fusion: Json) -> Json:
    lanes: dict[str, JsonValue] = {"dense": len(dense or ()), "lexical": len(lexical or ())}
    return {**fusion, "candidates": lanes, "filters": described(request.filters)}

"""BM25 in Qdrant: a row's words as a sparse vector, one number for each term, in one collection for every tenant.

Qdrant multiplies a query's terms by their rarity; since 1.19 it can count that among the points of a filter, here the tenant's. So
thousands of tenants share a collection and none weighs in another's scores. What depends on a passage's length is settled when it is
written, against a fixed length instead of a mean that would change with every write: Qdrant keeps no lengths. (Its BM25 over a text
index, new in 1.20, does, but local mode counts there for all tenants together.)
"""

from collections import Counter
from collections.abc import Sequence
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from semantic_memory.core.ports import KeywordIndex
from semantic_memory.core.settings import Settings
from semantic_memory.store.remote.index import RemoteKeywords
from semantic_memory.store.remote.qdrant.connection import connection
from semantic_memory.store.remote.qdrant.engine import QdrantEngine, found, payload, row_id
from semantic_memory.store.remote.qdrant.filters import ATTRIBUTES, COLLECTION, PASSAGE, TENANT, WORDS, of_tenant, within
from semantic_memory.store.remote.qdrant.layout import TERMS
from semantic_memory.store.remote.rows import Found, Row, Scope

if TYPE_CHECKING:
    from qdrant_client import AsyncQdrantClient, models

K1, B = 0.9, 0.4
"""Saturation and length normalisation, as in Lin et al., Anserini's defaults for BM25."""
LENGTH = 60
"""Terms of a middling passage: the mean of this project's documents, samples and core sources (1,408 passages) is 60."""
CHECKED = [TENANT, COLLECTION, PASSAGE, ATTRIBUTES, WORDS]
"""Fields that come back with a row."""


def build(settings: Settings) -> KeywordIndex:
    """Needs Qdrant 1.19 or newer; without `QDRANT_URL` the client's local mode, for one process.

    Raises: MissingExtraError.
    """
    engine = QdrantKeywords(connection(settings, "keywords"), f"{settings.store_namespace}_keywords")
    return RemoteKeywords(engine, timeout_s=settings.store_timeout_s)


class QdrantKeywords(QdrantEngine):
    is_sparse = True

    async def put(self, rows: Sequence[Row]) -> None:
        await self.upsert([(row_id(row.tenant, row.passage_id), _sparse(row.terms), payload(row) | {WORDS: row.words}) for row in rows])

    async def matching(self, terms: Sequence[str], scope: Scope, limit: int) -> Sequence[Found]:
        """The words' rarity is that among the tenant's rows, whatever is filtered by."""

        async def query(client: "AsyncQdrantClient") -> "list[models.ScoredPoint]":
            from qdrant_client import models

            wanted = sorted(set(map(number, terms)))
            answer = await client.query_points(
                self.collection,
                models.SparseVector(indices=wanted, values=[1.0] * len(wanted)),
                using=TERMS,
                query_filter=within(scope),
                search_params=models.SearchParams(idf=models.IdfCorpusParams(corpus=of_tenant(scope.tenant))),
                limit=limit,
                with_payload=CHECKED,
            )
            return answer.points

        return [found(point, point.score) for point in await self.read(query) or []]


def number(term: str) -> int:
    """32 bits are what an index of a sparse vector has: of 100,000 terms about one shares its number."""
    return int.from_bytes(blake2b(term.encode("utf-8", "surrogatepass"), digest_size=4).digest())


def _sparse(terms: Sequence[str]) -> dict[str, Any]:
    """The part of BM25 that a row settles alone; no vector for a row without words."""
    counts = Counter(map(number, terms))
    damped = K1 * (1 - B + B * len(terms) / LENGTH)
    values = [count * (K1 + 1) / (count + damped) for count in counts.values()]
    return {TERMS: {"indices": list(counts), "values": values}} if counts else {}

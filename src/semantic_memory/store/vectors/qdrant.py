"""Vectors in Qdrant: one collection, a named vector for each dimension, a graph for each tenant."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, cast
from uuid import UUID

import numpy as np

from semantic_memory.core.errors import EmbedderMismatchError
from semantic_memory.core.model import Vector
from semantic_memory.core.ports import VectorIndex
from semantic_memory.core.settings import Settings
from semantic_memory.store.remote.index import RemoteVectors
from semantic_memory.store.remote.qdrant.connection import connection
from semantic_memory.store.remote.qdrant.engine import QdrantEngine, found, payload, row_id
from semantic_memory.store.remote.qdrant.filters import ATTRIBUTES, COLLECTION, PASSAGE, TENANT, within
from semantic_memory.store.remote.qdrant.layout import vector_name
from semantic_memory.store.remote.rows import Found, Row, Scope

if TYPE_CHECKING:
    from qdrant_client import AsyncQdrantClient, models

SEARCH_BEAM = 128
"""Candidates kept while searching (`hnsw_ef`). Filters that cut a tenant's graph are searched by ACORN, which steps over what is filtered
out: https://qdrant.tech/articles/filtered-vector-search-acorn/."""
CHECKED = [TENANT, COLLECTION, PASSAGE, ATTRIBUTES]
"""Fields that come back with a row."""


def build(settings: Settings) -> VectorIndex:
    """Needs Qdrant 1.19 or newer; without `QDRANT_URL` the client's local mode, for one process.

    Raises: MissingExtraError.
    """
    engine = QdrantVectors(connection(settings, "vectors"), f"{settings.store_namespace}_vectors")
    return RemoteVectors(engine, timeout_s=settings.store_timeout_s)


class QdrantVectors(QdrantEngine):
    async def put(self, rows: Sequence[Row]) -> None:
        points = [(row_id(row.tenant, row.passage_id), {vector_name(len(row.vector)): row.vector.tolist()}, payload(row)) for row in rows]
        await self.upsert(points, *{len(row.vector) for row in rows})

    async def nearest(self, vector: Vector, scope: Scope, limit: int) -> Sequence[Found]:
        """Vectors have length 1, so their dot products are the cosines."""
        points = await self.read(lambda client: self._query(client, vector, scope, limit), dimension=len(vector)) or []
        if not points:
            await self._refuse_another_length(len(vector), scope)
        return [found(point, point.score) for point in points]

    async def vectors(self, ids: Sequence[UUID], scope: Scope) -> Mapping[UUID, tuple[Found, Vector]]:
        async def scroll(client: "AsyncQdrantClient") -> "list[models.Record]":
            from qdrant_client import models

            among = models.HasIdCondition(has_id=[row_id(scope.tenant, passage_id) for passage_id in ids])
            rows, _ = await client.scroll(self.collection, within(scope, among), len(ids), with_payload=CHECKED, with_vectors=True)
            return rows

        points = await self.read(scroll) or []
        rows = [(found(point, 0), _vector(point)) for point in points]
        return {row.passage_id: (row, vector) for row, vector in rows}

    async def _query(self, client: "AsyncQdrantClient", vector: Vector, scope: Scope, limit: int) -> "list[models.ScoredPoint]":
        from qdrant_client import models

        is_narrow = scope.is_narrowed or scope.collections is not None
        params = models.SearchParams(hnsw_ef=SEARCH_BEAM, acorn=models.AcornSearchParams(enable=is_narrow))
        answer = await client.query_points(
            self.collection,
            vector.tolist(),
            using=vector_name(len(vector)),
            query_filter=within(scope),
            search_params=None if self.connection.is_local else params,
            limit=limit,
            with_payload=CHECKED,
        )
        return answer.points

    async def _refuse_another_length(self, length: int, scope: Scope) -> None:
        """Raises: EmbedderMismatchError when a row of the collections asked has another one."""

        async def scroll(client: "AsyncQdrantClient") -> "list[models.Record]":
            from qdrant_client import models

            other = models.Filter(must_not=[models.HasVectorCondition(has_vector=vector_name(length))])
            place = Scope(scope.tenant, scope.collections)
            rows, _ = await client.scroll(self.collection, within(place, other), 1, with_payload=False, with_vectors=True)
            return rows

        for row in await self.read(scroll) or []:
            raise EmbedderMismatchError(f"the collection has {len(_vector(row))} dimensions, the query has {length}")


def _vector(point: "models.Record") -> Vector:
    """A row has one, under a name that says its length."""
    (vector,) = cast("dict[str, list[float]]", point.vector).values()
    return np.asarray(vector, dtype=np.float32)

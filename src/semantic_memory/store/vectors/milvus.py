"""Vectors in Milvus: one collection for each dimension, tenants as its partition key."""

import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from uuid import UUID

import numpy as np

from semantic_memory.core.errors import EmbedderMismatchError
from semantic_memory.core.model import Vector
from semantic_memory.core.ports import VectorIndex
from semantic_memory.core.settings import Settings
from semantic_memory.store.remote.index import RemoteVectors
from semantic_memory.store.remote.milvus import layout
from semantic_memory.store.remote.milvus.connection import Connection
from semantic_memory.store.remote.milvus.engine import MilvusEngine
from semantic_memory.store.remote.milvus.layout import CHECKED, Flavour
from semantic_memory.store.remote.rows import Found, Gone, Row, Scope

SEARCH_BEAM = 128
"""Candidates kept while searching the graph (`ef`), or as many as are asked for."""
LISTED_LIFE_S = 10
"""How long reads believe a list of the dimensions there are; a server may hold thousands of collections."""


def build(settings: Settings) -> VectorIndex:
    """Without `MILVUS_URI` Milvus Lite in `DATA_DIR`, for one process. Raises: MissingExtraError."""
    engine = MilvusVectors(Connection(settings), f"{settings.store_namespace}_vectors")
    return RemoteVectors(engine, timeout_s=settings.store_timeout_s)


class MilvusVectors(MilvusEngine):
    _dimensions: tuple[int, ...] = ()
    _listed_at = float("-inf")

    async def put(self, rows: Sequence[Row]) -> None:
        by_dimension: dict[int, list[Row]] = defaultdict(list)
        for row in rows:
            by_dimension[len(row.vector)].append(row)
        milvus = await self.milvus()
        for dimension, some in by_dimension.items():
            entities = [layout.entity(row) | {"vector": row.vector} for row in some]
            await self.write(self._name(dimension), layout.vectors(dimension, milvus.flavour), entities)
        for dimension in await self._listed():
            elsewhere = [layout.row_id(row.tenant, row.passage_id) for row in rows if len(row.vector) != dimension]
            await self.erase(self._name(dimension), elsewhere)

    async def remove(self, rows: Sequence[Gone]) -> None:
        for dimension in await self._listed():
            await self.erase(self._name(dimension), [layout.row_id(row.tenant, row.passage_id) for row in rows])

    async def ids(self, scope: Scope) -> set[UUID]:
        tenant, where = layout.digest(scope.tenant), layout.within(scope)
        names = [self._name(dimension) for dimension in await self._listed()]
        return {UUID(row_id[-32:]) for name in names for row_id in await self.row_ids(name, tenant, where)}

    async def nearest(self, vector: Vector, scope: Scope, limit: int) -> Sequence[Found]:
        milvus = await self.milvus()
        beam = {"params": {"ef": max(SEARCH_BEAM, limit)}} if milvus.flavour is Flavour.SERVER else {}
        params, where = {"metric_type": "COSINE"} | beam, layout.within(scope)
        hits = await milvus.search(self._name(len(vector)), "vector", vector, where, CHECKED, limit=limit, params=params)
        if not hits:
            await self._refuse_another_length(len(vector), scope)
        return [layout.found(hit["id"], hit["entity"], hit["distance"]) for hit in hits]

    async def vectors(self, ids: Sequence[UUID], scope: Scope) -> Mapping[UUID, tuple[Found, Vector]]:
        milvus = await self.milvus()
        wanted = layout.quoted(layout.row_id(scope.tenant, passage_id) for passage_id in ids)
        where = f"id in {wanted} and {layout.within(scope)}"
        known: dict[UUID, tuple[Found, Vector]] = {}
        for dimension in await self._recently_listed():
            for fields in await milvus.query(self._name(dimension), where, [*CHECKED, "vector"], limit=len(ids)):
                found = layout.found(fields["id"], fields, 0)
                known[found.passage_id] = found, np.asarray(fields["vector"], dtype=np.float32)
        return known

    def _name(self, dimension: int) -> str:
        return f"{self.prefix}_{dimension}"

    async def _refuse_another_length(self, dimension: int, scope: Scope) -> None:
        """Raises: EmbedderMismatchError when what the caller may read has other dimensions only."""
        milvus, where = await self.milvus(), layout.within(Scope(scope.tenant, scope.collections))
        for held in sorted(await self._recently_listed(), key=lambda held: held != dimension):
            if await milvus.query(self._name(held), where, ["id"], limit=1):
                if held != dimension:
                    raise EmbedderMismatchError(f"the collection has {held} dimensions, the query has {dimension}")
                return

    async def _recently_listed(self) -> tuple[int, ...]:
        is_recent = time.monotonic() < self._listed_at + LISTED_LIFE_S
        return self._dimensions if is_recent else await self._listed()

    async def _listed(self) -> tuple[int, ...]:
        suffixes = [name.removeprefix(f"{self.prefix}_") for name in await self.collections()]
        self._dimensions = tuple(int(suffix) for suffix in suffixes if suffix.isdigit())
        self._listed_at = time.monotonic()
        return self._dimensions

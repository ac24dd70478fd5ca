"""Words in Milvus: one collection for each tenant, because BM25 counts what a collection holds."""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from semantic_memory.core.ports import KeywordIndex
from semantic_memory.core.settings import Settings
from semantic_memory.store.remote.index import RemoteKeywords
from semantic_memory.store.remote.milvus import layout
from semantic_memory.store.remote.milvus.connection import Connection
from semantic_memory.store.remote.milvus.engine import MilvusEngine
from semantic_memory.store.remote.milvus.layout import CHECKED
from semantic_memory.store.remote.rows import Found, Gone, Row, Scope


def build(settings: Settings) -> KeywordIndex:
    """Without `MILVUS_URI` Milvus Lite in `DATA_DIR`, for one process. Raises: MissingExtraError."""
    engine = MilvusKeywords(Connection(settings), f"{settings.store_namespace}_keywords")
    return RemoteKeywords(engine, timeout_s=settings.store_timeout_s)


class MilvusKeywords(MilvusEngine):
    async def put(self, rows: Sequence[Row]) -> None:
        by_tenant: dict[str, list[Row]] = defaultdict(list)
        for row in rows:
            by_tenant[row.tenant].append(row)
        milvus = await self.milvus()
        for tenant, some in by_tenant.items():
            entities = await asyncio.to_thread(_analysed, some)
            await self.write(self._name(tenant), layout.keywords(milvus.flavour), entities)

    async def remove(self, rows: Sequence[Gone]) -> None:
        by_tenant: dict[str, list[str]] = defaultdict(list)
        for row in rows:
            by_tenant[row.tenant].append(layout.row_id(row.tenant, row.passage_id))
        for tenant, row_ids in by_tenant.items():
            await self.erase(self._name(tenant), row_ids)

    async def ids(self, scope: Scope) -> set[UUID]:
        tenant = layout.digest(scope.tenant)
        return {UUID(row_id[-32:]) for row_id in await self.row_ids(self._name(scope.tenant), tenant, layout.within(scope))}

    async def matching(self, terms: Sequence[str], scope: Scope, limit: int) -> Sequence[Found]:
        """Milvus Lite 3.2 gives scores the sign of distances, Milvus none."""
        milvus, where = await self.milvus(), layout.within(scope)
        hits = await milvus.search(
            self._name(scope.tenant), "bm25", layout.encoded(terms), where, [*CHECKED, "words"], limit=limit, params={"metric_type": "BM25"}
        )
        return [layout.found(hit["id"], hit["entity"], abs(hit["distance"])) for hit in hits]

    def _name(self, tenant: str) -> str:
        return f"{self.prefix}_{layout.digest(tenant)}"


def _analysed(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Taking texts apart is work for a thread."""
    return [layout.entity(row) | {"words": layout.pieces(row.words), "terms": layout.encoded(row.terms)} for row in rows]

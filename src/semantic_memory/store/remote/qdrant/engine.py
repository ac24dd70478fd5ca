"""What both lanes do alike: keep the state, remove rows, list their ids, forget everything.

A cluster's replicas follow its own configuration: with several, let `write_consistency_factor` be their number, so that every one has
the rows when a write returns.
"""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import NAMESPACE_OID, UUID, uuid5

from semantic_memory.core.errors import BackendTimeoutError
from semantic_memory.store.remote.qdrant.connection import Connection
from semantic_memory.store.remote.qdrant.errors import driver_errors, is_refusal, translated
from semantic_memory.store.remote.qdrant.filters import ATTRIBUTES, COLLECTION, FACTS, MODIFIED, PASSAGE, TENANT, WORDS, within
from semantic_memory.store.remote.qdrant.layout import has_rows, make
from semantic_memory.store.remote.rows import Found, Gone, Row, Scope

if TYPE_CHECKING:
    from qdrant_client import AsyncQdrantClient, models

T = TypeVar("T")

STATE_ID = str(uuid5(NAMESPACE_OID, "semantic-memory: state"))
"""A point without a tenant, which no search finds; it travels with the collection's snapshots."""
STATE = "state"
PAGE = 5_000
"""Ids listed by one request: half a megabyte of JSON."""


class QdrantEngine:
    """One collection; `is_sparse` when its vectors are made of words."""

    name = "Qdrant"
    batch = 64
    """Rows of one request, whose JSON is made on the event loop: 5 ms with 384 dimensions, 18 with 1,536."""
    is_sparse = False

    def __init__(self, connection: Connection, collection: str) -> None:
        self.connection = connection
        self.collection = collection
        self._making = asyncio.Lock()
        self._dimensions: frozenset[int] | None = None

    def errors(self) -> AbstractContextManager[None]:
        return translated()

    async def state(self) -> str | None:
        kept = await self.read(lambda client: client.retrieve(self.collection, [STATE_ID]))
        return str((kept[0].payload or {})[STATE]) if kept else None

    async def keep_state(self, state: str) -> None:
        await self.upsert([(STATE_ID, {}, {STATE: state})])

    async def remove(self, rows: Sequence[Gone]) -> None:
        ids: list[models.ExtendedPointId] = [row_id(row.tenant, row.passage_id) for row in rows]

        async def delete(client: "AsyncQdrantClient") -> None:
            from qdrant_client import models

            selected = models.PointIdsList(points=ids)
            refuse_unseen(await client.delete(self.collection, selected, wait=True, ordering=models.WriteOrdering.MEDIUM))

        await self.read(delete)

    async def ids(self, scope: Scope) -> set[UUID]:
        async def scroll(client: "AsyncQdrantClient") -> set[UUID]:
            listed: set[UUID] = set()
            after: Any = None
            while True:
                page, after = await client.scroll(self.collection, within(scope), PAGE, offset=after, with_payload=[PASSAGE])
                listed.update(UUID(str((row.payload or {})[PASSAGE])) for row in page)
                if after is None:
                    return listed

        return await self.read(scroll) or set()

    async def clear(self) -> None:
        self._dimensions = None
        await self.connection.ask(lambda client: client.delete_collection(self.collection))

    async def close(self) -> None:
        await self.connection.close()

    async def read(self, question: "Callable[[AsyncQdrantClient], Coroutine[Any, Any, T]]", *, dimension: int | None = None) -> T | None:
        """The answer; None when there are no rows, or none of this length."""
        try:
            return await self.connection.ask(question)
        except driver_errors() as error:
            if not is_refusal(error):
                raise
        if await self.connection.ask(lambda client: has_rows(client, self.collection, dimension)):
            return await self.connection.ask(question)  # they came meanwhile, or it is refused for a reason of its own
        return None

    async def upsert(self, points: "Sequence[tuple[str, models.VectorStruct, dict[str, Any]]]", *dimensions: int) -> None:
        """Id, vectors and payload of each point; they are searched for when this returns."""

        async def put(client: "AsyncQdrantClient") -> None:
            from qdrant_client import models

            rows = [models.PointStruct(id=key, vector=vector, payload=payload) for key, vector, payload in points]
            refuse_unseen(await client.upsert(self.collection, rows, wait=True, ordering=models.WriteOrdering.MEDIUM))

        await self._make(frozenset(dimensions))
        try:
            await self.connection.ask(put)
        except driver_errors() as error:
            if not is_refusal(error):
                raise
            self._dimensions = None  # somebody dropped the collection
            await self._make(frozenset(dimensions))
            await self.connection.ask(put)

    async def _make(self, dimensions: frozenset[int]) -> None:
        async with self._making:
            if self._dimensions is None or not dimensions <= self._dimensions:
                indexed = not self.connection.is_local  # local mode has none
                self._dimensions = await self.connection.ask(
                    lambda client: make(client, self.collection, dimensions, sparse=self.is_sparse, indexed=indexed)
                )


def refuse_unseen(done: "models.UpdateResult") -> None:
    """Raises: BackendTimeoutError for a write that is kept, but not applied within the server's patience."""
    if done.status != "completed":
        raise BackendTimeoutError("Qdrant keeps a write but does not show it yet")


def row_id(tenant: str, passage_id: UUID) -> str:
    """Two tenants may hold one passage id: their rows never meet."""
    return str(uuid5(passage_id, tenant))


def payload(row: Row) -> dict[str, Any]:
    fields = {
        TENANT: row.tenant,
        COLLECTION: row.collection,
        PASSAGE: str(row.passage_id),
        FACTS: list(row.facts),
        ATTRIBUTES: row.attributes,
    }
    return fields if row.modified is None else fields | {MODIFIED: row.modified}


def found(point: "models.ScoredPoint | models.Record", score: float) -> Found:
    """A row whose id was not made from its tenant and passage belongs to nobody."""
    fields = point.payload or {}
    tenant, passage_id = str(fields[TENANT]), UUID(str(fields[PASSAGE]))
    return Found(
        tenant=tenant if point.id == row_id(tenant, passage_id) else "",
        collection=str(fields[COLLECTION]),
        passage_id=passage_id,
        attributes=str(fields[ATTRIBUTES]),
        score=score,
        words=str(fields.get(WORDS, "")),
    )

"""The change log: what every index replays."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Row, and_, select

from semantic_memory.core.access import Access
from semantic_memory.core.errors import CorruptDataError
from semantic_memory.core.model import Change, Document, IndexEntry
from semantic_memory.store.catalogue.database import Database
from semantic_memory.store.catalogue.queries import chunks
from semantic_memory.store.catalogue.replace import head, log
from semantic_memory.store.catalogue.rows import DOCUMENT, PASSAGE, document_of, index_entry, passage_of, scope
from semantic_memory.store.catalogue.tables import CHANGES, COLLECTIONS, DOCUMENTS, EMBEDDINGS, PASSAGES

LOGGED = (CHANGES.c.sequence, CHANGES.c.tenant, CHANGES.c.collection, CHANGES.c.passage_id, EMBEDDINGS.c.vector)
COLLECTION_OF_CHANGE = and_(COLLECTIONS.c.tenant == CHANGES.c.tenant, COLLECTIONS.c.name == CHANGES.c.collection)
VECTOR_OF_PASSAGE = and_(EMBEDDINGS.c.passage_id == PASSAGES.c.id, EMBEDDINGS.c.model == COLLECTIONS.c.model)
NEWEST = (
    select(*LOGGED, *PASSAGE)
    .select_from(CHANGES)
    .outerjoin(PASSAGES, PASSAGES.c.id == CHANGES.c.passage_id)
    .outerjoin(COLLECTIONS, COLLECTION_OF_CHANGE)
    .outerjoin(EMBEDDINGS, VECTOR_OF_PASSAGE)
    .order_by(CHANGES.c.sequence)
)
"""Change, vector, passage; the latter two are empty for a removal."""


@dataclass(frozen=True, slots=True)
class Changes:
    """`ChangeLog` over the database. A change carries its passage as it is now: older states are never replayed."""

    database: Database

    async def head(self) -> int:
        return await self.database.read(head)

    async def read(self, *, after: int, limit: int) -> list[Change]:
        query = NEWEST.where(CHANGES.c.sequence > after).limit(limit)
        return await self.database.read(lambda connection: _changes(connection, connection.execute(query).all()))

    async def passage_ids(self, *, access: Access) -> frozenset[UUID]:
        query = select(PASSAGES.c.id).join_from(DOCUMENTS, PASSAGES).where(*scope(access))
        return await self.database.read(lambda connection: frozenset(connection.execute(query).scalars()))

    async def tenants(self) -> Sequence[str]:
        query = select(CHANGES.c.tenant).distinct().order_by(CHANGES.c.tenant)
        return await self.database.read(lambda connection: connection.execute(query).scalars().all())

    async def repeat(self, ids: Collection[UUID], *, access: Access) -> int:
        """Passages the catalogue never held are passed over, for nothing says where they would belong."""
        return await self.database.write(lambda connection: _repeat(connection, list(frozenset(ids)), access))


def _repeat(connection: Connection, ids: Sequence[UUID], access: Access) -> int:
    held = select(PASSAGES.c.id, DOCUMENTS.c.collection).join_from(PASSAGES, DOCUMENTS).where(*scope(access))
    gone = select(CHANGES.c.passage_id, CHANGES.c.collection).outerjoin(PASSAGES, PASSAGES.c.id == CHANGES.c.passage_id)
    queries = {PASSAGES.c.id: held, CHANGES.c.passage_id: gone.where(PASSAGES.c.id.is_(None), *_logged_in_reach(access))}
    found = defaultdict[str, list[UUID]](list)
    for column, query in queries.items():
        for some in chunks(ids):
            for passage, collection in connection.execute(query.where(column.in_(some))):
                found[collection].append(passage)
    for collection, passages in found.items():
        log(connection, access.tenant, collection, passages)
    return sum(map(len, found.values()))


def _logged_in_reach(access: Access) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [CHANGES.c.tenant == access.tenant]
    if access.collections is not None:
        conditions.append(CHANGES.c.collection.in_(access.collections))
    return conditions


def _changes(connection: Connection, rows: Sequence[Row[Any]]) -> list[Change]:
    documents = _documents(connection, [row.document_id for row in rows if row.document_id])
    return [Change(row.sequence, row.tenant, row.collection, row.passage_id, _entry(row, documents)) for row in rows]


def _documents(connection: Connection, ids: Sequence[UUID]) -> Mapping[UUID, Document]:
    """Read apart from the passages, so that each document is decoded once."""
    query = select(*DOCUMENT)
    found = (connection.execute(query.where(DOCUMENTS.c.id.in_(some))) for some in chunks(list(dict.fromkeys(ids))))
    return {row.id: document_of(row) for rows in found for row in rows}


def _entry(row: Row[Any], documents: Mapping[UUID, Document]) -> IndexEntry | None:
    if row.document_id is None:
        return None
    passage = passage_of(row[len(LOGGED) :])
    if row.vector is None:
        raise CorruptDataError(f"passage {passage.id} has no vector; run fsck")
    return index_entry(passage, documents[passage.document_id], row.vector)

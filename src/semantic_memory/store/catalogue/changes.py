"""The change log: what every index replays."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, Select, and_, exists, func, select, union_all

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

    async def head_of(self, tenant: str) -> int:
        query = select(func.max(CHANGES.c.sequence)).where(CHANGES.c.tenant == tenant)
        return await self.database.read(lambda connection: connection.execute(query).scalar_one()) or 0

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
    by_collection = defaultdict[str, list[UUID]](list)
    for some in chunks(ids):
        for collection, passage in connection.execute(union_all(_active(access, some), _removed(access, some))):
            by_collection[collection].append(passage)
    for collection, passages in by_collection.items():
        log(connection, access.tenant, collection, passages)
    return sum(map(len, by_collection.values()))


def _active(access: Access, ids: Sequence[UUID]) -> Select[str, UUID]:
    return select(DOCUMENTS.c.collection, PASSAGES.c.id).join_from(PASSAGES, DOCUMENTS).where(PASSAGES.c.id.in_(ids), *scope(access))


def _removed(access: Access, ids: Sequence[UUID]) -> Select[str, UUID]:
    is_active = exists().where(PASSAGES.c.id == CHANGES.c.passage_id)
    query = select(CHANGES.c.collection, CHANGES.c.passage_id).where(CHANGES.c.passage_id.in_(ids), ~is_active)
    if access.collections is not None:
        query = query.where(CHANGES.c.collection.in_(access.collections))
    return query.where(CHANGES.c.tenant == access.tenant)


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

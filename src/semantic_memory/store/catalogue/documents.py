"""The document store: what is active now."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Select, exists, func, or_, select

from semantic_memory.core.access import Access
from semantic_memory.core.filters import Filters, matches
from semantic_memory.core.model import ContentBlock, Counts, Document, DocumentState, DocumentVersion, JobState, Passage
from semantic_memory.store.catalogue import replace
from semantic_memory.store.catalogue.database import Database
from semantic_memory.store.catalogue.queries import CHUNK, chunks, narrowed, one
from semantic_memory.store.catalogue.rows import BLOCK, DOCUMENT, PASSAGE, block_of, document_attributes, document_of, passage_of, scope
from semantic_memory.store.catalogue.tables import BLOCKS, DOCUMENTS, EMBEDDINGS, JOBS, PASSAGES

UNFINISHED = (JobState.WAITING.value, JobState.RUNNING.value)


@dataclass(frozen=True, slots=True)
class Documents:
    """`DocumentStore` over the database. Every query joins `documents` and is scoped there."""

    database: Database

    async def get(self, document_id: UUID, *, access: Access) -> Document | None:
        query = select(*DOCUMENT).where(DOCUMENTS.c.id == document_id, *scope(access))
        return await self.database.read(lambda connection: one(connection, query, document_of))

    async def find(self, filters: Filters, *, access: Access, after: UUID | None = None, limit: int = 1000) -> list[Document]:
        return await self.database.read(lambda connection: list(_found(connection, filters, access, after, limit)))

    async def embedded(self, document_id: UUID, *, model: str, access: Access) -> frozenset[UUID]:
        query = _within(document_id, access, select(PASSAGES.c.id).join_from(DOCUMENTS, PASSAGES).join(EMBEDDINGS))
        query = query.where(EMBEDDINGS.c.model == model)
        return await self.database.read(lambda connection: frozenset(connection.execute(query).scalars()))

    async def replace(self, version: DocumentVersion, *, replaces: int) -> int:
        return await self.database.write(lambda connection: replace.replace(connection, version, replaces))

    async def delete(self, document_id: UUID, *, access: Access) -> tuple[Document, int] | None:
        query = select(*DOCUMENT).where(DOCUMENTS.c.id == document_id, *scope(access))
        return await self.database.write(lambda connection: _deleted(connection, query))

    async def passages(self, ids: Sequence[UUID], *, access: Access) -> Mapping[UUID, tuple[Passage, Document]]:
        return await self.database.read(lambda connection: dict(_passages(connection, ids, access)))

    async def passages_of(self, document_id: UUID, *, access: Access) -> list[Passage]:
        query = _within(document_id, access, select(*PASSAGE).join_from(DOCUMENTS, PASSAGES)).order_by(PASSAGES.c.position)
        return await self.database.read(lambda connection: [passage_of(row) for row in connection.execute(query)])

    async def blocks(self, document_id: UUID, *, access: Access) -> list[ContentBlock]:
        query = _within(document_id, access, select(*BLOCK).join_from(DOCUMENTS, BLOCKS)).order_by(BLOCKS.c.position)
        return await self.database.read(lambda connection: [block_of(row) for row in connection.execute(query)])

    async def block(self, block_id: UUID, *, access: Access) -> ContentBlock | None:
        query = select(*BLOCK).join_from(BLOCKS, DOCUMENTS).where(BLOCKS.c.id == block_id, *scope(access))
        return await self.database.read(lambda connection: one(connection, query, block_of))

    async def counts(self, *, access: Access) -> Counts:
        columns = DOCUMENTS.c
        failed = func.count().filter(columns.state == DocumentState.FAILED.value)
        sums = [func.coalesce(func.sum(column), 0) for column in (columns.block_count, columns.passage_count)]
        query = select(func.count(), failed, *sums).select_from(DOCUMENTS).where(*scope(access))
        return await self.database.read(lambda connection: Counts(*connection.execute(query).one()))

    async def release_blob(self, tenant: str, content_hash: str, remove: Callable[[], None]) -> bool:
        return await self.database.write(lambda connection: _released(connection, tenant, content_hash, remove))


def _within(document_id: UUID, access: Access, query: Select[Any]) -> Select[Any]:
    return query.where(DOCUMENTS.c.id == document_id, *scope(access))


def _found(connection: Connection, filters: Filters, access: Access, after: UUID | None, limit: int) -> Iterator[Document]:
    """Metadata is compared here, because the databases disagree on JSON; SQL compares the other fields."""
    query = select(*DOCUMENT).where(*scope(access), *narrowed(filters)).order_by(DOCUMENTS.c.id)
    if after is not None:
        query = query.where(DOCUMENTS.c.id > after)
    if not filters.metadata:
        query = query.limit(limit)
    rows = connection.execute(query, execution_options={"yield_per": CHUNK})
    metadata = Filters(metadata=filters.metadata)
    matching = (document for document in map(document_of, rows) if matches(metadata, document_attributes(document)))
    return islice(matching, limit)


def _passages(connection: Connection, ids: Sequence[UUID], access: Access) -> Iterator[tuple[UUID, tuple[Passage, Document]]]:
    query = select(*PASSAGE, *DOCUMENT).join_from(PASSAGES, DOCUMENTS).where(*scope(access))
    for some in chunks(ids):
        for row in connection.execute(query.where(PASSAGES.c.id.in_(some))):
            passage = passage_of(row[: len(PASSAGE)])
            yield passage.id, (passage, document_of(row[len(PASSAGE) :]))


def _deleted(connection: Connection, query: Select[Any]) -> tuple[Document, int] | None:
    document = one(connection, query, document_of)
    return None if document is None else (document, replace.remove(connection, document))


def _released(connection: Connection, tenant: str, content_hash: str, remove: Callable[[], None]) -> bool:
    document = exists().where(DOCUMENTS.c.tenant == tenant, DOCUMENTS.c.content_hash == content_hash)
    job = exists().where(JOBS.c.tenant == tenant, JOBS.c.content_hash == content_hash, JOBS.c.state.in_(UNFINISHED))
    if connection.execute(select(or_(document, job))).scalar_one():
        return False
    remove()
    return True

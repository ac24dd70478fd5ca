"""Between rows and the vocabulary. Rows go in as dicts by column and come out as tuples in column order."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

import numpy as np
from sqlalchemy import ColumnElement

from semantic_memory.core.access import Access
from semantic_memory.core.model import (
    Anchor,
    Attributes,
    BlockType,
    ContentBlock,
    Document,
    DocumentState,
    IndexEntry,
    Job,
    JobState,
    Part,
    Passage,
    User,
    Vector,
)
from semantic_memory.store.catalogue.tables import BLOCKS, DOCUMENTS, JOBS, PASSAGES, USERS

NewRow = dict[str, object]
Row = Sequence[Any]

DOCUMENT = tuple(DOCUMENTS.c)[:17]
BLOCK = (BLOCKS.c.id, *tuple(BLOCKS.c)[2:])
PASSAGE = (PASSAGES.c.id, *tuple(PASSAGES.c)[2:])
JOB = tuple(JOBS.c)[:11]
USER = tuple(USERS.c)
"""The columns of each value, in the order of its fields."""

STATE = [column.name for column in DOCUMENT].index("state")

STORED_FLOAT = np.dtype("<f4")


def scope(access: Access) -> list[ColumnElement[bool]]:
    """The conditions on `documents` that keep a query inside the caller's reach."""
    conditions = [DOCUMENTS.c.tenant == access.tenant]
    if access.collections is not None:
        conditions.append(DOCUMENTS.c.collection.in_(access.collections))
    return conditions


def document_row(document: Document) -> NewRow:
    row: NewRow = {column.name: getattr(document, column.name) for column in DOCUMENT}
    return row | {"state": document.state.value, "metadata": dict(document.metadata)}


def document_of(row: Row) -> Document:
    values = list(row)
    values[STATE] = DocumentState(values[STATE])
    return Document(*values)


def block_row(block: ContentBlock, tenant: str) -> NewRow:
    return {
        "id": block.id,
        "tenant": tenant,
        "document_id": block.source_id,
        "type": block.type.value,
        "text": block.text,
        "language": block.language,
        "position": block.order,
        "page": block.page,
        "metadata": dict(block.metadata),
    }


def block_of(row: Row) -> ContentBlock:
    return ContentBlock(row[0], row[1], BlockType(row[2]), *row[3:])


def passage_row(passage: Passage, tenant: str) -> NewRow:
    return {
        "id": passage.id,
        "tenant": tenant,
        "document_id": passage.document_id,
        "position": passage.order,
        "text": passage.text,
        "heading_path": list(passage.heading_path),
        "block_types": _names(passage.block_types),
        "language": passage.language,
        "parts": [_part_row(part) for part in passage.parts],
        "token_count": passage.token_count,
    }


def passage_of(row: Row) -> Passage:
    identity, document, order, text, headings, types, language, parts, tokens = row
    return Passage(identity, document, order, text, tuple(headings), _types(types), language, tuple(map(_part_of, parts)), tokens)


def index_entry(passage: Passage, document: Document, vector: bytes) -> IndexEntry:
    """The passage as indexes see it."""
    return IndexEntry(
        passage_id=passage.id,
        document_id=document.id,
        words="\n".join(filter(None, (document.title, *passage.heading_path, passage.text))),
        vector=vector_of(vector),
        attributes=replace(document_attributes(document), types=passage.block_types, language=passage.language),
    )


def document_attributes(document: Document) -> Attributes:
    """What all passages of the document share; `types` is empty."""
    return Attributes(
        collection=document.collection,
        source=document.source,
        path=document.path,
        types=frozenset(),
        language=document.language,
        modified_at=document.modified_at,
        metadata=document.metadata,
    )


def vector_bytes(vector: Vector) -> bytes:
    return np.ascontiguousarray(vector, dtype=STORED_FLOAT).tobytes()


def vector_of(stored: bytes) -> Vector:
    return np.frombuffer(stored, dtype=STORED_FLOAT).astype(np.float32, copy=False)


def job_row(job: Job) -> NewRow:
    row: NewRow = {column.name: getattr(job, column.name) for column in JOB}
    result = None if job.result is None else dict(job.result)
    return row | {"state": job.state.value, "payload": dict(job.payload), "result": result}


def job_of(row: Row) -> Job:
    identity, tenant, kind, payload, content_hash, state, *progress = row
    return Job(identity, tenant, kind, payload, content_hash, JobState(state), *progress)


def user_row(user: User) -> NewRow:
    return {column.name: getattr(user, column.name) for column in USER}


def user_of(row: Row) -> User:
    return User(*row)


def _names(types: Iterable[BlockType]) -> list[str]:
    return sorted(kind.value for kind in types)


def _types(names: Iterable[str]) -> frozenset[BlockType]:
    return frozenset(map(BlockType, names))


def _part_row(part: Part) -> list[object]:
    """Positional, without what is unknown at the end: there is one per block of every passage."""
    anchor = part.anchor
    box = None if anchor.bbox is None else list(anchor.bbox)
    place = [anchor.page, box, anchor.start_line, anchor.end_line, anchor.symbol, anchor.sheet, anchor.cells, anchor.cell]
    while place[-1] is None and len(place) > 1:
        place.pop()
    return [part.block_id.hex, part.start, part.end, *place]


def _part_of(row: Row) -> Part:
    block, start, end, page, *place = row
    box = place[0] if place else None
    return Part(UUID(block), start, end, Anchor(page, None if box is None else tuple(box), *place[1:]))

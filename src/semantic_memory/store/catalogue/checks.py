"""What must always hold between rows; `fsck` reports what does not."""

from uuid import UUID

from sqlalchemy import Column, ColumnElement, Connection, FromClause, Select, Table, and_, func, or_, select

from semantic_memory.core.model import DocumentState
from semantic_memory.store.catalogue.dialect import damage
from semantic_memory.store.catalogue.tables import BLOCKS, CHANGES, COLLECTIONS, DOCUMENTS, EMBEDDINGS, PASSAGES

EXAMPLES = 20
"""Findings listed of one kind."""

BYTES_PER_NUMBER = 4

COLLECTION_OF_DOCUMENT = and_(COLLECTIONS.c.tenant == DOCUMENTS.c.tenant, COLLECTIONS.c.name == DOCUMENTS.c.collection)
VECTOR_OF_PASSAGE = and_(EMBEDDINGS.c.passage_id == PASSAGES.c.id, EMBEDDINGS.c.model == COLLECTIONS.c.model)
OWNED = PASSAGES.join(DOCUMENTS)
EMBEDDED = OWNED.outerjoin(COLLECTIONS, COLLECTION_OF_DOCUMENT).outerjoin(EMBEDDINGS, VECTOR_OF_PASSAGE)
LOGGED = OWNED.outerjoin(CHANGES, CHANGES.c.passage_id == PASSAGES.c.id)

WRONG_SIZE = func.length(EMBEDDINGS.c.vector) != COLLECTIONS.c.dimension * BYTES_PER_NUMBER
WRONG_LOG = or_(CHANGES.c.tenant != DOCUMENTS.c.tenant, CHANGES.c.collection != DOCUMENTS.c.collection)
FAILED = and_(DOCUMENTS.c.state == DocumentState.FAILED.value, DOCUMENTS.c.passage_count > 0)

Finding = Select[tuple[UUID]]


def findings(connection: Connection) -> list[str]:
    """Everything that is wrong, at most `EXAMPLES` of a kind; empty when sound. Reads the whole database."""
    return damage(connection) + [
        f"{name} {row}" for name, query in RULES.items() for row in connection.execute(query.limit(EXAMPLES)).scalars()
    ]


def _ids(table: Table, rows: FromClause, condition: ColumnElement[bool]) -> Finding:
    return select(table.c.id).select_from(rows).where(condition)


def _gaps(table: Table, expected: Column[int]) -> Finding:
    """Documents whose rows in `table` are not numbered 0 … `expected` - 1."""
    position = table.c.position
    count, distinct, last = func.count(position), func.count(position.distinct()), func.coalesce(func.max(position) + 1, 0)
    joined = select(DOCUMENTS.c.id).outerjoin_from(DOCUMENTS, table, table.c.document_id == DOCUMENTS.c.id)
    return joined.group_by(DOCUMENTS.c.id, expected).having(or_(count != expected, distinct != expected, last != expected))


RULES = {
    "no vector for passage": _ids(PASSAGES, EMBEDDED, EMBEDDINGS.c.vector.is_(None)),
    "vector of the wrong size for passage": _ids(PASSAGES, EMBEDDED, WRONG_SIZE),
    "no change logged for passage": _ids(PASSAGES, LOGGED, CHANGES.c.sequence.is_(None)),
    "change logged under another collection for passage": _ids(PASSAGES, LOGGED, WRONG_LOG),
    "another tenant's document holds passage": _ids(PASSAGES, OWNED, PASSAGES.c.tenant != DOCUMENTS.c.tenant),
    "another tenant's document holds block": _ids(BLOCKS, BLOCKS.join(DOCUMENTS), BLOCKS.c.tenant != DOCUMENTS.c.tenant),
    "another tenant's vector at passage": _ids(PASSAGES, EMBEDDINGS.join(PASSAGES), EMBEDDINGS.c.tenant != PASSAGES.c.tenant),
    "passages in failed document": _ids(DOCUMENTS, DOCUMENTS, FAILED),
    "blocks missing from document": _gaps(BLOCKS, DOCUMENTS.c.block_count),
    "passages missing from document": _gaps(PASSAGES, DOCUMENTS.c.passage_count),
}
"""What is wrong, and the query that finds the ids where it is. Foreign keys are checked by the database."""

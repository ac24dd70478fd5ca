"""The one transaction that makes a document version active, and its opposite."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection, Executable, Table, bindparam, delete, func, insert, select, update

from semantic_memory.core.errors import ConflictError, EmbedderMismatchError, InvalidInputError
from semantic_memory.core.model import Document, DocumentVersion
from semantic_memory.store.catalogue.queries import chunks, one
from semantic_memory.store.catalogue.rows import DOCUMENT, NewRow, block_row, document_of, document_row, passage_row, vector_bytes
from semantic_memory.store.catalogue.tables import BLOCKS, CHANGES, COLLECTIONS, DOCUMENTS, EMBEDDINGS, PASSAGES

INDEXED = ("text", "heading_path", "block_types", "language")
"""Columns of a passage that indexes see."""


@dataclass(frozen=True, slots=True)
class Step:
    """The rows of one table that belong to a document, before and after, by id."""

    table: Table
    before: Mapping[UUID, NewRow]
    after: Mapping[UUID, NewRow]

    @property
    def removed(self) -> list[UUID]:
        return [row for row in self.before if row not in self.after]

    @property
    def added(self) -> list[NewRow]:
        return [values for row, values in self.after.items() if row not in self.before]

    @property
    def altered(self) -> list[NewRow]:
        return [values for row, values in self.after.items() if row in self.before and self.before[row] != values]


def replace(connection: Connection, version: DocumentVersion, replaces: int) -> int:
    """See `DocumentStore.replace`; runs inside an ordered write."""
    document = version.document
    old = _active(connection, document)
    _require_order(document, old.version if old else 0, replaces)
    _fix_model(connection, version)
    _store_document(connection, version, old)
    _take(connection, _step(connection, BLOCKS, document, [(block.id, block_row(block, document.tenant)) for block in version.blocks]))
    passages = _step(connection, PASSAGES, document, [(passage.id, passage_row(passage, document.tenant)) for passage in version.passages])
    _take(connection, passages)
    _store_vectors(connection, version)
    log(connection, document.tenant, document.collection, _visible(passages, everything=old is None or _shared(old) != _shared(document)))
    return head(connection)


def remove(connection: Connection, document: Document) -> int:
    """Deletes the document with all that hangs on it; returns the last sequence number."""
    passages = connection.execute(select(PASSAGES.c.id).where(PASSAGES.c.document_id == document.id)).scalars().all()
    connection.execute(delete(DOCUMENTS).where(DOCUMENTS.c.id == document.id))
    log(connection, document.tenant, document.collection, passages)
    return head(connection)


def head(connection: Connection) -> int:
    """The last sequence number of the change log, 0 while it is empty."""
    last: int | None = connection.execute(select(func.max(CHANGES.c.sequence))).scalar_one()
    return last or 0


def _active(connection: Connection, document: Document) -> Document | None:
    query = select(*DOCUMENT).where(DOCUMENTS.c.id == document.id, DOCUMENTS.c.tenant == document.tenant)
    return one(connection, query, document_of)


def _require_order(document: Document, active: int, replaces: int) -> None:
    if active != replaces:
        raise ConflictError(f"{document.path!r} is at version {active} by now, not {replaces}")
    if document.version != replaces + 1:
        raise InvalidInputError(f"version {document.version} of {document.path!r} cannot follow version {replaces}")


def _fix_model(connection: Connection, version: DocumentVersion) -> None:
    """Compares with the collection's model; the first version with a vector sets it."""
    document, key = version.document, (COLLECTIONS.c.tenant == version.document.tenant, COLLECTIONS.c.name == version.document.collection)
    dimensions = {len(vector) for vector in version.vectors.values()}
    fixed = connection.execute(select(COLLECTIONS.c.model, COLLECTIONS.c.dimension).where(*key)).one_or_none()
    model, dimension = fixed or (version.model, next(iter(dimensions), None))
    if model != version.model or not dimensions <= {dimension}:
        found = f"{version.model!r} with {sorted(dimensions)} dimensions"
        raise EmbedderMismatchError(
            f"collection {document.collection!r} holds vectors of {model!r} with {dimension} dimensions, not {found}"
        )
    if fixed is None and dimensions:
        row = {"tenant": document.tenant, "name": document.collection, "model": model, "dimension": dimension}
        connection.execute(insert(COLLECTIONS), row)


def _store_document(connection: Connection, version: DocumentVersion, old: Document | None) -> None:
    row = document_row(version.document) | {"block_count": len(version.blocks), "passage_count": len(version.passages)}
    if old is None:
        connection.execute(insert(DOCUMENTS), row)
    else:
        connection.execute(update(DOCUMENTS).where(DOCUMENTS.c.id == old.id), row)


def _step(connection: Connection, table: Table, document: Document, rows: Sequence[tuple[UUID, NewRow]]) -> Step:
    before = connection.execute(select(table).where(table.c.document_id == document.id).order_by(table.c.position))
    step = Step(table, {row["id"]: dict(row) for row in before.mappings()}, dict(rows))
    if len(step.after) < len(rows):
        raise InvalidInputError(f"two {table.name} of {document.path!r} share an id")
    return step


def _take(connection: Connection, step: Step) -> None:
    for some in chunks(step.removed):
        connection.execute(delete(step.table).where(step.table.c.id.in_(some)))
    row = step.table.c.id == bindparam("row")
    _many(connection, update(step.table).where(row), [values | {"row": values["id"]} for values in step.altered])
    _many(connection, insert(step.table), step.added)


def _store_vectors(connection: Connection, version: DocumentVersion) -> None:
    """Adds the vectors of passages that have none; every passage must end with one."""
    document = version.document
    query = select(EMBEDDINGS.c.passage_id).join(PASSAGES).where(PASSAGES.c.document_id == document.id, EMBEDDINGS.c.model == version.model)
    kept = frozenset(connection.execute(query).scalars())
    missing = [passage.id for passage in version.passages if passage.id not in kept]
    if any(passage not in version.vectors for passage in missing):
        raise ConflictError(f"a passage of {document.path!r} has no vector of {version.model!r}")
    common: NewRow = {"tenant": document.tenant, "model": version.model}
    rows = [common | {"passage_id": passage, "vector": vector_bytes(version.vectors[passage])} for passage in missing]
    _many(connection, insert(EMBEDDINGS), rows)


def _shared(document: Document) -> tuple[object, ...]:
    """What indexes see of the document in each of its passages and what can differ between versions."""
    return document.title, document.modified_at, dict(document.metadata)


def _visible(passages: Step, *, everything: bool) -> list[UUID]:
    """Ids of the passages whose change an index must hear of."""
    return passages.removed + [row for row in passages.after if everything or _differs(passages, row)]


def _differs(passages: Step, row: UUID) -> bool:
    before, after = passages.before.get(row), passages.after[row]
    return before is None or any(before[name] != after[name] for name in INDEXED)


def log(connection: Connection, tenant: str, collection: str, passages: Sequence[UUID]) -> None:
    """One row per passage, the newest: the old one goes, the new one gets the next number. Runs inside an ordered write."""
    for some in chunks(passages):
        connection.execute(delete(CHANGES).where(CHANGES.c.passage_id.in_(some)))
    common: NewRow = {"tenant": tenant, "collection": collection}
    _many(connection, insert(CHANGES), [common | {"passage_id": passage} for passage in passages])


def _many(connection: Connection, statement: Executable, rows: Sequence[NewRow]) -> None:
    if rows:
        connection.execute(statement, rows)

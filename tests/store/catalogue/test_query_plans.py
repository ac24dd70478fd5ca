"""No query of a request may walk a table: what it costs must not grow with the corpus."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import Engine, event

from semantic_memory.core.filters import Filters
from semantic_memory.core.ports import Catalogue
from semantic_memory.core.settings import Settings
from semantic_memory.store.catalogue.sql import build
from tests.store.catalogue.making import MODEL, NOON, access, job, version

GROWS = ("SCAN", "USE TEMP B-TREE")

Statement = tuple[str, object]


@pytest.fixture
def statements() -> Iterator[list[Statement]]:
    """Every statement that any engine runs from now on, with its values."""
    seen: list[Statement] = []

    def note(_connection: object, _cursor: object, statement: str, values: object, *_: object) -> None:
        seen.append((statement, values))

    event.listen(Engine, "before_cursor_execute", note)
    yield seen
    event.remove(Engine, "before_cursor_execute", note)


def scans(folder: Path, statements: list[Statement]) -> list[str]:
    """Statements that read a whole table or sort what they found, with SQLite's plan."""
    with closing(sqlite3.connect(folder / "catalogue.db")) as connection:
        plans = [(statement, plan) for statement, values in statements for plan in explained(connection, statement, values)]
    return [f"{plan}: {statement}" for statement, plan in plans if plan.startswith(GROWS) and "CONSTANT" not in plan]


def explained(connection: sqlite3.Connection, statement: str, values: object) -> list[str]:
    if statement.startswith(("BEGIN", "PRAGMA")):
        return []
    first = values[0] if isinstance(values, list) else values
    return [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}", first)]


async def ask_everything(catalogue: Catalogue) -> None:
    stored = version()
    documents, identity, reader = catalogue.documents, stored.document.id, access(collections=frozenset({"default", "more"}))
    await documents.replace(stored, replaces=0)
    await documents.replace(version(texts=["two", "three"], number=2), replaces=1)
    await documents.get(identity, access=reader)
    await documents.embedded(identity, model=MODEL, access=reader)
    await documents.passages([passage.id for passage in stored.passages], access=reader)
    await documents.passages_of(identity, access=reader)
    await documents.blocks(identity, access=reader)
    await documents.block(stored.blocks[0].id, access=reader)
    await documents.release_blob("acme", "ab", lambda: None)
    await catalogue.changes.head()
    await catalogue.changes.read(after=0, limit=10)
    await catalogue.changes.passage_ids(access=reader)
    await catalogue.changes.repeat([passage.id for passage in stored.passages], access=reader)
    await documents.delete(identity, access=reader)
    await catalogue.users.by_name("ada")
    await catalogue.users.by_id(UUID(int=1))


async def find_everything(catalogue: Catalogue) -> None:
    for filters in (Filters(), Filters(path_prefix="a"), Filters(modified_from=NOON), Filters(sources=frozenset({"files"}))):
        await catalogue.documents.find(filters, access=access(), after=UUID(int=1))


async def take_turns_at_everything(catalogue: Catalogue) -> None:
    for holder in ("a", "b"):
        await catalogue.leases.hold("index", holder, lease_s=1)
        await catalogue.leases.release("index", holder)
        await catalogue.indexes.activate("vectors", holder)
        await catalogue.indexes.mark_ready("vectors", "c")
    await catalogue.indexes.forget("vectors", "a")
    await catalogue.indexes.states("vectors")


async def work_everything(catalogue: Catalogue) -> None:
    queued = await catalogue.jobs.enqueue(job(content_hash="ab"))
    await catalogue.jobs.claim("w", kinds=("ingest",), lease_s=1, max_attempts=3)
    await catalogue.jobs.heartbeat(queued.id, "w", lease_s=1)
    await catalogue.jobs.pending(access=access())
    await catalogue.jobs.get(queued.id, access=access())
    await catalogue.jobs.content_hashes(access=access())
    await catalogue.jobs.finish(queued.id, "w")


@pytest.mark.parametrize("use", [ask_everything, find_everything, take_turns_at_everything, work_everything])
async def test_no_statement_walks_a_table(catalogue_folder: Path, statements: list[Statement], use: object) -> None:
    catalogue = build(Settings(data_dir=catalogue_folder))
    statements.clear()
    assert callable(use)
    await use(catalogue)
    await catalogue.close()

    assert len(statements) > 3
    assert scans(catalogue_folder, statements) == []


async def test_a_longer_document_takes_no_more_statements(database_url: str, statements: list[Statement]) -> None:
    catalogue, taken = build(Settings(database_url=database_url)), list[int]()
    for path, length in (("short.md", 10), ("long.md", 200)):
        texts = [f"{path} {number}" for number in range(length)]
        statements.clear()
        await catalogue.documents.replace(version(path, texts), replaces=0)
        await catalogue.documents.replace(version(path, [f"new {text}" for text in texts], number=2), replaces=1)
        taken.append(len(statements))
    await catalogue.close()

    assert taken[0] == taken[1] + 1  # the first write of all fixes the model

"""Each kind of damage is found, and nothing is found in a sound catalogue."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from semantic_memory.core.errors import CorruptDataError
from semantic_memory.core.settings import Settings
from semantic_memory.store.catalogue.checks import RULES
from semantic_memory.store.catalogue.sql import SqlCatalogue, build
from tests.store.catalogue.making import version

DAMAGE = {
    "no vector for passage": "DELETE FROM embeddings WHERE passage_id = (SELECT id FROM passages LIMIT 1)",
    "vector of the wrong size for passage": "UPDATE embeddings SET vector = :four_bytes",
    "no change logged for passage": "DELETE FROM changes",
    "change logged under another collection for passage": "UPDATE changes SET collection = 'other'",
    "another tenant's document holds passage": "UPDATE passages SET tenant = 'other'",
    "another tenant's document holds block": "UPDATE blocks SET tenant = 'other'",
    "another tenant's vector at passage": "UPDATE embeddings SET tenant = 'other'",
    "passages in failed document": "UPDATE documents SET state = 'failed'",
    "blocks missing from document": "DELETE FROM blocks WHERE position = 0",
    "passages missing from document": "UPDATE passages SET position = 7 WHERE position = 0",
}
"""Statements that no part of the product runs."""

ALLOWED = {"sqlite": "PRAGMA foreign_keys = OFF", "postgresql": "SET session_replication_role = replica"}
"""What makes each database carry them out against its foreign keys."""


@pytest.fixture
async def catalogue(database_url: str) -> AsyncIterator[SqlCatalogue]:
    opened = build(Settings(database_url=database_url))
    await opened.documents.replace(version(), replaces=0)
    yield opened
    await opened.close()


def damage(url: str, statement: str) -> None:
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text(ALLOWED[engine.dialect.name]))
        connection.execute(text(statement), {"four_bytes": bytes(4)} if ":four_bytes" in statement else {})
    engine.dispose()


async def test_nothing_is_found_in_a_sound_catalogue(catalogue: SqlCatalogue) -> None:
    assert await catalogue.check() == []


@pytest.mark.parametrize("finding", DAMAGE)
async def test_damage_is_found_and_named(catalogue: SqlCatalogue, database_url: str, finding: str) -> None:
    damage(database_url, DAMAGE[finding])

    assert any(found.startswith(finding) for found in await catalogue.check())


def test_every_rule_is_broken_by_a_test() -> None:
    assert RULES.keys() == DAMAGE.keys()


async def test_a_row_that_refers_to_a_missing_one_is_found_in_sqlite(catalogue_folder: Path) -> None:
    damaged = build(Settings(data_dir=catalogue_folder))
    await damaged.documents.replace(version(), replaces=0)
    damage(f"sqlite:///{catalogue_folder}/catalogue.db", "DELETE FROM passages")

    assert any(found.startswith("embeddings row") for found in await damaged.check())
    await damaged.close()


async def test_a_damaged_index_is_found_in_sqlite(catalogue_folder: Path) -> None:
    with closing(sqlite3.connect(catalogue_folder / "catalogue.db")) as connection:
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute("DELETE FROM sqlite_master WHERE name = 'ix_blocks_document_id_position'")
        connection.commit()
    damaged = build(Settings(data_dir=catalogue_folder))

    assert any("never used" in found for found in await damaged.check())
    await damaged.close()


async def test_a_change_without_vector_is_refused(catalogue: SqlCatalogue, database_url: str) -> None:
    damage(database_url, DAMAGE["no vector for passage"])

    with pytest.raises(CorruptDataError, match="has no vector"):
        await catalogue.changes.read(after=0, limit=10)

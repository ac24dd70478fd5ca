"""Each kind of damage is found, and nothing is found in a sound catalogue."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest

from semantic_memory.core.errors import CorruptDataError
from semantic_memory.core.settings import Settings
from semantic_memory.store.catalogue.checks import RULES
from semantic_memory.store.catalogue.sql import SqlCatalogue, build
from tests.store.catalogue.making import version

DAMAGE = {
    "no vector for passage": "DELETE FROM embeddings WHERE passage_id = (SELECT min(id) FROM passages)",
    "vector of the wrong size for passage": "UPDATE embeddings SET vector = x'00000000'",
    "no change logged for passage": "DELETE FROM changes",
    "change logged under another collection for passage": "UPDATE changes SET collection = 'other'",
    "another tenant's document holds passage": "UPDATE passages SET tenant = 'other'",
    "another tenant's document holds block": "UPDATE blocks SET tenant = 'other'",
    "another tenant's vector at passage": "UPDATE embeddings SET tenant = 'other'",
    "passages in failed document": "UPDATE documents SET state = 'failed'",
    "blocks missing from document": "DELETE FROM blocks WHERE position = 0",
    "passages missing from document": "UPDATE passages SET position = 7 WHERE position = 0",
    "embeddings row": "DELETE FROM passages",
}


@pytest.fixture
async def catalogue(catalogue_folder: Path) -> AsyncIterator[SqlCatalogue]:
    opened = build(Settings(data_dir=catalogue_folder))
    await opened.documents.replace(version(), replaces=0)
    yield opened
    await opened.close()


def damage(folder: Path, statement: str) -> None:
    """Runs one statement as no part of the product would: without foreign keys."""
    with closing(sqlite3.connect(folder / "catalogue.db")) as connection:
        connection.execute(statement)
        connection.commit()


async def test_nothing_is_found_in_a_sound_catalogue(catalogue: SqlCatalogue) -> None:
    assert await catalogue.check() == []


@pytest.mark.parametrize("finding", DAMAGE)
async def test_damage_is_found_and_named(catalogue: SqlCatalogue, catalogue_folder: Path, finding: str) -> None:
    damage(catalogue_folder, DAMAGE[finding])

    assert any(found.startswith(finding) for found in await catalogue.check())


def test_every_rule_is_broken_by_a_test() -> None:
    assert RULES.keys() <= DAMAGE.keys()


async def test_a_damaged_index_is_found(catalogue: SqlCatalogue, catalogue_folder: Path) -> None:
    await catalogue.close()
    with closing(sqlite3.connect(catalogue_folder / "catalogue.db")) as connection:
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute("DELETE FROM sqlite_master WHERE name = 'ix_blocks_document_id_position'")
        connection.commit()
    damaged = build(Settings(data_dir=catalogue_folder))

    assert any("never used" in found for found in await damaged.check())
    await damaged.close()


async def test_a_change_without_vector_is_refused(catalogue: SqlCatalogue, catalogue_folder: Path) -> None:
    damage(catalogue_folder, DAMAGE["no vector for passage"])

    with pytest.raises(CorruptDataError, match="has no vector"):
        await catalogue.changes.read(after=0, limit=10)

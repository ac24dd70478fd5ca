"""What the driver raises arrives as one of the product's errors."""

import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import create_engine, exc, text
from sqlalchemy.pool import QueuePool

from semantic_memory.core.errors import (
    BackendResponseError,
    BackendTimeoutError,
    BackendUnavailableError,
    ConfigurationError,
    ConflictError,
    CorruptDataError,
    InvalidInputError,
    SemanticMemoryError,
    StorageFullError,
)
from semantic_memory.core.filters import Filters
from semantic_memory.core.ports import Catalogue
from semantic_memory.core.settings import Settings
from semantic_memory.store.catalogue.driver_errors import core_error, driver_errors
from semantic_memory.store.catalogue.sql import build
from tests.store.catalogue.making import access, version
from tests.store.disk import mounted


class PostgresError(Exception):
    """As PostgreSQL's drivers raise it: the kind is in `sqlstate`."""

    def __init__(self, sqlstate: str | None) -> None:
        super().__init__("it failed")
        self.sqlstate = sqlstate


@pytest.mark.parametrize(
    ("sqlstate", "expected"),
    [
        ("53100", StorageFullError),
        ("53300", BackendUnavailableError),
        ("40001", ConflictError),
        ("40P01", ConflictError),
        ("54000", InvalidInputError),
        ("55P03", BackendTimeoutError),
        ("57014", BackendTimeoutError),
        ("57P01", BackendUnavailableError),
        ("08006", BackendUnavailableError),
        ("XX001", CorruptDataError),
        ("42601", BackendResponseError),
        (None, BackendUnavailableError),
    ],
)
def test_a_postgresql_error_is_known_by_its_state(sqlstate: str | None, expected: type[SemanticMemoryError]) -> None:
    error = core_error(exc.OperationalError("SELECT 1", {}, PostgresError(sqlstate)))

    assert type(error) is expected
    assert "SELECT" not in error.message


def test_a_value_the_database_refuses_is_invalid_input() -> None:
    assert type(core_error(exc.DataError("INSERT", {}, PostgresError("22021")))) is InvalidInputError


def test_a_lost_connection_is_unavailable() -> None:
    lost = exc.OperationalError("SELECT 1", {}, PostgresError("42601"), connection_invalidated=True)

    assert type(core_error(lost)) is BackendUnavailableError


def test_an_unknown_statement_is_a_bad_response() -> None:
    with pytest.raises(BackendResponseError), driver_errors(), create_engine("sqlite://").connect() as connection:
        connection.execute(text("SELECT nonsense"))


def test_a_pool_without_free_connection_is_a_timeout(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path}/x.db", poolclass=QueuePool, pool_size=1, max_overflow=0, pool_timeout=0.01)

    with engine.connect(), pytest.raises(BackendTimeoutError), driver_errors():
        engine.connect()


async def test_a_database_another_process_keeps_locked_is_a_timeout(catalogue_folder: Path) -> None:
    file = catalogue_folder / "catalogue.db"
    catalogue = build(Settings(database_url=f"sqlite:///{file}?timeout=0.05"))
    holder = sqlite3.connect(file)
    holder.execute("BEGIN IMMEDIATE")

    with pytest.raises(BackendTimeoutError):
        await catalogue.documents.replace(version(), replaces=0)
    assert await catalogue.documents.find(Filters(), access=access()) == []
    holder.rollback()
    await catalogue.documents.replace(version(), replaces=0)
    await catalogue.close()
    holder.close()


async def test_a_file_that_is_no_database_is_corrupt(tmp_path: Path) -> None:
    (tmp_path / "catalogue.db").write_bytes(b"not a database" * 1000)

    with pytest.raises(CorruptDataError):
        build(Settings(data_dir=tmp_path))


async def test_a_file_that_cannot_be_opened_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "catalogue.db").mkdir()

    with pytest.raises(BackendUnavailableError):
        build(Settings(data_dir=tmp_path))


def test_a_folder_that_cannot_be_made_is_a_configuration_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(ConfigurationError, match="cannot create the folder"):
        build(Settings(data_dir=tmp_path / "file" / "data"))


async def test_a_closed_catalogue_is_unavailable(catalogue_folder: Path) -> None:
    catalogue = build(Settings(data_dir=catalogue_folder))
    await catalogue.close()

    with pytest.raises(BackendUnavailableError, match="closed"):
        await catalogue.changes.head()


async def test_a_full_disk_keeps_what_was_acknowledged_and_goes_on_when_space_returns(tmp_path: Path) -> None:
    with mounted(tmp_path / "disk", size_bytes=6_000_000) as disk:
        catalogue = build(Settings(data_dir=disk))
        (disk / "other").write_bytes(b"x" * 3_000_000)
        stored = await _fill(catalogue)

        (disk / "other").unlink()
        await catalogue.documents.replace(version("last"), replaces=0)
        assert await catalogue.check() == []
        assert (await catalogue.documents.counts(access=access())).documents == stored + 1
        await catalogue.close()


async def _fill(catalogue: Catalogue) -> int:
    """Writes until the disk is full; returns how many documents were acknowledged."""
    for number in range(1000):
        try:
            await catalogue.documents.replace(version(str(number), ["word " * 10_000]), replaces=0)
        except StorageFullError:
            return number
    raise AssertionError("the disk never became full")

"""Databases with a catalogue, for the conftests of the folders that need them."""

import asyncio
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from semantic_memory.core.settings import Settings
from semantic_memory.store.catalogue.sql import build
from tests.servers.postgres import Postgres

DATABASES = ["sqlite", pytest.param("postgresql", marks=pytest.mark.stores)]


@pytest.fixture(scope="session")
def migrated_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory with an empty catalogue; copying it is quicker than migrating a new one."""
    folder = tmp_path_factory.mktemp("migrated")
    catalogue = build(Settings(data_dir=folder))
    asyncio.run(catalogue.close())
    return folder


@pytest.fixture
def catalogue_folder(migrated_folder: Path, tmp_path: Path) -> Path:
    """A data directory of the test's own, with an empty catalogue."""
    return Path(shutil.copytree(migrated_folder, tmp_path / "catalogue"))


@pytest.fixture(scope="session")
def migrated_database(postgres: Postgres) -> str:
    """The URL of a PostgreSQL database with an empty catalogue, to be copied."""
    url = postgres.new_database()
    asyncio.run(build(Settings(database_url=url)).close())
    return url


@pytest.fixture
def catalogue_database(postgres: Postgres, migrated_database: str) -> Iterator[str]:
    """The URL of a PostgreSQL database of the test's own, with an empty catalogue."""
    url = postgres.new_database(like=migrated_database)
    yield url
    postgres.drop_database(url)


@pytest.fixture(params=DATABASES)
def database_url(request: pytest.FixtureRequest) -> str:
    """An empty catalogue of the test's own, in each kind of database."""
    if request.param == "postgresql":
        return str(request.getfixturevalue("catalogue_database"))
    return f"sqlite:///{request.getfixturevalue('catalogue_folder')}/catalogue.db"


@pytest.fixture(params=DATABASES)
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database without any table, in each kind."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/empty.db"
        return
    postgres: Postgres = request.getfixturevalue("postgres")
    url = postgres.new_database()
    yield url
    postgres.drop_database(url)

"""The schema: made by migrations, equal to the tables, never opened when newer."""

import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path
from signal import SIGKILL

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, insert, inspect, text

from semantic_memory.core.errors import ConfigurationError
from semantic_memory.core.settings import Settings
from semantic_memory.store.catalogue import replace
from semantic_memory.store.catalogue.engines import dump_json
from semantic_memory.store.catalogue.rows import job_row
from semantic_memory.store.catalogue.sql import build
from semantic_memory.store.catalogue.tables import JOBS, METADATA
from semantic_memory.store.migrations.upgrade import HEAD, SCRIPTS, upgrade
from tests.store.catalogue import processes
from tests.store.catalogue.making import access, job, version

OPEN = """
import sys
from pathlib import Path
from semantic_memory.core.settings import Settings
from semantic_memory.store.catalogue.sql import build
build(Settings(data_dir=Path(sys.argv[1])))
print("alembic" in sys.modules)
"""


EARLIER = ["0001", "0002"]


@contextmanager
def closing_engine(url: str) -> Generator[Engine]:
    engine = create_engine(url, json_serializer=dump_json)
    yield engine
    engine.dispose()


def checks(connection: Connection) -> dict[str, object]:
    """What Alembic does not compare: foreign keys' actions and primary keys."""
    found = inspect(connection)
    return {name: (found.get_foreign_keys(name), found.get_pk_constraint(name)) for name in sorted(METADATA.tables)}


def differences(connection: Connection) -> object:
    return compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), METADATA)


def configuration(**attributes: object) -> Config:
    config = Config(attributes=attributes)
    config.set_main_option("script_location", str(SCRIPTS))
    return config


def test_the_migrated_schema_equals_the_tables(empty_url: str) -> None:
    with closing_engine(empty_url) as engine:
        with engine.begin() as connection:
            METADATA.create_all(connection)
            made = checks(connection)
            METADATA.drop_all(connection)
        processes.opens(empty_url)
        with engine.connect() as connection:
            assert differences(connection) == []
            assert checks(connection) == made


def test_the_named_head_is_the_newest_script() -> None:
    assert ScriptDirectory.from_config(configuration()).get_heads() == [HEAD]


@pytest.mark.parametrize("revision", EARLIER)
async def test_a_database_of_an_earlier_version_keeps_its_data(empty_url: str, revision: str) -> None:
    stored, waiting = version(texts=["one", "two"]), job()
    with closing_engine(empty_url) as engine, engine.begin() as connection:
        command.upgrade(configuration(connection=connection), revision)
        replace.replace(connection, stored, 0)
        connection.execute(insert(JOBS), job_row(waiting))

    for _ in range(2):
        catalogue = build(Settings(database_url=empty_url))
        assert await catalogue.documents.passages_of(stored.document.id, access=access()) == stored.passages
        assert await catalogue.jobs.get(waiting.id, access=access()) == waiting
        assert await catalogue.leases.hold("index", "w", lease_s=60) is True
        assert await catalogue.check() == []
        await catalogue.close()


def test_every_earlier_version_is_tested() -> None:
    scripts = ScriptDirectory.from_config(configuration()).walk_revisions()

    assert {script.revision for script in scripts} == {*EARLIER, HEAD}


@pytest.mark.parametrize("statement", ["CREATE TABLE documents", "CREATE TABLE indexes", "UPDATE alembic_version"])
def test_crash_03_a_migration_killed_in_the_middle_is_done_by_the_next_start(empty_url: str, statement: str) -> None:
    victim = get_context("forkserver").Process(target=processes.migrates_until, args=(empty_url, statement))
    victim.start()
    victim.join()
    assert victim.exitcode == -SIGKILL

    assert processes.opens(empty_url) is True
    with closing_engine(empty_url) as engine, engine.connect() as connection:
        assert differences(connection) == []


def test_a_newer_database_is_refused_and_left_alone(database_url: str) -> None:
    with closing_engine(database_url) as engine:
        with engine.begin() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))

        with pytest.raises(ConfigurationError, match="'9999', newer than"):
            build(Settings(database_url=database_url))
        with engine.begin() as connection:
            assert connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one() == "9999"


def test_a_database_another_process_migrated_meanwhile_is_left_alone(migrated_folder: Path) -> None:
    empty, migrated = create_engine("sqlite://"), create_engine(f"sqlite:///{migrated_folder / 'catalogue.db'}")
    locked: list[Connection] = []
    upgrade(empty, migrated, locked.append)

    assert len(locked) == 1


def test_an_up_to_date_database_opens_without_alembic(catalogue_folder: Path) -> None:
    opened = subprocess.run([sys.executable, "-c", OPEN, str(catalogue_folder)], capture_output=True, text=True, check=True)

    assert opened.stdout == "False\n"


def test_processes_that_start_at_once_migrate_once(empty_url: str) -> None:
    context = get_context("forkserver")
    with context.Pool(3) as pool:
        opened = pool.map(processes.opens, [empty_url] * 3, chunksize=1)

    assert opened == [True] * 3

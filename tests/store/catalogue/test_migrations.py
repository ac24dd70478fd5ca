"""The schema: made by migrations, equal to the tables, never opened when newer."""

import subprocess
import sys
from multiprocessing import get_context
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, inspect, text

from semantic_memory.core.errors import ConfigurationError
from semantic_memory.core.settings import Settings
from semantic_memory.store.catalogue.sql import build
from semantic_memory.store.catalogue.tables import METADATA
from semantic_memory.store.migrations.upgrade import HEAD, SCRIPTS, upgrade
from tests.store.catalogue import processes

OPEN = """
import sys
from pathlib import Path
from semantic_memory.core.settings import Settings
from semantic_memory.store.catalogue.sql import build
build(Settings(data_dir=Path(sys.argv[1])))
print("alembic" in sys.modules)
"""


def checks(connection: Connection) -> dict[str, object]:
    """What Alembic does not compare: foreign keys' actions and primary keys."""
    found = inspect(connection)
    return {name: (found.get_foreign_keys(name), found.get_pk_constraint(name)) for name in sorted(METADATA.tables)}


def test_the_migrated_schema_equals_the_tables(migrated_folder: Path) -> None:
    with create_engine(f"sqlite:///{migrated_folder / 'catalogue.db'}").connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), METADATA)
        migrated = checks(connection)
    with create_engine("sqlite://").connect() as connection:
        METADATA.create_all(connection)
        made = checks(connection)

    assert differences == []
    assert migrated == made


def test_the_named_head_is_the_newest_script() -> None:
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))

    assert ScriptDirectory.from_config(config).get_heads() == [HEAD]


def test_a_newer_database_is_refused_and_left_alone(catalogue_folder: Path) -> None:
    engine = create_engine(f"sqlite:///{catalogue_folder / 'catalogue.db'}")
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    with pytest.raises(ConfigurationError, match="'9999', newer than"):
        build(Settings(data_dir=catalogue_folder))
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


def test_processes_that_start_at_once_migrate_once(tmp_path: Path) -> None:
    context = get_context("forkserver")
    with context.Pool(3) as pool:
        opened = pool.map(processes.opens, [tmp_path] * 3, chunksize=1)

    assert opened == [True] * 3

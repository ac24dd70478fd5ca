"""Brings a database to the newest schema."""

from collections.abc import Callable
from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, text

from semantic_memory.core.errors import ConfigurationError

HEAD = "0003"
"""The newest revision; written here so that an up-to-date database opens without importing Alembic."""

SCRIPTS = Path(__file__).parent


def upgrade(reader: Engine, writer: Engine, lock: Callable[[Connection], None]) -> None:
    """Runs the missing migrations in one transaction; `lock` keeps other processes out until it ends.

    Raises: ConfigurationError when the database has a revision this version does not know.
    """
    with reader.begin() as connection:
        if revision(connection) == HEAD:
            return
    with writer.begin() as connection:
        lock(connection)
        if revision(connection) != HEAD:
            _migrate(connection)


def revision(connection: Connection) -> str | None:
    """The schema's revision; None for an empty database."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()


def _migrate(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    found = revision(connection)
    if found not in {None, *known}:
        raise ConfigurationError(f"the database has schema {found!r}, newer than {HEAD!r}; use a newer version of semantic-memory")
    command.upgrade(config, "head")

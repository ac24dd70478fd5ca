"""Everything in which SQLite and PostgreSQL differ."""

import sqlite3
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Insert, Select, Table, func, make_url, select, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.event import listen

from semantic_memory.core.errors import ConfigurationError
from semantic_memory.core.settings import Settings

BUSY_TIMEOUT_S = 60
"""Longest wait for another process's write, unless the URL says `?timeout=`. One write of 20,000 passages takes about a second."""

WRITER_CACHE_KIB = 65_536
READER_CACHE_KIB = 8_192
"""Page caches; the writer's holds the hot part of the id indexes at a million passages, readers lean on the memory map."""

PAGE_BYTES = 8_192
"""Five vectors of 384 numbers in a page; SQLite's default of 4,096 takes two and leaves a quarter empty (measured: 12 % more disk)."""

MAPPED_BYTES = 256 * 1024 * 1024
WAL_LIMIT_BYTES = 64 * 1024 * 1024
"""The write-ahead log shrinks back to this after a large write."""

WRITE_LOCK = 0x5E3A17CE
"""Key of the PostgreSQL advisory lock that orders writes; any constant of ours."""


Clock = Callable[[Connection], datetime]


def catalogue_url(settings: Settings) -> str:
    """`DATABASE_URL`, or SQLite in `DATA_DIR`."""
    return settings.database_url or f"sqlite:///{settings.data_dir / 'catalogue.db'}"


def is_sqlite(url: str) -> bool:
    return make_url(url).get_backend_name() == "sqlite"


def make_folder(url: str) -> None:
    """Creates the folder of a SQLite file, readable by its owner only. Raises: ConfigurationError."""
    database = make_url(url).database
    if not is_sqlite(url) or not database:
        return
    folder = Path(database).parent
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigurationError(f"cannot create the folder {str(folder)!r}: {error.strerror}") from error


def engine_options(url: str, *, writes: bool) -> dict[str, object]:
    """All reads of one transaction see one moment; SQLite's WAL gives that by itself.

    PostgreSQL's writer must see what was committed while it waited for the lock, so its moment is each statement's.
    """
    if is_sqlite(url):
        return {"connect_args": {} if "timeout" in make_url(url).query else {"timeout": BUSY_TIMEOUT_S}}
    return {"isolation_level": "READ COMMITTED" if writes else "REPEATABLE READ", "pool_pre_ping": True}


def tune(engine: Engine, *, writes: bool) -> None:
    """Durability, foreign keys and explicit transactions on every SQLite connection."""
    if engine.dialect.name != "sqlite":
        return
    cache = WRITER_CACHE_KIB if writes else READER_CACHE_KIB
    begin = "BEGIN IMMEDIATE" if writes else "BEGIN"

    def connected(connection: sqlite3.Connection, _record: object) -> None:
        _pragmas(connection, cache, query_only=not writes)

    def began(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    listen(engine, "connect", connected)
    listen(engine, "begin", began)


def _pragmas(connection: sqlite3.Connection, cache_kib: int, *, query_only: bool) -> None:
    connection.isolation_level = None  # the driver would begin too late and commit by itself
    for pragma, value in {
        "page_size": PAGE_BYTES,
        "journal_mode": "WAL",
        "synchronous": "FULL",
        "foreign_keys": "ON",
        "cache_size": -cache_kib,
        "mmap_size": MAPPED_BYTES,
        "journal_size_limit": WAL_LIMIT_BYTES,
        "query_only": "ON" if query_only else "OFF",
    }.items():
        connection.execute(f"PRAGMA {pragma} = {value}").close()


def lock_writes(connection: Connection) -> None:
    """Holds off every other ordered write until the transaction ends, so that changes appear in the order of their numbers."""
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(WRITE_LOCK)))


def skip_locked(query: Select[Any]) -> Select[Any]:
    """Rows another transaction is claiming are passed over; SQLite has one writer and ignores this."""
    return query.with_for_update(skip_locked=True)


def upsert(connection: Connection, table: Table, values: Mapping[str, object], *, where: ColumnElement[bool] | None = None) -> Insert:
    """Inserts the row; one with the same primary key is overwritten, unless `where` is false for it."""
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    key = {column.name for column in table.primary_key}
    changed = {name: value for name, value in values.items() if name not in key}
    return insert(table).values(dict(values)).on_conflict_do_update(index_elements=sorted(key), set_=changed, where=where)


def now(connection: Connection) -> datetime:
    """The database's clock, which all its clients share; SQLite's clients share the machine's."""
    if connection.dialect.name == "postgresql":
        moment: datetime = connection.execute(select(func.clock_timestamp())).scalar_one()
        return moment
    return datetime.now(UTC)


def damage(connection: Connection) -> list[str]:
    """Findings of the database's own checks of its file."""
    if connection.dialect.name != "sqlite":
        return []
    broken = [row[0] for row in connection.execute(text("PRAGMA integrity_check")) if row[0] != "ok"]
    dangling = [
        f"{row[0]} row {row[1]} refers to a missing row of {row[2]}" for row in connection.execute(text("PRAGMA foreign_key_check"))
    ]
    return broken + dangling

"""Connections to SQLite and PostgreSQL: how durable, how isolated, how patient."""

import re
import sqlite3
from typing import Any

import orjson
from sqlalchemy import URL, Connection, Engine, create_engine
from sqlalchemy.event import listen

from semantic_memory.core.errors import ConfigurationError
from semantic_memory.store.catalogue.address import is_sqlite

TIMEOUT_S = 60
"""Longest wait for another process's write, in PostgreSQL for any statement, unless the URL says `?timeout=`.

One write of 20,000 passages takes seconds; each query of `fsck` over a million passages less than the limit.
"""

CONNECT_TIMEOUT_S = 10

WRITER_CACHE_KIB = 65_536
READER_CACHE_KIB = 8_192
"""Page caches; the writer's holds the hot part of the id indexes at a million passages, readers lean on the memory map."""

PAGE_BYTES = 8_192
"""Five vectors of 384 numbers in a page; SQLite's default of 4,096 takes two and leaves a quarter empty (measured: 12 % more disk)."""

MAPPED_BYTES = 256 * 1024 * 1024
WAL_LIMIT_BYTES = 64 * 1024 * 1024
"""The write-ahead log shrinks back to this after a large write."""

NUL = re.compile(r"(?<!\\)((?:\\\\)*)\\u0000")
"""Its escape in JSON; behind an odd number of backslashes it is text about it."""


def open_engine(address: URL, connections: int, *, writes: bool) -> Engine:
    """Connects when first used; `connections` are kept open and there are never more."""
    common: dict[str, Any] = {"pool_size": connections, "max_overflow": 0, "json_serializer": dump_json, "json_deserializer": orjson.loads}
    return _sqlite(address, common, writes=writes) if is_sqlite(address) else _postgresql(address, common, writes=writes)


def dump_json(value: object) -> str:
    """JSON in which U+0000 is U+FFFD, as in `tables.Words`."""
    text = orjson.dumps(value).decode()
    return NUL.sub(r"\1\\ufffd", text) if "\\u0000" in text else text


def _sqlite(address: URL, common: dict[str, Any], *, writes: bool) -> Engine:
    """Durability, foreign keys and explicit transactions; WAL shows all reads of one transaction one moment."""
    timeout: dict[str, Any] = {} if "timeout" in address.query else {"timeout": TIMEOUT_S}
    engine = create_engine(address, connect_args=timeout, **common)
    cache = WRITER_CACHE_KIB if writes else READER_CACHE_KIB
    begin = "BEGIN IMMEDIATE" if writes else "BEGIN"

    def connected(connection: sqlite3.Connection, _record: object) -> None:
        _pragmas(connection, cache, query_only=not writes)

    def began(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    listen(engine, "connect", connected)
    listen(engine, "begin", began)
    return engine


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


def _postgresql(address: URL, common: dict[str, Any], *, writes: bool) -> Engine:
    """All reads of one transaction see one moment; a write sees what was committed while it waited for its turn."""
    from semantic_memory.store.catalogue.postgresql import connect

    timeout_s = _timeout_s(address)
    engine = create_engine(
        address.difference_update_query(["timeout"]),
        isolation_level="READ COMMITTED" if writes else "REPEATABLE READ",
        execution_options={"postgresql_readonly": not writes},
        connect_args=_limits(address, timeout_s),
        pool_pre_ping=True,
        **common,
    )

    def connected(_dialect: object, _record: object, arguments: tuple[Any, ...], options: dict[str, Any]) -> object:
        return connect(*arguments, timeout_s=timeout_s, **options)

    listen(engine, "do_connect", connected)
    return engine


def _timeout_s(address: URL) -> float:
    given = address.query.get("timeout", TIMEOUT_S)
    try:
        seconds = float(str(given))
    except ValueError:
        seconds = 0
    if seconds <= 0:
        raise ConfigurationError(f"the timeout in DATABASE_URL is {given!r}; it must be a positive number of seconds")
    return seconds


def _limits(address: URL, timeout_s: float) -> dict[str, Any]:
    """A client that stops in the middle of a transaction loses it, and with it its turn to write."""
    milliseconds = max(1, round(timeout_s * 1000))
    names = ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout")
    options = " ".join([f"-c {name}={milliseconds}" for name in names] + [str(address.query.get("options", ""))])
    return {"options": options.strip(), "connect_timeout": address.query.get("connect_timeout", CONNECT_TIMEOUT_S)}

"""Everything in which SQLite's and PostgreSQL's SQL differ."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Insert, Select, Table, func, select, text
from sqlalchemy.dialects import postgresql, sqlite

WRITE_LOCK = 0x5E3A17CE
"""Key of the PostgreSQL advisory lock that orders writes; any constant of ours."""

Clock = Callable[[Connection], datetime]


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

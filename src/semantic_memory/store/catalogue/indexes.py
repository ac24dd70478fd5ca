"""Which engines hold this catalogue's passages."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, delete, select, update

from semantic_memory.core.errors import ConflictError
from semantic_memory.core.model import IndexState
from semantic_memory.store.catalogue import dialect
from semantic_memory.store.catalogue.database import Database
from semantic_memory.store.catalogue.tables import INDEXES

ACTIVE, READY = IndexState.ACTIVE.value, IndexState.READY.value


@dataclass(frozen=True, slots=True)
class Indexes:
    """`IndexRegistry` over the database; its writes take turns, so that one engine of a kind is active."""

    database: Database

    async def states(self, kind: str) -> Mapping[str, IndexState]:
        return await self.database.read(lambda connection: _states(connection, kind))

    async def activate(self, kind: str, name: str) -> None:
        await self.database.write(lambda connection: _activate(connection, kind, name))

    async def mark_ready(self, kind: str, name: str) -> None:
        await self.database.write(lambda connection: _mark_ready(connection, kind, name))

    async def forget(self, kind: str, name: str) -> None:
        await self.database.write(lambda connection: _forget(connection, kind, name))


def _states(connection: Connection, kind: str) -> dict[str, IndexState]:
    rows = connection.execute(select(INDEXES.c.name, INDEXES.c.state).where(INDEXES.c.kind == kind).order_by(INDEXES.c.name))
    return {row.name: IndexState(row.state) for row in rows}


def _activate(connection: Connection, kind: str, name: str) -> None:
    connection.execute(update(INDEXES).where(INDEXES.c.kind == kind).values(state=READY))
    connection.execute(dialect.upsert(connection, INDEXES, {"kind": kind, "name": name, "state": ACTIVE}))


def _mark_ready(connection: Connection, kind: str, name: str) -> None:
    kept = INDEXES.c.state == READY
    connection.execute(dialect.upsert(connection, INDEXES, {"kind": kind, "name": name, "state": READY}, where=kept))


def _forget(connection: Connection, kind: str, name: str) -> None:
    if _states(connection, kind).get(name) is IndexState.ACTIVE:
        raise ConflictError(f"the index {name!r} is the active one for {kind}; make another one active first")
    connection.execute(delete(INDEXES).where(INDEXES.c.kind == kind, INDEXES.c.name == name))

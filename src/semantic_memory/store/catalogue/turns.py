"""The turns of conversations."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, and_, delete, insert, select, update

from semantic_memory.core.access import Access
from semantic_memory.core.answers import Turn
from semantic_memory.store.catalogue import dialect
from semantic_memory.store.catalogue.database import Database
from semantic_memory.store.catalogue.tables import TURNS


@dataclass(frozen=True, slots=True)
class Turns:
    """`TurnStore` over the database, by the database's clock."""

    database: Database
    clock: dialect.Clock = dialect.now

    async def last(self, session: str, *, limit: int, access: Access) -> Sequence[Turn]:
        return await self.database.read(lambda connection: _last(connection, _of(session, access), self.clock(connection), limit))

    async def add(self, session: str, turn: Turn, *, life_s: float, access: Access) -> None:
        life = timedelta(seconds=life_s)
        await self.database.write(lambda connection: _add(connection, session, turn, self.clock(connection), life, access))

    async def remove(self, session: str, *, access: Access) -> bool:
        return await self.database.write(lambda connection: _remove(connection, _of(session, access), self.clock(connection)))


def _of(session: str, access: Access) -> ColumnElement[bool]:
    return and_(TURNS.c.tenant == access.tenant, TURNS.c.principal == access.principal, TURNS.c.session == session)


def _last(connection: Connection, which: ColumnElement[bool], moment: datetime, limit: int) -> list[Turn]:
    columns = (TURNS.c.question, TURNS.c.answer, TURNS.c.standalone)
    newest = select(*columns).where(which, TURNS.c.expires_at > moment).order_by(TURNS.c.sequence.desc()).limit(limit)
    return [Turn(*row) for row in reversed(connection.execute(newest).all())]


def _add(connection: Connection, session: str, turn: Turn, moment: datetime, life: timedelta, access: Access) -> None:
    connection.execute(delete(TURNS).where(TURNS.c.expires_at <= moment))
    connection.execute(update(TURNS).where(_of(session, access)).values(expires_at=moment + life))
    row = {"question": turn.question, "answer": turn.answer, "standalone": turn.standalone, "expires_at": moment + life}
    connection.execute(insert(TURNS), {"tenant": access.tenant, "principal": access.principal, "session": session, **row})


def _remove(connection: Connection, which: ColumnElement[bool], moment: datetime) -> bool:
    """An expired session is none, though its rows may still be there."""
    live = connection.execute(select(TURNS.c.sequence).where(which, TURNS.c.expires_at > moment).limit(1)).one_or_none()
    connection.execute(delete(TURNS).where(which))
    return live is not None

"""Turns at what only one process may do at a time."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Connection, delete, or_

from semantic_memory.store.catalogue import dialect
from semantic_memory.store.catalogue.database import Database
from semantic_memory.store.catalogue.tables import LEASES


@dataclass(frozen=True, slots=True)
class Leases:
    """`Leases` over the database, by its clock: the holders' own clocks may differ."""

    database: Database
    clock: dialect.Clock = dialect.now

    async def hold(self, name: str, holder: str, *, lease_s: float) -> bool:
        lease = timedelta(seconds=lease_s)
        return await self.database.write(lambda connection: self._hold(connection, name, holder, lease), ordered=False)

    async def release(self, name: str, holder: str) -> None:
        theirs = delete(LEASES).where(LEASES.c.name == name, LEASES.c.holder == holder)
        await self.database.write(lambda connection: connection.execute(theirs), ordered=False)

    def _hold(self, connection: Connection, name: str, holder: str, lease: timedelta) -> bool:
        moment = self.clock(connection)
        values = {"name": name, "holder": holder, "held_until": moment + lease}
        free = or_(LEASES.c.holder == holder, LEASES.c.held_until < moment)
        written = dialect.upsert(connection, LEASES, values, where=free).returning(LEASES.c.holder)
        return connection.execute(written).one_or_none() is not None

"""Chat model tokens by tenant and day."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, and_, select

from semantic_memory.core.answers import Usage
from semantic_memory.store.catalogue import dialect
from semantic_memory.store.catalogue.database import Database
from semantic_memory.store.catalogue.tables import USAGE


@dataclass(frozen=True, slots=True)
class UsageOfDays:
    """`UsageStore` over the database."""

    database: Database

    async def add(self, tenant: str, day: date, usage: Usage, *, limit: int = 0) -> bool:
        return await self.database.write(lambda connection: _add(connection, tenant, day, usage, limit))

    async def of(self, tenant: str, day: date) -> Usage:
        return await self.database.read(lambda connection: _of(connection, tenant, day))


def _add(connection: Connection, tenant: str, day: date, usage: Usage, limit: int) -> bool:
    total = _of(connection, tenant, day) + usage
    if limit and total.tokens > limit:
        return False
    counted = {"prompt_tokens": total.prompt_tokens, "completion_tokens": total.completion_tokens, "cost": total.cost}
    connection.execute(dialect.upsert(connection, USAGE, {"tenant": tenant, "day": day, **counted}))
    return True


def _of(connection: Connection, tenant: str, day: date) -> Usage:
    columns = (USAGE.c.prompt_tokens, USAGE.c.completion_tokens, USAGE.c.cost)
    row = connection.execute(select(*columns).where(and_(USAGE.c.tenant == tenant, USAGE.c.day == day))).one_or_none()
    return Usage() if row is None else Usage(row.prompt_tokens, row.completion_tokens, row.cost)

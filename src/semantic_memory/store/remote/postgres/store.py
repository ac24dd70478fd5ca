"""The half of an engine that is alike for vectors and words: tables made when first needed, the state, and the scope as SQL."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any, ClassVar, LiteralString, TypeAlias, TypeVar
from uuid import UUID

from psycopg.errors import UndefinedTable
from psycopg.sql import SQL, Composable, Composed, Identifier, Placeholder

from semantic_memory.core.settings import Settings
from semantic_memory.store.remote.postgres.database import Connection, Database, Work, address
from semantic_memory.store.remote.postgres.driver_errors import driver_errors
from semantic_memory.store.remote.rows import NO_FACT, Scope

T = TypeVar("T")
Parameters: TypeAlias = dict[str, Any]

IDS_AT_ONCE = 10_000
"""Ids fetched between two turns of the event loop."""


class PostgresStore:
    """Its tables' names are `STORE_NAMESPACE`, the kind and a word; the passages lie in `…_rows`."""

    KIND: ClassVar[str]
    TABLES: ClassVar[tuple[str, ...]]
    """The last words of their names."""
    SCHEMA: ClassVar[tuple[LiteralString, ...]]
    """Statements that make what is missing."""
    INDEXES: ClassVar[tuple[str, ...]]
    """The last words of the names of indexes in `SCHEMA`."""

    name = "PostgreSQL"

    def __init__(self, settings: Settings) -> None:
        self.prefix = f"{settings.store_namespace}_{self.KIND}"
        self.database = Database(address(settings), lock=self.prefix, timeout_s=settings.store_timeout_s)

    def errors(self) -> AbstractContextManager[None]:
        return driver_errors()

    async def state(self) -> str | None:
        """None also when the passages' table is gone."""
        query = self.sql("SELECT state FROM {state} WHERE to_regclass(%(rows)s) IS NOT NULL")
        found = await self.fetch(query, {"rows": f"{self.prefix}_rows"})
        return found[0][0] if found else None

    async def keep_state(self, state: str) -> None:
        keep = self.sql("INSERT INTO {state} VALUES (1, %(state)s) ON CONFLICT (one) DO UPDATE SET state = excluded.state")
        await self.write(lambda connection: connection.execute(keep, {"state": state}))

    async def ids(self, scope: Scope) -> set[UUID]:
        query, parameters = self.narrowed("SELECT id FROM {rows} WHERE {scope}", scope)
        return await self.read(lambda connection: _ids(connection, query, parameters), set[UUID]())

    async def clear(self) -> None:
        tables = SQL(", ").join(map(self.named, (*self.TABLES, "state")))
        await self.database.write(lambda connection: connection.execute(SQL("DROP TABLE IF EXISTS {}").format(tables)))

    async def close(self) -> None:
        await self.database.close()

    async def fetch(self, query: Composed, parameters: Parameters) -> list[tuple[Any, ...]]:
        """The query's rows; none when there are no tables."""
        return await self.read(lambda connection: rows(connection, query, parameters), list[tuple[Any, ...]]())

    async def read(self, work: Work[T], nothing: T) -> T:
        """The result of `work`, or `nothing` when there are no tables."""
        try:
            return await self.database.read(work)
        except UndefinedTable:
            return nothing

    async def write(self, work: Work[T]) -> T:
        """The result of `work`, for which missing tables are made."""
        try:
            return await self.database.write(work)
        except UndefinedTable:
            await self.database.write(self.create)
            return await self.database.write(work)

    async def create(self, connection: Connection) -> None:
        for statement in ("CREATE TABLE IF NOT EXISTS {state} (one int2 PRIMARY KEY CHECK (one = 1), state text NOT NULL)", *self.SCHEMA):
            await connection.execute(self.sql(statement))

    def named(self, word: str) -> Identifier:
        return Identifier(f"{self.prefix}_{word}")

    def sql(self, text: LiteralString, **parts: Composable) -> Composed:
        """The statement, in which the last word of a name in braces becomes the full name."""
        return SQL(text).format(**{word: self.named(word) for word in (*self.TABLES, *self.INDEXES, "state")}, **parts)

    def narrowed(self, text: LiteralString, scope: Scope, **parts: Composable) -> tuple[Composed, Parameters]:
        """The statement with the scope's condition at `{scope}`, and that condition's parameters."""
        condition, parameters = _condition(scope)
        return self.sql(text, scope=condition, **parts), parameters


async def rows(connection: Connection, query: Composed, parameters: Parameters) -> list[tuple[Any, ...]]:
    cursor = connection.cursor(binary=True)
    await cursor.execute(query, parameters)
    return await cursor.fetchall()


def array(numbers: Sequence[int]) -> str:
    """As PostgreSQL writes it; psycopg takes several times as long over a list."""
    return f"{{{','.join(map(str, numbers))}}}"


def fact_array(facts: Sequence[str]) -> str:
    """Sixteen hexadecimal digits become one signed number of 64 bits."""
    return array([int(fact, 16) - 2**63 for fact in facts if fact != NO_FACT])


async def _ids(connection: Connection, query: Composed, parameters: Parameters) -> set[UUID]:
    found: set[UUID] = set()
    async with connection.cursor("ids", binary=True) as cursor:
        await cursor.execute(query, parameters)
        while some := await cursor.fetchmany(IDS_AT_ONCE):
            found.update(passage_id for (passage_id,) in some)
    return found


def _condition(scope: Scope) -> tuple[Composed, Parameters]:
    clauses: list[Composable] = [SQL("tenant = %(tenant)s")]
    parameters: Parameters = {"tenant": scope.tenant}
    if scope.collections is not None:
        clauses.append(SQL("collection = ANY(%(collections)s)"))
        parameters["collections"] = sorted(scope.collections)
    for number, group in enumerate(scope.groups):
        clauses.append(SQL("facts && {}::int8[]").format(Placeholder(f"facts_{number}")))
        parameters[f"facts_{number}"] = fact_array(group)
    if scope.modified_from is not None:
        clauses.append(SQL("modified >= %(modified_from)s"))
        parameters["modified_from"] = scope.modified_from
    if scope.modified_before is not None:
        clauses.append(SQL("modified < %(modified_before)s"))
        parameters["modified_before"] = scope.modified_before
    return SQL(" AND ").join(clauses), parameters

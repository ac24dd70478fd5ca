"""A few connections and transactions with an end.

The pool is ours: psycopg's is one more package, SQLAlchemy's needs greenlet, and with either a cancelled call waits up to ten seconds
more for a server that hangs.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import Any, LiteralString, TypeAlias, TypeVar

from psycopg import AsyncConnection, ProgrammingError
from psycopg.abc import PQGen
from psycopg.conninfo import conninfo_to_dict
from psycopg.sql import SQL, Composed, Literal
from psycopg.waiting import wait_async

from semantic_memory.core.errors import ConfigurationError
from semantic_memory.core.settings import Settings
from semantic_memory.store.remote.guard import WRITE_FACTOR

T = TypeVar("T")

CONNECTIONS = 4
"""At the same time, per store and process; PostgreSQL takes 100 by default, and more only queue for its processors."""

FIRST_PROBE_S, NEXT_PROBE_S, PROBES = 30, 10, 3
"""Firewalls forget silent connections after some minutes; the system's own first probe comes after two hours."""

SCHEME = re.compile(r"^(postgres|postgresql)(\+\w+)?://")
"""Also SQLAlchemy's form, which names a driver."""

READ: LiteralString = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL statement_timeout = {}; SET LOCAL jit = off"
"""Compiling a query takes longer than ours run: 8 ms against 1 (measured, two rare words among 50,000 passages)."""
WRITE: LiteralString = (
    "BEGIN READ WRITE; SET LOCAL statement_timeout = {0}; SET LOCAL idle_in_transaction_session_timeout = {0};"
    " SELECT pg_advisory_xact_lock(hashtextextended({1}, 0))"
)


class Connection(AsyncConnection[tuple[Any, ...]]):
    """Ends when a call is cancelled. psycopg would send a cancel request first and wait for its effect, five seconds each."""

    async def wait(self, gen: PQGen[T], interval: float = 0.1, timeout: float | None = None) -> T:
        try:
            return await wait_async(gen, self.pgconn.socket, interval=interval, timeout=timeout)
        except asyncio.CancelledError:
            self.pgconn.finish()
            raise


Work: TypeAlias = Callable[[Connection], Awaitable[T]]


def address(settings: Settings) -> str:
    """What libpq connects to. Raises: ConfigurationError, which does not show the URL: it may hold a password."""
    given = settings.pgvector_url.get_secret_value() or settings.database_url
    if not SCHEME.match(given):
        raise ConfigurationError("PGVECTOR_URL, or else DATABASE_URL, must name a PostgreSQL: postgresql://user:password@host/database")
    url = SCHEME.sub("postgresql://", given)
    if not _is_readable(url):
        raise ConfigurationError("PostgreSQL's URL cannot be read; percent-encode special characters of the password")
    return url


class Database:
    """Transactions on at most `CONNECTIONS` connections. Errors are psycopg's."""

    def __init__(self, url: str, *, lock: str, timeout_s: float) -> None:
        self._url = url
        self._slots = asyncio.Semaphore(CONNECTIONS)
        self._idle: list[Connection] = []
        self._connect_s = max(2, round(timeout_s))  # libpq takes no less
        self._begin_read = SQL(READ).format(Literal(round(1000 * timeout_s)))
        self._begin_write = SQL(WRITE).format(Literal(round(1000 * WRITE_FACTOR * timeout_s)), Literal(lock))

    async def read(self, work: Work[T]) -> T:
        """The result of `work`, whose queries all see one moment."""
        return await self._run(self._begin_read, work)

    async def write(self, work: Work[T]) -> T:
        """The result of `work`, once it is durable. The writes of all processes under one lock take turns, so that none can deadlock."""
        return await self._run(self._begin_write, work)

    async def close(self) -> None:
        idle, self._idle = self._idle, []
        for connection in idle:
            await connection.close()

    async def _run(self, begin: Composed, work: Work[T]) -> T:
        async with self._slots:
            connection = self._idle.pop() if self._idle else await self._connect()
            try:
                await connection.execute(begin)
                result = await work(connection)
                await connection.commit()
            except BaseException as error:
                await self._undo(connection, error)
                raise
            self._idle.append(connection)
            return result

    async def _undo(self, connection: Connection, error: BaseException) -> None:
        """A connection that broke was not the only one to its server: the others are given up with it."""
        if isinstance(error, Exception) and not connection.closed:
            await connection.rollback()
            self._idle.append(connection)
        else:
            await connection.close()
            await self.close()

    async def _connect(self) -> Connection:
        """Without prepared statements, which poolers between us and the server do not keep."""
        return await Connection.connect(
            self._url,
            autocommit=True,
            prepare_threshold=None,
            connect_timeout=self._connect_s,
            keepalives_idle=FIRST_PROBE_S,
            keepalives_interval=NEXT_PROBE_S,
            keepalives_count=PROBES,
        )


def _is_readable(url: str) -> bool:
    """A password with a slash or an @ makes the rest of it a port, which libpq would show in its message."""
    try:
        return re.fullmatch(r"[0-9,]*", str(conninfo_to_dict(url).get("port", ""))) is not None
    except ProgrammingError:
        return False

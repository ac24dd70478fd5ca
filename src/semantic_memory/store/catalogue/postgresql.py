"""Connections to PostgreSQL that wait no longer than agreed, even for a server that has stopped without closing them."""

from typing import Any, TypeVar

from psycopg import Connection, OperationalError
from psycopg.abc import PQGen
from psycopg.errors import QueryCanceled
from psycopg.pq import TransactionStatus

T = TypeVar("T")

GRACE_S = 5
"""The server ends a statement by itself when its time is up; this long we wait for it to say so."""


class BoundedConnection(Connection[Any]):
    """The server's own timeouts do not help against a server that hangs: psycopg alone would wait for ever."""

    timeout_s: float

    def wait(self, gen: PQGen[T], interval: float = 0.1, timeout: float | None = None) -> T:
        """Raises: QueryCanceled, with the connection closed, when no answer came; the statement may have been carried out."""
        try:
            return super().wait(gen, interval, self.timeout_s + GRACE_S if timeout is None else timeout)
        except OperationalError as error:
            if error.sqlstate is not None or self.info.transaction_status is not TransactionStatus.ACTIVE:
                raise
            self.close()
            raise QueryCanceled(f"no answer within {self.timeout_s + GRACE_S:g} seconds") from error


def connect(*arguments: Any, timeout_s: float, **options: Any) -> BoundedConnection:
    connection = BoundedConnection.connect(*arguments, **options)
    connection.timeout_s = timeout_s
    return connection

"""Connections to PostgreSQL that do not wait for ever for a server that has stopped without closing them."""

from collections.abc import Generator
from time import monotonic
from typing import Any, TypeVar

from psycopg import Connection
from psycopg.abc import PQGen
from psycopg.errors import ConnectionTimeout, QueryCanceled

T = TypeVar("T")

GRACE_S = 5
"""The server ends a statement by itself when its time is up; this long we wait for it to say so."""


class NoAnswer(QueryCanceled):
    """What was asked for may have been carried out."""


class BoundedConnection(Connection[Any]):
    """psycopg has no limit of its own, and the server's timeouts do not help when the server hangs."""

    silence_s: float

    def wait(self, gen: PQGen[T], *arguments: Any, **options: Any) -> T:
        """Raises: NoAnswer, with the connection closed, after `silence_s` without a byte."""
        try:
            return super().wait(_bounded(gen, self.silence_s), *arguments, **options)
        except NoAnswer:
            self.close()
            raise


def connect(*arguments: Any, timeout_s: float, **options: Any) -> BoundedConnection:
    try:
        connection = BoundedConnection.connect(*arguments, **options)
    except ConnectionTimeout as error:
        raise NoAnswer(str(error)) from error
    connection.silence_s = timeout_s + GRACE_S
    return connection


def _bounded(gen: PQGen[T], silence_s: float) -> Generator[Any, Any, T]:
    """The same steps; psycopg sends 0 every tenth of a second in which nothing happened."""
    heard = monotonic()
    try:
        wanted = next(gen)
        while True:
            ready = yield wanted
            if ready:
                heard = monotonic()
            elif monotonic() - heard > silence_s:
                raise NoAnswer(f"no answer within {silence_s:g} seconds")
            wanted = gen.send(ready)
    except StopIteration as stop:
        result: T = stop.value
        return result

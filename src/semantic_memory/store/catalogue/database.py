"""The two doors to the database: many readers, one writer, never on the event loop."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from typing import TypeVar

from sqlalchemy import URL, Connection

from semantic_memory.core.errors import BackendUnavailableError
from semantic_memory.store.catalogue import dialect
from semantic_memory.store.catalogue.address import is_sqlite
from semantic_memory.store.catalogue.driver_errors import driver_errors
from semantic_memory.store.catalogue.engines import open_engine
from semantic_memory.store.migrations.upgrade import upgrade

T = TypeVar("T")

READERS = 4
"""Reads at the same time; more only queue for the processor."""


class Database:
    """Runs work inside transactions on threads of its own.

    A call that is cancelled while it runs still ends its transaction: nothing is ever half written.
    """

    def __init__(self, address: URL) -> None:
        """Raises: ConfigurationError."""
        with driver_errors():
            self._reader = open_engine(address, READERS, writes=False)
            self._writer = open_engine(address, 2, writes=True)
        self._read_threads = ThreadPoolExecutor(READERS, "catalogue-read")
        self._write_thread = ThreadPoolExecutor(1, "catalogue-write")
        self._lease_thread = self._write_thread if is_sqlite(address) else ThreadPoolExecutor(1, "catalogue-lease")

    def migrate(self) -> None:
        """Brings the schema up to date. Raises: ConfigurationError when it is newer than this version of the product."""
        with driver_errors():
            upgrade(self._reader, self._writer, dialect.lock_writes)

    async def read(self, work: Callable[[Connection], T]) -> T:
        """The result of `work`, whose queries all see one moment."""
        return await self._run(self._read_threads, lambda: self._read(work))

    async def write(self, work: Callable[[Connection], T], *, ordered: bool = True) -> T:
        """The result of `work`, once it is durable; an error inside undoes all of it.

        Ordered writes never overlap. The others, which keep leases alive, do not wait for them, except in SQLite, where no writes overlap.
        """
        thread = self._write_thread if ordered else self._lease_thread
        return await self._run(thread, lambda: self._write(work, ordered=ordered))

    async def close(self) -> None:
        """Waits for running work; later calls raise BackendUnavailableError."""
        for threads in (self._write_thread, self._lease_thread, self._read_threads):
            await asyncio.to_thread(threads.shutdown, wait=True)
        self._reader.dispose()
        self._writer.dispose()

    async def _run(self, threads: Executor, work: Callable[[], T]) -> T:
        try:
            started = threads.submit(work)
        except RuntimeError as error:
            raise BackendUnavailableError("the catalogue is closed") from error
        return await asyncio.wrap_future(started)

    def _read(self, work: Callable[[Connection], T]) -> T:
        with driver_errors(), self._reader.begin() as connection:
            return work(connection)

    def _write(self, work: Callable[[Connection], T], *, ordered: bool) -> T:
        with driver_errors(), self._writer.begin() as connection:
            if ordered:
                dialect.lock_writes(connection)
            return work(connection)

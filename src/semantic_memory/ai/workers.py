"""A few threads shared by all callers of a local model, so that a query never waits for a whole ingest."""

import asyncio
import os
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from itertools import count
from math import inf
from queue import Empty, PriorityQueue
from threading import Lock, Thread, get_native_id
from typing import NoReturn, TypeVar

from semantic_memory.core.errors import BackendUnavailableError

T = TypeVar("T")
A = TypeVar("A")

FIRST = -1.0
"""Turn of work that goes before all waiting batches."""
LAST = inf
"""Turn of the order to stop."""


@dataclass(frozen=True, slots=True, order=True)
class _Work:
    turn: float
    number: int
    run: Callable[[], None] | None = field(compare=False)
    """None is the order to stop."""
    refuse: Callable[[], None] = field(compare=False)


class Workers:
    """Runs calls on daemon threads: urgent ones first, then the batches of each `map` in turn with those of the others.

    A `map` that joins starts at the turn served now (start-time fair queuing), so neither it nor the running ones starve. Callers may
    be in different event loops.
    """

    def __init__(self, name: str, threads: int, *, nice: int = 0) -> None:
        """`nice` above 0 leaves the processor to other threads that want it (nice(7)), where threads have a niceness: on Linux."""
        self._nice = nice
        self._queue: PriorityQueue[_Work] = PriorityQueue()
        self._numbers = count()
        self._turn = 0.0
        self._lock = Lock()
        self._closed = False
        self._threads = [Thread(target=self._serve, name=f"{name}-{number}", daemon=True) for number in range(threads)]

    async def first(self, call: Callable[[], T]) -> T:
        """Runs one call before every batch that waits. Raises: BackendUnavailableError when closed."""
        return await asyncio.wrap_future(self._submit(FIRST, call))

    async def map(self, call: Callable[[A], T], batches: Sequence[A]) -> list[T]:
        """Results in the order of the batches. The first error, or a cancellation, withdraws the batches that still wait.

        Raises: what `call` raises; BackendUnavailableError when closed.
        """
        start = self._turn
        futures = [self._submit(start + place, _bound(call, batch)) for place, batch in enumerate(batches)]
        try:
            return await asyncio.gather(*(asyncio.wrap_future(future) for future in futures))
        finally:
            for future in futures:
                future.cancel()

    async def close(self) -> None:
        """Refuses what waits, finishes what runs, and returns when the threads have ended; safe to call twice."""
        with self._lock:
            self._closed = True
        self._refuse_waiting()
        started = [thread for thread in self._threads if thread.is_alive()]
        for _ in started:
            self._queue.put(_Work(LAST, next(self._numbers), None, _nothing))
        for thread in started:
            await asyncio.to_thread(thread.join)

    def _submit(self, turn: float, call: Callable[[], T]) -> "Future[T]":
        future: Future[T] = Future()
        with self._lock:
            if self._closed:
                _refuse()
            self._start()
            self._queue.put(_Work(turn, next(self._numbers), lambda: _complete(future, call), lambda: _complete(future, _refuse)))
        return future

    def _start(self) -> None:
        for thread in self._threads:
            if thread.ident is None:
                thread.start()

    def _serve(self) -> None:
        if self._nice and sys.platform == "linux":
            os.setpriority(os.PRIO_PROCESS, get_native_id(), self._nice)
        while (work := self._queue.get()).run is not None:
            self._turn = max(self._turn, work.turn)
            work.run()

    def _refuse_waiting(self) -> None:
        while True:
            try:
                self._queue.get_nowait().refuse()
            except Empty:
                return


def _bound(call: Callable[[A], T], batch: A) -> Callable[[], T]:
    return lambda: call(batch)


def _refuse() -> NoReturn:
    raise BackendUnavailableError("the model is closed")


def _nothing() -> None:
    """What withdrawing the order to stop does."""


def _complete(future: "Future[T]", call: Callable[[], T]) -> None:
    if not future.set_running_or_notify_cancel():
        return
    try:
        result = call()
    except Exception as error:  # noqa: BLE001  (a worker loop: the caller who awaits the future gets it)
        future.set_exception(error)
    else:
        future.set_result(result)

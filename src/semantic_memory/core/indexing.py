"""Keeps every index level with the change log."""

import asyncio
import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager, suppress

import structlog

from semantic_memory.core.errors import BackendError
from semantic_memory.core.model import Change
from semantic_memory.core.ports import ChangeLog, Index

log = structlog.get_logger()

BATCH = 2_000
"""Changes read at a time: about 3 MB of vectors at 384 dimensions."""

POLL_S = 1.0
"""How soon writes of other processes are noticed."""

REST_FACTOR = 4.0
"""Rest after applying, as a multiple of the time it took: indexing stays below a fifth of one core while writes stream in. Nobody rests
while somebody waits for the indexes."""

LONGEST_REST_S = 2.0

RETRY_S = 5.0
"""Pause after an index failed, so that a dead backend is asked rarely."""


class Indexer:
    """Applies changes in the background; indexes that another process writes are only watched."""

    def __init__(self, changes: ChangeLog, indexes: Mapping[str, Index]) -> None:
        self._changes = changes
        self._indexes = indexes
        self._nudged = asyncio.Event()
        self._moved = asyncio.Event()
        self._awaited = asyncio.Event()
        self._waiters = 0
        self._problems: dict[str, str] = {}

    @property
    def problems(self) -> Mapping[str, str]:
        """The last error of each index that could not be written."""
        return self._problems

    def nudge(self) -> None:
        """Says that something was committed."""
        self._nudged.set()

    async def run(self) -> None:
        """Catches up, rests, and waits for the next commit; ends only by cancellation."""
        while True:
            self._nudged.clear()
            started = time.monotonic()
            if await self.catch_up():
                await _wait(self._awaited, min(REST_FACTOR * (time.monotonic() - started), LONGEST_REST_S))
            elif self._problems:
                await asyncio.sleep(RETRY_S)
            await _wait(self._nudged, POLL_S)

    async def catch_up(self) -> bool:
        """Applies what the writable indexes lack; True when there was anything."""
        applied = False
        for name, index in self._indexes.items():
            try:
                applied |= await self._level(index)
                self._problems.pop(name, None)
            except BackendError as error:
                self._problems[name] = error.message
                log.warning("index not written", index=name, code=error.code, error=error.message)
            except Exception as error:  # the loop outlives a bug in one index, and `status` shows it
                self._problems[name] = f"internal: {type(error).__name__}"
                log.exception("index not written", index=name)
        if applied:
            self._moved.set()
            self._moved = asyncio.Event()
        return applied

    async def reached(self, sequence: int, *, timeout_s: float) -> bool:
        """Whether every index showed all changes up to `sequence` within the time."""
        deadline = time.monotonic() + timeout_s
        with self._waiting():
            while min(await self.positions()) < sequence:
                if time.monotonic() >= deadline:
                    return False
                await _wait(self._moved, POLL_S / 20)
        return True

    @contextmanager
    def _waiting(self) -> Generator[None]:
        self._waiters += 1
        self._awaited.set()
        try:
            yield
        finally:
            self._waiters -= 1
            if not self._waiters:
                self._awaited.clear()

    async def positions(self) -> Sequence[int]:
        return [await index.position() for index in self._indexes.values()]

    async def lag(self) -> Mapping[str, int]:
        """Changes each index still lacks; 0 means level."""
        head = await self._changes.head()
        return {name: max(0, head - await index.position()) for name, index in self._indexes.items()}

    async def _level(self, index: Index) -> bool:
        if await index.position() >= await self._changes.head() or not await index.writable():
            return False
        while changes := await self._read(after=await index.position()):
            await index.apply(changes)
        return True

    async def _read(self, *, after: int) -> Sequence[Change]:
        return await self._changes.read(after=after, limit=BATCH)


async def _wait(event: asyncio.Event, timeout_s: float) -> None:
    """Until the event or the time, whichever comes first."""
    with suppress(TimeoutError):
        async with asyncio.timeout(timeout_s):  # not wait_for, which can lose a cancellation before Python 3.12
            await event.wait()

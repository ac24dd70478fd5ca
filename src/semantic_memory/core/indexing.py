"""Keeps every index level with the change log."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress

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
"""Rest after applying, as a multiple of the time it took: indexing stays below a fifth of one core while writes stream in."""

RETRY_S = 5.0
"""Pause after an index failed, so that a dead backend is asked rarely."""


class Indexer:
    """Applies changes in the background; indexes that another process writes are only watched."""

    def __init__(self, changes: ChangeLog, indexes: Mapping[str, Index]) -> None:
        self._changes = changes
        self._indexes = indexes
        self._nudged = asyncio.Event()
        self._moved = asyncio.Event()
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
                await asyncio.sleep(REST_FACTOR * (time.monotonic() - started))
            elif self._problems:
                await asyncio.sleep(RETRY_S)
            await self._wait_for_nudge()

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
        while min(await self.positions()) < sequence:
            if time.monotonic() >= deadline:
                return False
            await self._wait_for_move(POLL_S / 20)
        return True

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

    async def _wait_for_nudge(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(POLL_S):  # not wait_for, which can lose a cancellation before Python 3.12
                await self._nudged.wait()

    async def _wait_for_move(self, timeout_s: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await self._moved.wait()

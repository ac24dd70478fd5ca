"""Keeps every index level with the change log."""

import asyncio
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager, suppress
from uuid import uuid4

import structlog

from semantic_memory.core.errors import BackendError, ConflictError
from semantic_memory.core.model import Change
from semantic_memory.core.ports import ChangeLog, Index, Leases

log = structlog.get_logger()

BATCH = 2_000
"""Changes read at a time: about 3 MB of vectors at 384 dimensions."""

POLL_S = 1.0
"""How soon writes of other processes are noticed."""

REST_FACTOR = 4.0
"""Rest after applying, as a multiple of the time it took: indexing stays below a fifth of one core while writes stream in. Nobody rests
while somebody waits for the indexes."""

LONGEST_REST_S = 2.0

TURN_S = 60.0
"""Longest pause between two batches after which another process takes over; also how long a killed writer keeps the others waiting."""

RETRY_S = 5.0
"""Pause after an index failed, so that a dead backend is asked rarely."""


class Turn:
    """One process's claim to be the writer of an index that several could write."""

    def __init__(self, leases: Leases, index: str) -> None:
        self._leases = leases
        self._name = f"index {index}"
        self._holder = uuid4().hex

    async def is_mine(self) -> bool:
        """Takes or prolongs the turn."""
        return await self._leases.hold(self._name, self._holder, lease_s=TURN_S)

    async def end(self) -> None:
        await self._leases.release(self._name, self._holder)


class Indexer:
    """Applies changes in the background; indexes that another process writes are only watched.

    Indexes with a turn in `turns` are written by one process at a time. Two writers would not lose anything, since each change carries the
    newest state, but a slow one could put back what a quick one has just replaced.
    """

    def __init__(self, changes: ChangeLog, indexes: Mapping[str, Index], turns: Mapping[str, Turn] | None = None) -> None:
        self._changes = changes
        self._indexes = indexes
        self._turns = turns or {}
        self._nudged = {name: asyncio.Event() for name in indexes}
        self._moved = asyncio.Event()
        self._awaited = asyncio.Event()
        self._waiters = 0
        self._problems: dict[str, str] = {}
        self.commits = 0
        """How often this process said that it committed."""

    @property
    def problems(self) -> Mapping[str, str]:
        """The last error of each index that could not be written."""
        return self._problems

    def nudge(self) -> None:
        """Says that something was committed."""
        self.commits += 1
        for nudged in self._nudged.values():
            nudged.set()

    async def run(self) -> None:
        """Keeps every index level, each at its own pace; ends only by cancellation."""
        await asyncio.gather(*(self._follow(name) for name in self._indexes))

    async def catch_up(self) -> bool:
        """Applies what the writable indexes lack; True when there was anything."""
        return any(await asyncio.gather(*(self._caught_up(name) for name in self._indexes)))

    async def _follow(self, name: str) -> None:
        """Catches up, rests, and waits for the next commit."""
        while True:
            self._nudged[name].clear()
            started = time.monotonic()
            if await self._caught_up(name):
                await _wait(self._awaited, min(REST_FACTOR * (time.monotonic() - started), LONGEST_REST_S))
            elif name in self._problems:
                await asyncio.sleep(RETRY_S)
            await _wait(self._nudged[name], POLL_S)

    async def _caught_up(self, name: str) -> bool:
        try:
            applied = await self._level(name, self._indexes[name])
            self._problems.pop(name, None)
        except BackendError as error:
            self._problems[name] = error.message
            log.warning("index not written", index=name, code=error.code, error=error.message)
            return False
        except Exception as error:  # the loop outlives a bug in one index, and `status` shows it
            self._problems[name] = f"internal: {type(error).__name__}"
            log.exception("index not written", index=name)
            return False
        if applied:
            self._moved.set()
            self._moved = asyncio.Event()
        return applied

    async def fill(self, name: str, progress: Callable[[int, int], None]) -> None:
        """Brings one index level, telling `progress` its position and the head. Raises: ConflictError while others write; BackendError."""
        index = self._indexes[name]
        if not await self._may_write(name, index):
            raise ConflictError(f"another process writes the {name} index")
        while changes := await self._read(after=await index.position()):
            await index.apply(changes)
            progress(changes[-1].sequence, await self._changes.head())
            await self._may_write(name, index)

    async def reached(self, sequence: int, *, timeout_s: float) -> bool:
        """Whether every index showed all changes up to `sequence` within the time; nobody waits for an index that is down."""
        deadline = time.monotonic() + timeout_s
        with self._waiting():
            while lacking := [name for name in self._indexes if await self._position(name) < sequence]:
                if time.monotonic() >= deadline or not self._problems.keys().isdisjoint(lacking):
                    return False
                await _wait(self._moved, POLL_S / 20)
        return True

    async def shows(self, sequence: int) -> bool:
        """Whether every index shows all changes up to `sequence` now."""
        return all([await self._position(name) >= sequence for name in self._indexes])

    async def end_turns(self) -> None:
        """Lets other processes write at once what this one wrote."""
        for turn in self._turns.values():
            with suppress(BackendError):  # the turn ends by itself a minute later
                await turn.end()

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

    async def lag(self) -> Mapping[str, int]:
        """Changes each index still lacks, at most those there are; 0 means level. An index that is down lacks all of them."""
        head = await self._changes.head()
        return {name: max(0, head - await self._position(name)) for name in self._indexes}

    async def _position(self, name: str) -> int:
        """0 for an index that is down; `problems` then has it."""
        try:
            return await self._indexes[name].position()
        except BackendError as error:
            self._problems[name] = error.message
            return 0

    async def _level(self, name: str, index: Index) -> bool:
        if await index.position() >= await self._changes.head() or not await self._may_write(name, index):
            return False
        while changes := await self._read(after=await index.position()):
            await index.apply(changes)
            if not await self._may_write(name, index):
                break
        return True

    async def _may_write(self, name: str, index: Index) -> bool:
        turn = self._turns.get(name)
        return await index.writable() and (turn is None or await turn.is_mine())

    async def _read(self, *, after: int) -> Sequence[Change]:
        return await self._changes.read(after=after, limit=BATCH)


async def _wait(event: asyncio.Event, timeout_s: float) -> None:
    """Until the event or the time, whichever comes first."""
    with suppress(TimeoutError):
        async with asyncio.timeout(timeout_s):  # not wait_for, which can lose a cancellation before Python 3.12
            await event.wait()

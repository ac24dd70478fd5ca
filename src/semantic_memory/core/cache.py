"""Results kept for a while: by whom they may be shared, in which tiers they lie, and who makes them when many ask at once.

A key carries everything a result depends on, first of all its `Scope`: the tenant, the collections the caller may read, and the generation,
the tenant's last write that searches see. So nothing is ever invalidated: after a write other keys are asked for, and the old entries
run out. Early refresh is that of Vattani, Chierichetti and Lowenstein, "Optimal Probabilistic Cache Stampede Prevention", VLDB 2015.
"""

import asyncio
import json
import math
import random
import time
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import blake2b
from typing import Any, Generic, Literal, Protocol, TypeVar

import structlog
from pydantic import TypeAdapter

from semantic_memory.core.access import Access
from semantic_memory.core.model import JsonValue

log = structlog.get_logger()

T = TypeVar("T")

LEASE_S = 5.0
"""How long one process may keep the others waiting for a result it makes; prolonged while it is at work."""
POLL_S = 0.02
LONGEST_POLL_S = 0.2
"""How often those who wait look whether the result is there; the pause grows by half each time."""
STALE_S = 5.0
"""How long after its life an entry still answers while a new one is being made."""
NEGATIVE_LIFE_S = 5.0
"""Life of a result that says there is nothing: an empty search, "I don't know."."""
EAGERNESS = 1.0
"""The paper's beta: above 1 entries are refreshed earlier."""
JITTER = 0.1
"""Share by which lives differ, so that entries made together do not end together."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Who may share an entry. `generation` None is for what no write changes."""

    tenant: str
    collections: tuple[str, ...] | None
    generation: int | None

    @classmethod
    def of(cls, access: Access, generation: int | None) -> "Scope":
        return cls(access.tenant, None if access.collections is None else tuple(sorted(access.collections)), generation)


@dataclass(frozen=True)
class Kind(Generic[T]):
    """One kind of result: its name in keys and metrics, and its type, of which pydantic makes what msgpack can hold and back.

    `version` changes with the type's meaning. Types that hold bytes and nothing but plain values besides need the mode "python".
    """

    name: str
    type: Any
    version: int = 1
    mode: Literal["json", "python"] = "json"

    @cached_property
    def adapter(self) -> TypeAdapter[T]:
        return TypeAdapter(self.type)

    def plain(self, value: T) -> Any:
        return self.adapter.dump_python(value, mode=self.mode)

    def restored(self, plain: Any) -> T:
        """Raises: ValueError for what is no value of this type."""
        return self.adapter.validate_python(plain)


@dataclass(frozen=True)
class Key(Generic[T]):
    """Built from a kind, a scope and the parameters; equal texts are equal results."""

    kind: Kind[T]
    scope: Scope
    parameters: Mapping[str, JsonValue]

    def __post_init__(self) -> None:
        if not isinstance(self.scope, Scope):  # pyright: ignore[reportUnnecessaryIsInstance]  # a missing scope would share one tenant's results with all
            raise TypeError("a cache key needs a Scope")

    @cached_property
    def text(self) -> str:
        scope = self.scope
        parts = [self.kind.name, self.kind.version, scope.tenant, scope.collections, scope.generation, dict(self.parameters)]
        return json.dumps(parts, sort_keys=True, separators=(",", ":"))

    @cached_property
    def name(self) -> str:
        """Short, and begins with what operators clear by: kind and tenant."""
        return f"{self.kind.name}:{tenant_digest(self.scope.tenant)}:{blake2b(self.text.encode(), digest_size=16).hexdigest()}"


@dataclass(frozen=True, slots=True)
class Entry(Generic[T]):
    """`made_at` and `life_s` in seconds of the wall clock; `cost_s` is what making it took."""

    value: T
    made_at: float
    life_s: float
    cost_s: float

    def left_s(self, now: float) -> float:
        """Negative once its life is over; never more than all of it, whatever the clock of the machine that made it."""
        return min(self.made_at + self.life_s - now, self.life_s)


class Tier(Protocol):
    """One level. Anything may be gone at any time, a tier that is down answers as if empty, and no request sees it raise."""

    @property
    def level(self) -> str:
        """ "l0" for this process, "l1" for what several share."""
        ...

    @property
    def events(self) -> Counter[str]:
        """Counts since the start: entries "corrupt", "too large", "evicted"; "late" writers; calls "refused", "failed", "down"."""
        ...

    async def get(self, key: Key[T]) -> Entry[T] | None:
        """The entry, also for `STALE_S` after its life."""
        ...

    async def get_or_lock(self, key: Key[T], *, lease_s: float) -> tuple[Entry[T] | None, str | None]:
        """In one step the entry, or else the token of its lock; neither while another process makes the result.

        The token is empty, and holds nobody up, where there is nothing to lock: in a tier of one process, or one that is down.
        """
        ...

    async def lock(self, key: Key[Any], *, lease_s: float) -> str | None:
        """The token, as above, whether or not there is an entry."""
        ...

    async def prolong(self, key: Key[Any], token: str, *, lease_s: float) -> bool:
        """Whether the token still held the lock."""
        ...

    async def unlock(self, key: Key[Any], token: str) -> None:
        """Nothing happens to a lock that has passed on to another process."""
        ...

    async def put(self, key: Key[T], entry: Entry[T], *, token: str = "") -> None:
        """With a token only while that still holds the lock: who lost it is late."""
        ...

    async def clear(self, *, kind: str | None = None, tenant: str | None = None) -> int:
        """How many entries were removed. Raises: BackendUnavailableError, as an operator must know."""
        ...

    async def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Cached(Generic[T]):
    """`level` is where the value came from, None when it was made for this call."""

    value: T
    level: str | None


@dataclass
class Statistics:
    """Counts since the start, by kind; hits by tier and kind. A wait is for another process's result."""

    hits: Counter[tuple[str, str]] = field(default_factory=Counter[tuple[str, str]])
    misses: Counter[str] = field(default_factory=Counter[str])
    stale: Counter[str] = field(default_factory=Counter[str])
    waits: Counter[str] = field(default_factory=Counter[str])


FillObserver = Callable[[str, float], None]
"""Told kind and seconds whenever a result was made."""


class Cache:
    """Tiers, nearest first, over whatever makes the results: none, this process's, or this process's and a shared one.

    `lives` are the seconds an entry lives, tier by tier. Of the calls in this process that ask for one key at once, one does the work; of
    the processes that share a tier, one does.
    """

    def __init__(
        self,
        tiers: Sequence[Tier],
        lives: Sequence[float],
        *,
        clock: Callable[[], float] = time.time,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._tiers = list(zip(tiers, lives, strict=True))
        self._clock = clock
        self._chance = chance
        self._flights: dict[str, asyncio.Task[Cached[Any]]] = {}
        self._unlocking: set[asyncio.Task[None]] = set()
        self.statistics = Statistics()
        self.observe_fill: FillObserver = _unheard

    @property
    def tiers(self) -> Sequence[Tier]:
        return [tier for tier, _ in self._tiers]

    async def get_or_make(
        self, key: Key[T], make: Callable[[], Awaitable[T]], *, life: Callable[[T], float] = lambda _: math.inf
    ) -> Cached[T]:
        """The result, from the nearest tier that has it, or made now. `life` bounds the seconds one is kept; 0 keeps it nowhere.

        Raises: what `make` raises, to everybody who waits for it; it is not kept.
        """
        for nearest, _ in self._tiers[:1]:
            entry = await nearest.get(key)
            if entry is not None:
                if self._is_due(entry):
                    self._flight(key, make, life)
                return self._hit(nearest, key, entry)
        return await asyncio.shield(self._flight(key, make, life))

    async def get(self, key: Key[T]) -> Cached[T] | None:
        """The result, if a tier has it and its life is not over; nothing is made."""
        for tier, _ in self._tiers:
            entry = await tier.get(key)
            if entry is not None and entry.left_s(self._clock()) > 0:
                return self._hit(tier, key, entry)
        return None

    async def put(self, key: Key[T], value: T, *, cost_s: float, life_s: float) -> None:
        """Keeps a result that was made elsewhere in `cost_s` seconds, for at most `life_s`."""
        self.statistics.misses[key.kind.name] += 1
        self.observe_fill(key.kind.name, cost_s)
        for tier, longest in self._tiers if life_s > 0 else ():
            kept = min(life_s, longest) * (1 - JITTER * self._chance())
            await tier.put(key, Entry(value, self._clock(), kept, cost_s))

    async def close(self) -> None:
        """Ends what is being made, and whoever still waits for it, then the tiers."""
        flights = list(self._flights.values())
        for flight in flights:
            flight.cancel()
        await asyncio.gather(*flights, return_exceptions=True)
        await asyncio.gather(*self._unlocking)
        for tier in self.tiers:
            await tier.close()

    def _hit(self, tier: Tier, key: Key[T], entry: Entry[T]) -> Cached[T]:
        self.statistics.hits[tier.level, key.kind.name] += 1
        self.statistics.stale[key.kind.name] += entry.left_s(self._clock()) <= 0
        return Cached(entry.value, tier.level)

    def _is_due(self, entry: Entry[Any]) -> bool:
        """Whether this call is the one that refreshes: the likelier, the nearer the end is and the more the result costs."""
        left_s = entry.left_s(self._clock())
        return -entry.cost_s * EAGERNESS * math.log(max(self._chance(), 1e-12)) >= left_s

    def _flight(self, key: Key[T], make: Callable[[], Awaitable[T]], life: Callable[[T], float]) -> "asyncio.Task[Cached[T]]":
        """The one task in this process that fetches or makes the result; a caller who gives up leaves it to the others."""
        flight = self._flights.get(key.text)
        if flight is None:
            flight = self._flights[key.text] = asyncio.create_task(self._fetched(key, make, life))
            flight.add_done_callback(lambda done: self._landed(key, done))
        return flight

    def _landed(self, key: Key[Any], flight: "asyncio.Task[Cached[Any]]") -> None:
        del self._flights[key.text]
        if not flight.cancelled() and (error := flight.exception()) is not None:
            log.debug("result not made", kind=key.kind.name, error=type(error).__name__)  # those who wait are told by the task itself

    async def _fetched(self, key: Key[T], make: Callable[[], Awaitable[T]], life: Callable[[T], float]) -> Cached[T]:
        """From the shared tier, or made by the process that holds the lock there."""
        if len(self._tiers) < 2:
            return await self._made(key, make, life)
        shared = self._tiers[1][0]
        entry, token = await self._found_or_locked(key)
        if entry is not None:
            token = await shared.lock(key, lease_s=LEASE_S) if self._is_due(entry) else None
            if token is None:
                return await self._copied(key, entry)
        if not token:
            return await self._made(key, make, life)
        try:
            async with _prolonged(shared, key, token):
                return await self._made(key, make, life, token=token)
        finally:
            self._unlock(key, token)

    async def _found_or_locked(self, key: Key[T]) -> tuple[Entry[T] | None, str | None]:
        """What the process that holds the lock makes, or the lock it gave up; neither when both take longer than a lease."""
        shared = self._tiers[1][0]
        pause, end = POLL_S, time.monotonic() + LEASE_S
        found = await shared.get_or_lock(key, lease_s=LEASE_S)
        self.statistics.waits[key.kind.name] += found == (None, None)
        while found == (None, None) and (left := end - time.monotonic()) > 0:
            await asyncio.sleep(min(pause, left))
            pause = min(1.5 * pause, LONGEST_POLL_S)
            found = await shared.get_or_lock(key, lease_s=LEASE_S)
        return found

    async def _copied(self, key: Key[T], entry: Entry[T]) -> Cached[T]:
        """A shared entry, kept here as well for what is left of its life."""
        (nearest, longest), (shared, _) = self._tiers
        now = self._clock()
        await nearest.put(key, Entry(entry.value, now, min(entry.left_s(now), longest), entry.cost_s))
        return self._hit(shared, key, entry)

    async def _made(self, key: Key[T], make: Callable[[], Awaitable[T]], life: Callable[[T], float], *, token: str = "") -> Cached[T]:
        started = time.monotonic()
        value = await make()
        cost = time.monotonic() - started
        self.statistics.misses[key.kind.name] += 1
        self.observe_fill(key.kind.name, cost)
        longest = life(value)
        for tier, life_s in self._tiers if longest > 0 else ():
            kept = min(longest, life_s) * (1 - JITTER * self._chance())
            await tier.put(key, Entry(value, self._clock(), kept, cost), token=token)
        return Cached(value, None)

    def _unlock(self, key: Key[Any], token: str) -> None:
        """Without keeping those who wait for the result."""
        unlocking = asyncio.create_task(self._tiers[1][0].unlock(key, token))
        self._unlocking.add(unlocking)
        unlocking.add_done_callback(self._unlocking.discard)


def tenant_digest(tenant: str) -> str:
    """How a tenant is named in the keys of a shared tier."""
    return blake2b(tenant.encode("utf-8", "surrogatepass"), digest_size=6).hexdigest()


@asynccontextmanager
async def _prolonged(tier: Tier, key: Key[Any], token: str) -> AsyncGenerator[None]:
    """Keeps a lock while its holder is at work."""

    async def keep() -> None:
        held = True
        while held:
            await asyncio.sleep(LEASE_S / 3)
            held = await tier.prolong(key, token, lease_s=LEASE_S)

    keeping = asyncio.create_task(keep())
    try:
        yield
    finally:
        keeping.cancel()
        await asyncio.wait([keeping])


def _unheard(kind: str, seconds: float) -> None:
    """Nobody measures."""

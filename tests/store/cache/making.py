"""Keys, values and caches of tests."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from semantic_memory.core.cache import Cache, Entry, Key, Kind, Scope
from semantic_memory.core.model import JsonValue
from semantic_memory.store.cache.memory import MemoryCache
from semantic_memory.store.cache.redis import RedisCache

PREFIX = "test:cache:"
MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Note:
    """A value of some structure."""

    text: str
    lines: tuple[int, ...] = ()


NOTE: Kind[Note] = Kind("note", Note)


class Clock:
    """A wall clock that tests move."""

    def __init__(self, now: float = 1_800_000_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


class Making:
    """Makes notes, numbered, and counts them."""

    def __init__(self, takes_s: float = 0.0, error: Exception | None = None) -> None:
        self.times = 0
        self._takes_s = takes_s
        self._error = error

    async def __call__(self) -> Note:
        self.times += 1
        number = self.times
        await asyncio.sleep(self._takes_s)
        if self._error is not None:
            raise self._error
        return Note(f"made {number}")


def key(query: str = "q", *, tenant: str = "acme", kind: Kind[Note] = NOTE, generation: int | None = 7, **others: JsonValue) -> Key[Note]:
    return Key(kind, Scope(tenant, None, generation), {"query": query, **others})


def entry(text: str = "kept", *, life_s: float = 30.0, made_at: float = 1_800_000_000.0) -> Entry[Note]:
    return Entry(Note(text, (1, 2)), made_at, life_s, 0.25)


@asynccontextmanager
async def shared_cache(url: str, *, chance: Callable[[], float] = lambda: 0.999999) -> AsyncGenerator[Cache]:
    """Of a process of its own: a memory tier before the one at `url`. By default nothing is refreshed early."""
    cache = Cache([MemoryCache(MIB), RedisCache(url, PREFIX)], [30, 300], chance=chance)
    try:
        yield cache
    finally:
        await cache.close()


async def until(holds: Callable[[], bool] | Callable[[], Awaitable[bool]], *, within_s: float = 8.0) -> None:
    async with asyncio.timeout(within_s):
        while True:
            held = holds()
            if held if isinstance(held, bool) else await held:
                return
            await asyncio.sleep(0.02)

"""L0: results in this process's memory, least recently used out first."""

from collections import Counter
from dataclasses import dataclass
from typing import Any, TypeVar

import cachetools

from semantic_memory.core.cache import STALE_S, Entry, Key
from semantic_memory.core.settings import Settings
from semantic_memory.store.cache_envelope import size_of

T = TypeVar("T")

OVERHEAD = 4
"""What an object takes in memory, in times of its packed size (search results with ten hits: 3.6)."""


def build(settings: Settings) -> "MemoryCache":
    """As many bytes as `CACHE_MEMORY_BYTES`."""
    return MemoryCache(settings.cache_memory_bytes)


@dataclass(frozen=True, slots=True)
class _Held:
    key: Key[Any]
    entry: Entry[Any]
    size: int


class _Entries(cachetools.TLRUCache[str, _Held]):
    """Counts what is pushed out before its time."""

    def __init__(self, max_bytes: int, events: Counter[str]) -> None:
        super().__init__(max_bytes, ttu=lambda _, held, now: now + held.entry.life_s + STALE_S, getsizeof=lambda held: held.size)
        self._events = events

    def popitem(self) -> tuple[str, _Held]:
        self._events["evicted"] += 1
        return super().popitem()


class MemoryCache:
    """`Tier` in a dictionary. Values are handed out as they are: they are immutable."""

    level = "l0"

    def __init__(self, max_bytes: int) -> None:
        self.events: Counter[str] = Counter()
        self._entries = _Entries(max_bytes, self.events)

    @property
    def bytes(self) -> int:
        """What the entries take, about."""
        return int(self._entries.currsize)

    async def get(self, key: Key[T]) -> Entry[T] | None:
        held = self._entries.get(key.text)
        return None if held is None else held.entry

    async def get_or_lock(self, key: Key[T], *, lease_s: float) -> tuple[Entry[T] | None, str | None]:  # noqa: ARG002 - no other process makes these
        entry = await self.get(key)
        return entry, "" if entry is None else None

    async def lock(self, key: Key[Any], *, lease_s: float) -> str | None:  # noqa: ARG002
        return ""

    async def prolong(self, key: Key[Any], token: str, *, lease_s: float) -> bool:  # noqa: ARG002
        return True

    async def unlock(self, key: Key[Any], token: str) -> None:
        """Nothing was locked."""

    async def put(self, key: Key[T], entry: Entry[T], *, token: str = "") -> None:  # noqa: ARG002 - nobody else writes here
        try:
            self._entries[key.text] = _Held(key, entry, OVERHEAD * size_of(key, entry))
        except ValueError:  # for the envelope, or for all of this tier
            self.events["too large"] += 1

    async def clear(self, *, kind: str | None = None, tenant: str | None = None) -> int:
        held = list(self._entries.items())
        gone = [text for text, one in held if kind in (None, one.key.kind.name) and tenant in (None, one.key.scope.tenant)]
        for text in gone:
            self._entries.pop(text, None)
        return len(gone)

    async def close(self) -> None:
        self._entries.clear()

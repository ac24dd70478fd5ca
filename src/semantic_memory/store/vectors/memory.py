"""Vectors in this process's memory, compared one by one: for tests, demos and as the reference the other adapters must agree with."""

from collections.abc import Mapping, Sequence
from typing import ClassVar
from uuid import UUID

import numpy as np

from semantic_memory.core.access import Access
from semantic_memory.core.filters import Filters, matches
from semantic_memory.core.model import Change, IndexEntry, Match, Vector
from semantic_memory.core.ports import VectorIndex
from semantic_memory.core.settings import Settings


def build(settings: Settings) -> VectorIndex:  # noqa: ARG001 - adapters are built alike
    """An empty index; nothing outlives the process."""
    return MemoryVectorIndex()


class MemoryVectorIndex:
    is_shared: ClassVar[bool] = False
    dropped = 0

    def __init__(self) -> None:
        self._entries: dict[tuple[str, UUID], IndexEntry] = {}
        self._position = 0

    async def writable(self) -> bool:
        return True

    async def position(self) -> int:
        return self._position

    async def apply(self, changes: Sequence[Change]) -> None:
        for change in changes:
            key = (change.tenant, change.passage_id)
            self._entries.pop(key, None)
            if change.entry is not None:
                self._entries[key] = change.entry
            self._position = change.sequence

    async def passage_ids(self, *, access: Access) -> frozenset[UUID]:
        return frozenset(entry.passage_id for entry in self._readable(access, Filters()))

    async def reset(self) -> None:
        self._entries.clear()
        self._position = 0

    async def close(self) -> None:
        self._entries.clear()

    async def search(self, vector: Vector, *, access: Access, filters: Filters, limit: int) -> list[Match]:
        found = _scored(vector, self._readable(access, filters))
        return sorted(found, key=lambda match: (-match.score, match.passage_id))[: max(limit, 0)]

    async def scores(self, vector: Vector, ids: Sequence[UUID], *, access: Access) -> Mapping[UUID, float]:
        wanted = frozenset(ids)
        entries = [entry for entry in self._readable(access, Filters()) if entry.passage_id in wanted]
        return {match.passage_id: match.score for match in _scored(vector, entries)}

    def _readable(self, access: Access, filters: Filters) -> list[IndexEntry]:
        return [
            entry
            for (tenant, _), entry in self._entries.items()
            if tenant == access.tenant and access.allows(entry.attributes.collection) and matches(filters, entry.attributes)
        ]


def _scored(vector: Vector, entries: Sequence[IndexEntry]) -> list[Match]:
    if not entries:
        return []
    cosines = np.stack([entry.vector for entry in entries]) @ vector
    return [Match(entry.passage_id, float(cosine)) for entry, cosine in zip(entries, cosines, strict=True)]

"""Vectors in this process's memory, compared one by one: for tests, demos and as the reference the other adapters must agree with."""

from collections.abc import Mapping, Sequence
from uuid import UUID

import numpy as np

from semantic_memory.core.access import Access
from semantic_memory.core.filters import Filters, matches
from semantic_memory.core.model import IndexEntry, Match, Vector
from semantic_memory.core.ports import VectorIndex
from semantic_memory.core.settings import Settings
from semantic_memory.store.memory_index import MemoryIndex


def build(settings: Settings) -> VectorIndex:  # noqa: ARG001 - adapters are built alike
    """An empty index; nothing outlives the process."""
    return MemoryVectorIndex()


class MemoryVectorIndex(MemoryIndex[IndexEntry]):
    def kept(self, entry: IndexEntry) -> IndexEntry:
        return entry

    async def search(self, vector: Vector, *, access: Access, filters: Filters, limit: int) -> list[Match]:
        found = _scored(vector, [entry for entry in self.readable(access) if matches(filters, entry.attributes)])
        return sorted(found, key=lambda match: (-match.score, match.passage_id))[: max(limit, 0)]

    async def scores(self, vector: Vector, ids: Sequence[UUID], *, access: Access) -> Mapping[UUID, float]:
        wanted = frozenset(ids)
        entries = [entry for entry in self.readable(access) if entry.passage_id in wanted]
        return {match.passage_id: match.score for match in _scored(vector, entries)}


def _scored(vector: Vector, entries: Sequence[IndexEntry]) -> list[Match]:
    if not entries:
        return []
    cosines = np.stack([entry.vector for entry in entries]) @ vector
    return [Match(entry.passage_id, float(cosine)) for entry, cosine in zip(entries, cosines, strict=True)]

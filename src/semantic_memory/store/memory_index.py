"""The half of an index in this process's memory that is alike for vectors and words."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar, Generic, Protocol, TypeVar
from uuid import UUID

from semantic_memory.core.access import Access
from semantic_memory.core.model import Attributes, Change, IndexEntry


class Kept(Protocol):
    """What is kept of a passage."""

    @property
    def passage_id(self) -> UUID: ...
    @property
    def attributes(self) -> Attributes: ...


K = TypeVar("K", bound=Kept)


class MemoryIndex(ABC, Generic[K]):
    """The `Index` port over a dictionary; nothing outlives the process."""

    is_shared: ClassVar[bool] = False
    dropped = 0

    def __init__(self) -> None:
        self._passages: dict[tuple[str, UUID], K] = {}
        self._position = 0

    @abstractmethod
    def kept(self, entry: IndexEntry) -> K:
        """What searches need of it."""

    async def writable(self) -> bool:
        return True

    async def position(self) -> int:
        return self._position

    async def apply(self, changes: Sequence[Change]) -> None:
        for change in changes:
            key = (change.tenant, change.passage_id)
            self._passages.pop(key, None)
            if change.entry is not None:
                self._passages[key] = self.kept(change.entry)
            self._position = change.sequence

    async def passage_ids(self, *, access: Access) -> frozenset[UUID]:
        return frozenset(passage.passage_id for passage in self.readable(access))

    async def reset(self) -> None:
        self._passages.clear()
        self._position = 0

    async def close(self) -> None:
        self._passages.clear()

    def readable(self, access: Access) -> list[K]:
        mine = (passage for (tenant, _), passage in self._passages.items() if tenant == access.tenant)
        return [passage for passage in mine if access.allows(passage.attributes.collection)]

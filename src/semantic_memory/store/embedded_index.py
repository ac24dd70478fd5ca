"""What the embedded indexes share: threads, ownership, position and recovery. The collections themselves are the subclass's."""

import asyncio
import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import ClassVar, Generic, Protocol, TypeVar
from uuid import UUID

import structlog

from semantic_memory.core.access import Access
from semantic_memory.core.errors import CorruptDataError
from semantic_memory.core.filters import Filters
from semantic_memory.core.model import Change
from semantic_memory.store.index_folder import IndexFolder, disk_errors

log = structlog.get_logger()

T = TypeVar("T")


class OpenCollection(Protocol):
    """One collection's files, followed as the owner changes them; safe to use from several threads."""

    def check(self) -> None:
        """Raises: CorruptDataError when a file is missing or wrong."""
        ...

    def passage_ids(self) -> Sequence[bytes]: ...


C = TypeVar("C", bound=OpenCollection)


class EmbeddedIndex(ABC, Generic[C]):
    """The `Index` port over a folder of collections. Reads run in a few threads, writes in one; none on the event loop."""

    is_shared: ClassVar[bool] = False
    dropped = 0

    def __init__(self, folder: IndexFolder, *, prepare_thread: Callable[[], None] | None = None) -> None:
        self.folder = folder
        self._collections: dict[Path, C] = {}
        self._is_sound = False
        name = folder.root.name
        self._readers = ThreadPoolExecutor(os.cpu_count() or 1, f"{name}-search", initializer=prepare_thread)
        self._writer = ThreadPoolExecutor(1, f"{name}-writer", initializer=prepare_thread)

    @abstractmethod
    def open_collection(self, folder: Path) -> C:
        """Cheap: files are opened by the first use."""

    @abstractmethod
    def write(self, folder: Path, batch: Sequence[Change]) -> None:
        """Makes the changes of one collection visible to every process; the folder may be new."""

    @abstractmethod
    def forget_writers(self) -> None:
        """Closes whatever `write` keeps open."""

    async def writable(self) -> bool:
        return await self.written(self._writable)

    async def position(self) -> int:
        """0 also while files are missing or wrong, so that the owner rebuilds."""
        return await self.read(lambda: self.folder.position() if self._is_sound or self._check() else 0)

    async def apply(self, changes: Sequence[Change]) -> None:
        await self.written(lambda: self._apply(changes))

    async def passage_ids(self, *, access: Access) -> frozenset[UUID]:
        return await self.read(lambda: self._passage_ids(access))

    async def reset(self) -> None:
        await self.written(self._reset)

    async def close(self) -> None:
        await self.written(self.forget_writers)
        for threads in (self._readers, self._writer):
            await asyncio.to_thread(threads.shutdown)
        self.folder.release()

    async def read(self, call: Callable[[], T]) -> T:
        """Runs the call in one of the reading threads."""
        return await asyncio.get_running_loop().run_in_executor(self._readers, lambda: self._watched(call))

    async def written(self, call: Callable[[], T]) -> T:
        """Runs the call in the writing thread, so that writes come one after the other."""
        return await asyncio.get_running_loop().run_in_executor(self._writer, lambda: self._watched(call))

    def readable(self, access: Access, filters: Filters) -> list[C]:
        """The collections that the caller may read and the filters name."""
        return [self.collection(folder) for folder in self.folder.readable(access, filters)]

    def collection(self, folder: Path) -> C:
        # `setdefault` is atomic: two threads that ask at once get the same object.
        return self._collections.get(folder) or self._collections.setdefault(folder, self.open_collection(folder))

    def _watched(self, call: Callable[[], T]) -> T:
        with disk_errors():
            try:
                return call()
            except CorruptDataError:
                self._is_sound = False
                raise

    def _writable(self) -> bool:
        if not self.folder.own():
            return False
        if not self._is_sound and not self._check():
            log.warning("index is damaged and will be rebuilt", folder=str(self.folder.root))
            self._clear()
        return True

    def _check(self) -> bool:
        try:
            for folder in self.folder.collections():
                self.collection(folder).check()
            self._is_sound = self.folder.is_complete()
        except CorruptDataError:
            self._is_sound = False
        return self._is_sound

    def _apply(self, changes: Sequence[Change]) -> None:
        self.folder.require_owner()
        batches: dict[tuple[str, str], list[Change]] = {}
        for change in changes:
            batches.setdefault((change.tenant, change.collection), []).append(change)
        for (tenant, collection), batch in batches.items():
            self.write(self.folder.collection(tenant, collection), batch)
        if changes:
            self.folder.set_position(changes[-1].sequence)

    def _reset(self) -> None:
        self.folder.require_owner()
        self._clear()

    def _clear(self) -> None:
        self.forget_writers()
        self._collections = {}
        self.folder.clear()
        self._is_sound = True

    def _passage_ids(self, access: Access) -> frozenset[UUID]:
        collections = self.readable(access, Filters())
        return frozenset(UUID(bytes=passage) for collection in collections for passage in collection.passage_ids())

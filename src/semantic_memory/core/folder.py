"""Ingests whole folders: many files at once, one report."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from semantic_memory.core.access import Access
from semantic_memory.core.errors import ConfigurationError, ForbiddenError, SemanticMemoryError
from semantic_memory.core.indexing import Indexer
from semantic_memory.core.ingest import Ingest, Ingested, IngestObserver, Outcome, Silent
from semantic_memory.core.model import SourceFile
from semantic_memory.core.ports import FileSource

INDEX_WAIT_S = 60.0
"""How long a finished folder waits until searches see all of it."""


class Progress(IngestObserver, Protocol):
    """Hears of a folder's progress."""

    def found(self, files: int) -> None: ...

    def finished(self, file: Ingested) -> None: ...


class Quiet(Silent):
    def found(self, files: int) -> None:
        """Nobody watches."""

    def finished(self, file: Ingested) -> None:
        """Nobody watches."""


@dataclass(frozen=True, slots=True)
class Summary:
    """Every file's outcome, in the order they finished, each before the files within it.

    `searchable` is False when an index still lags behind the commits.
    """

    files: Sequence[Ingested]
    searchable: bool

    def count(self, outcome: Outcome) -> int:
        return Counter(file.outcome for file in self.files)[outcome]

    @property
    def blocks(self) -> int:
        return sum(file.blocks for file in self.files)

    @property
    def passages(self) -> int:
        return sum(file.passages for file in self.files)


class IngestFolder:
    """The folder use case."""

    def __init__(self, source: FileSource, ingest: Ingest, indexer: Indexer, *, concurrency: int) -> None:
        self._source = source
        self._ingest = ingest
        self._indexer = indexer
        self._concurrency = concurrency

    async def __call__(self, roots: Sequence[Path], *, collection: str, access: Access, progress: Progress | None = None) -> Summary:
        """Raises: NotFoundError when a root does not exist; ForbiddenError and ConfigurationError, which would fail every file."""
        progress = progress or Quiet()
        found = await asyncio.to_thread(self._files, roots)
        progress.found(len(found))
        waiting = iter(found)
        done: list[Ingested] = []

        async def worker() -> None:
            for file in waiting:
                outcome = await self._one(file, collection, access, progress)
                self._indexer.nudge()
                done.extend(outcome.all)
                progress.finished(outcome)

        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(self._concurrency):
                    group.create_task(worker())
        except ExceptionGroup as failures:
            raise failures.exceptions[0] from failures
        last = max((file.sequence for file in done), default=0)
        return Summary(files=done, searchable=await self._indexer.reached(last, timeout_s=INDEX_WAIT_S))

    def _files(self, roots: Sequence[Path]) -> list[SourceFile]:
        """Each file once, also where the roots overlap."""
        return list({(file.source, file.path): file for root in roots for file in self._source.files(root)}.values())

    async def _one(self, file: SourceFile, collection: str, access: Access, progress: Progress) -> Ingested:
        try:
            return await self._ingest(file, collection=collection, access=access, observer=progress)
        except (ForbiddenError, ConfigurationError):
            raise
        except SemanticMemoryError as error:
            return Ingested(path=file.path, outcome=Outcome.FAILED, code=error.code, reason=error.message)
        except OSError as error:
            return Ingested(path=file.path, outcome=Outcome.FAILED, code="unreadable", reason=error.strerror or str(error))

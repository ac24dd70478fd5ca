"""The façade every entry point holds: one memory, its use cases and its background work."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol, TypeVar
from uuid import UUID

from semantic_memory.core import fsck
from semantic_memory.core.access import DEFAULT_COLLECTION, Access, Role, local_access
from semantic_memory.core.answers import Answer, Events, Question, TurnStore, Usage
from semantic_memory.core.ask import Asking
from semantic_memory.core.cache import Cache
from semantic_memory.core.delete import Delete
from semantic_memory.core.errors import NotFoundError, NotIndexedError, SemanticMemoryError
from semantic_memory.core.filters import Filters
from semantic_memory.core.folder import IngestFolder, Progress, Summary
from semantic_memory.core.hot_queries import HotQueries
from semantic_memory.core.indexing import Indexer
from semantic_memory.core.ingest import Ingest, Ingested, keep
from semantic_memory.core.jobs import Handler, JobWorker, new_job
from semantic_memory.core.model import (
    ContentBlock,
    Counts,
    Document,
    Job,
    Json,
    Matrix,
    SearchResult,
    SourceFile,
)
from semantic_memory.core.ports import BlobStore, Catalogue, Embedder, FileSource, Index, UserStore
from semantic_memory.core.search import Searching
from semantic_memory.core.stores import Stores
from semantic_memory.core.usage import Budget
from semantic_memory.core.views import ingested_view

T = TypeVar("T")

UPLOADS = "upload"
"""Source of documents that came by request rather than from a folder."""

INDEX_WAIT_S = 10.0
"""How long a write waits until searches see it; it is durable either way."""


LEVEL_WAIT_S = 3600.0
"""How long an operator's command waits until the indexes have caught up: a million passages take minutes."""


class Closeable(Protocol):
    async def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Status:
    """What is in the memory and how far each index is behind it, in changes."""

    counts: Counts
    pending_jobs: int
    lag: Mapping[str, int]
    problems: Mapping[str, str]
    embedder: str
    pipeline: str


@dataclass(frozen=True, slots=True)
class Parts:
    """What `wiring` puts together; `closing` is closed in order, after the background work has ended."""

    catalogue: Catalogue
    blobs: BlobStore
    files: FileSource
    indexes: Mapping[str, Index]
    indexer: Indexer
    stores: Stores
    ingest: Ingest
    delete: Delete
    search: Searching
    ask: Asking
    turns: TurnStore
    budget: Budget
    answers_by: str
    cache: Cache
    hot_queries: HotQueries
    unknown_rows: Callable[[], int]
    embedder: Embedder
    ingest_concurrency: int
    job_workers: int
    job_lease_s: float
    closing: Sequence[Closeable]


class Memory:
    """Ingest, search, ask, read, delete. Every method takes the caller's `access`; the default is the operator of this machine."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._folder = IngestFolder(parts.files, parts.ingest, parts.indexer, concurrency=parts.ingest_concurrency)
        handlers: Mapping[str, Handler] = {"ingest": self._run_ingest_job, "reprocess": self._run_reprocess_job}
        self._workers = [JobWorker(parts.catalogue.jobs, handlers, lease_s=parts.job_lease_s) for _ in range(parts.job_workers)]

    # ── writing ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────────

    async def ingest(
        self, *paths: Path | str, collection: str = DEFAULT_COLLECTION, access: Access | None = None, progress: Progress | None = None
    ) -> Summary:
        """Ingests files and folders of this machine; done when searches see them. One file's failure leaves the others alone."""
        roots = [Path(path) for path in paths]
        return await self._folder(roots, collection=collection, access=access or local_access(), progress=progress)

    async def ingest_file(
        self,
        file: Path,
        *,
        name: str,
        source: str = UPLOADS,
        collection: str = DEFAULT_COLLECTION,
        metadata: Json | None = None,
        access: Access | None = None,
    ) -> Ingested:
        """Ingests one file under the path `name` of `source`; done when searches see it."""
        found = SourceFile(source=source, path=name, file=str(file), metadata=metadata or {})
        return await self._shown(await self._parts.ingest(found, collection=collection, access=access or local_access()))

    async def submit(
        self, file: Path, *, name: str, collection: str = DEFAULT_COLLECTION, metadata: Json | None = None, access: Access | None = None
    ) -> Job:
        """Accepts one upload: when this returns, the bytes and the job that will ingest them are durable."""
        access = access or local_access()
        access.require(Role.INGESTOR)
        content_hash, _ = await self._parts.blobs.put(file, tenant=access.tenant)
        payload: Json = {"name": name, "collection": collection, "metadata": dict(metadata or {}), "principal": access.principal}
        job = await self._enqueue(new_job(access.tenant, "ingest", payload, content_hash=content_hash))
        await keep(self._parts.blobs, content_hash, file, tenant=access.tenant)
        return job

    async def delete(self, document_id: UUID, *, access: Access | None = None) -> Document:
        """Removes a document, and those made of the files within it, from every store. Raises: NotFoundError."""
        access = access or local_access()
        access.require(Role.INGESTOR)
        document, sequence = await self._parts.delete(document_id, access=access)
        await self._visible(sequence)
        return document

    async def reprocess(self, document_id: UUID, *, access: Access | None = None) -> Ingested:
        """Reads a document's stored bytes again, as after an upgrade, an installed extra or a failure; done when searches see it.

        What can be searched stays so when reading fails; `reason` then says why. Raises: NotFoundError.
        """
        document, file = await self.original(document_id, access=access)
        found = SourceFile(document.source, document.path, str(file), document.modified_at, document.metadata)
        return await self._shown(
            await self._parts.ingest(found, collection=document.collection, access=access or local_access(), again=True)
        )

    async def submit_reprocess(self, document_id: UUID, *, access: Access | None = None) -> Job:
        """Accepts the wish to read a document again; durable when this returns. Raises: NotFoundError."""
        access = access or local_access()
        access.require(Role.INGESTOR)
        document = await self.document(document_id, access=access)
        payload: Json = {"document_id": str(document.id), "principal": access.principal}
        return await self._enqueue(new_job(access.tenant, "reprocess", payload, content_hash=document.content_hash))

    # ── finding ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────────

    async def search(
        self, query: str, *, filters: Filters | None = None, top_k: int = 10, explain: bool = False, access: Access | None = None
    ) -> SearchResult:
        """The passages that answer the query best, by meaning and by words, best first."""
        return await self._parts.search(query, filters=filters or Filters(), top_k=top_k, explain=explain, access=access or local_access())

    async def ask(
        self,
        question: str,
        *,
        filters: Filters | None = None,
        top_k: int = 8,
        session: str | None = None,
        temperature: float | None = None,
        access: Access | None = None,
    ) -> Answer:
        """An answer from the documents with checked citations, or "I don't know.".

        `session` goes on with a conversation of the caller's, "new" begins one; `temperature` is for a chat model.
        """
        return await self.answer(Question(question, filters or Filters(), top_k, temperature, session), access=access)

    async def answer(self, question: Question, *, access: Access | None = None) -> Answer:
        """`ask`, for a question put together before."""
        return await self._parts.ask.answer(question, access=access or local_access())

    def ask_stream(self, question: Question, *, access: Access | None = None) -> Events:
        """The same as it comes: `Sources`, then `Said` and `Cited`, then `Done` with the answer. Close it to stop the model."""
        return self._parts.ask.stream(question, access=access or local_access())

    async def end_conversation(self, session: str, *, access: Access | None = None) -> None:
        """Forgets its turns. Raises: NotFoundError."""
        if not await self._parts.turns.remove(session, access=access or local_access()):
            raise NotFoundError

    async def tokens_used(self, *, access: Access | None = None) -> Usage:
        """What the tenant's questions have cost today."""
        return await self._parts.budget.used((access or local_access()).tenant)

    async def embed(self, texts: Sequence[str]) -> Matrix:
        """The texts as the embedder sees them. Raises: InputTooLongError."""
        return await self._parts.embedder.embed(texts)

    @property
    def models(self) -> tuple[str, str]:
        """The names of the embedder and of what writes answers."""
        return self._parts.embedder.model.name, self._parts.answers_by

    # ── reading ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────────

    async def document(self, document_id: UUID, *, access: Access | None = None) -> Document:
        """Raises: NotFoundError."""
        return _found(await self._parts.catalogue.documents.get(document_id, access=access or local_access()))

    async def documents(
        self, *, filters: Filters | None = None, after: UUID | None = None, limit: int = 100, access: Access | None = None
    ) -> list[Document]:
        return await self._parts.catalogue.documents.find(filters or Filters(), access=access or local_access(), after=after, limit=limit)

    async def block(self, block_id: UUID, *, access: Access | None = None) -> ContentBlock:
        """Raises: NotFoundError."""
        return _found(await self._parts.catalogue.documents.block(block_id, access=access or local_access()))

    async def blocks(self, document_id: UUID, *, access: Access | None = None) -> list[ContentBlock]:
        return await self._parts.catalogue.documents.blocks(document_id, access=access or local_access())

    async def original(self, document_id: UUID, *, access: Access | None = None) -> tuple[Document, Path]:
        """The document and where its bytes lie. Raises: NotFoundError."""
        document = await self.document(document_id, access=access)
        return document, await self._parts.blobs.local(document.content_hash, tenant=document.tenant)

    async def job(self, job_id: UUID, *, access: Access | None = None) -> Job:
        """Raises: NotFoundError."""
        return _found(await self._parts.catalogue.jobs.get(job_id, access=access or local_access()))

    @property
    def users(self) -> UserStore:
        return self._parts.catalogue.users

    # ── operating ────────────────────────────────────────────────────────────────────────────────────────────────────────────────────

    async def status(self, *, access: Access | None = None) -> Status:
        access = access or local_access()
        return Status(
            counts=await self._parts.catalogue.documents.counts(access=access),
            pending_jobs=await self._parts.catalogue.jobs.pending(access=access),
            lag=await self._parts.indexer.lag(),
            problems=dict(self._parts.indexer.problems),
            embedder=self._parts.embedder.model.name,
            pipeline=self._parts.ingest.pipeline,
        )

    @property
    def cache(self) -> Cache:
        """What results are kept in, and how often that helped."""
        return self._parts.cache

    async def warm_caches(self, *, limit: int = 20) -> int:
        """Asks the `limit` hottest queries of each tenant again, one after the other; returns how many. For after a write or a start."""
        hottest = list(self._parts.hot_queries.hottest(limit))
        for asked in hottest:
            with suppress(SemanticMemoryError):  # nobody waits for the result; who asks it in earnest is told
                await self._parts.search(asked.query, filters=asked.filters, top_k=asked.top_k, explain=False, access=asked.access)
        return len(hottest)

    @property
    def stores(self) -> Stores:
        """Which engines hold the passages: moving, repairing, dropping."""
        return self._parts.stores

    @property
    def rows_dropped(self) -> Mapping[str, int]:
        """Index rows that searches threw away since the start: `foreign` ones were given to the wrong caller, `unknown` ones are stale."""
        return {"foreign": sum(index.dropped for index in self._parts.indexes.values()), "unknown": self._parts.unknown_rows()}

    async def level(self) -> bool:
        """Waits until every index shows all that was written; False when one is down or takes longer."""
        self._parts.indexer.nudge()
        return await self._parts.indexer.reached(await self._parts.catalogue.changes.head(), timeout_s=LEVEL_WAIT_S)

    async def fsck(self, *, access: Access | None = None) -> fsck.Report:
        """Compares every store with the catalogue, once the indexes have caught up."""
        parts = self._parts
        await self.level()
        return await fsck.fsck(parts.catalogue, parts.blobs, parts.indexes, access=access or local_access())

    async def health(self) -> Mapping[str, Json]:
        """Each component's state and the milliseconds one round trip to it took."""
        loop = asyncio.get_running_loop()
        checks: dict[str, Awaitable[object]] = {"catalogue": self._parts.catalogue.changes.head()}
        checks |= {name: index.position() for name, index in self._parts.indexes.items()}
        report: dict[str, Json] = {}
        for name, check in checks.items():
            started = loop.time()
            try:
                await check
                report[name] = {"status": "ok", "latency_ms": round(1000 * (loop.time() - started), 2)}
            except SemanticMemoryError as error:
                report[name] = {"status": "down", "reason": error.code}
        return report

    @asynccontextmanager
    async def running(self) -> AsyncGenerator["Memory"]:
        """Catches the indexes up, keeps the background work going, and closes everything at the end."""
        tasks: list[asyncio.Task[None]] = []
        try:
            background = [self._parts.indexer.run, *(worker.run for worker in self._workers)]
            await self._parts.stores.open()
            tasks = [asyncio.create_task(run()) for run in background]
            await self._visible(await self._parts.catalogue.changes.head())
            yield self
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self._parts.indexer.end_turns()
            for part in self._parts.closing:
                await part.close()

    async def _shown(self, done: Ingested) -> Ingested:
        return replace(done, searchable=await self._visible(done.sequence))

    async def _visible(self, sequence: int) -> bool:
        self._parts.indexer.nudge()
        return await self._parts.indexer.reached(sequence, timeout_s=INDEX_WAIT_S)

    async def _enqueue(self, job: Job) -> Job:
        job = await self._parts.catalogue.jobs.enqueue(job)
        for worker in self._workers:
            worker.nudge()
        return job

    async def _run_reprocess_job(self, job: Job) -> Json:
        access = Access(tenant=job.tenant, principal=str(job.payload["principal"]), role=Role.INGESTOR)
        return _outcome(await self.reprocess(UUID(str(job.payload["document_id"])), access=access))

    async def _run_ingest_job(self, job: Job) -> Json:
        payload, tenant = job.payload, job.tenant
        access = Access(tenant=tenant, principal=str(payload["principal"]), role=Role.INGESTOR)
        file = await self._parts.blobs.local(str(job.content_hash), tenant=tenant)
        metadata = payload["metadata"] if isinstance(payload["metadata"], dict) else {}
        done = await self.ingest_file(
            file, name=str(payload["name"]), collection=str(payload["collection"]), metadata=metadata, access=access
        )
        return _outcome(done)


def _outcome(done: Ingested) -> Json:
    """A job's result. Raises: NotIndexedError with the reason, when nothing of the file can be searched."""
    if done.reason is not None:
        raise NotIndexedError(f"{done.code}: {done.reason.removeprefix(f'{done.code}: ')}")
    return ingested_view(done)


def _found(thing: T | None) -> T:
    if thing is None:
        raise NotFoundError
    return thing

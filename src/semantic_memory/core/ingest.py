"""Bytes → blob → blocks → passages → vectors → one transaction."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Protocol
from uuid import UUID
from weakref import WeakValueDictionary

from semantic_memory.core.access import Access, Role
from semantic_memory.core.errors import (
    ConflictError,
    EmptyDocumentError,
    ExtractionError,
    NotFoundError,
    SemanticMemoryError,
    TooLargeError,
    UnsupportedTypeError,
)
from semantic_memory.core.model import (
    BlockType,
    ContentBlock,
    Document,
    DocumentState,
    DocumentVersion,
    Extraction,
    Passage,
    SourceFile,
    Vector,
    document_id,
    identify,
)
from semantic_memory.core.ports import BlobStore, DocumentStore, Embedder, Extractor, PassageBuilder

PIPELINE_VERSION = 1
"""Grows when the same bytes would give other blocks: documents made by an older pipeline are then made anew on ingest."""

EMBED_AT_ONCE = 128
"""Passages handed to the embedder at a time: enough to fill its threads, few enough to report progress and bound memory."""

CONFLICT_ATTEMPTS = 3


class Outcome(StrEnum):
    NEW = "new"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    SKIPPED = "skipped"
    """Nothing in it to index: an unsupported or empty file; not stored."""
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Ingested:
    """What became of one file. `sequence` is the change-log position at which searches see it."""

    path: str
    outcome: Outcome
    document: Document | None = None
    blocks: int = 0
    passages: int = 0
    embedded: int = 0
    sequence: int = 0
    code: str | None = None
    reason: str | None = None


class IngestObserver(Protocol):
    """Hears of progress; called on the event loop, so it must be quick."""

    def planned(self, blocks: int, passages: int) -> None:
        """A file was read; so many of its passages are about to be embedded."""
        ...

    def embedded(self, passages: int) -> None: ...


class Silent:
    def planned(self, blocks: int, passages: int) -> None:
        """Nobody watches."""

    def embedded(self, passages: int) -> None:
        """Nobody watches."""


class Ingest:
    """The ingest use case; one file at a time per document, many documents at once."""

    def __init__(
        self,
        documents: DocumentStore,
        blobs: BlobStore,
        extractor: Extractor,
        builder: PassageBuilder,
        embedder: Embedder,
        *,
        max_bytes: int,
    ) -> None:
        self._documents = documents
        self._blobs = blobs
        self._extractor = extractor
        self._builder = builder
        self._embedder = embedder
        self._max_bytes = max_bytes
        self._locks: WeakValueDictionary[UUID, asyncio.Lock] = WeakValueDictionary()

    @property
    def pipeline(self) -> str:
        return f"{PIPELINE_VERSION}/{self._builder.version}/{self._embedder.model.name}"

    async def __call__(self, found: SourceFile, *, collection: str, access: Access, observer: IngestObserver | None = None) -> Ingested:
        """Makes the file's bytes the active version of its document; the same bytes again change nothing.

        A file that cannot be read becomes a document in state FAILED; other failures are raised.
        """
        access.require(Role.INGESTOR)
        identity = document_id(access.tenant, collection, found.source, found.path)
        async with self._locks.setdefault(identity, asyncio.Lock()):
            for _ in range(CONFLICT_ATTEMPTS - 1):
                try:
                    return await self._ingest(found, identity, collection, access, observer or Silent())
                except ConflictError:
                    await asyncio.sleep(0.05)
            return await self._ingest(found, identity, collection, access, observer or Silent())

    async def _ingest(self, found: SourceFile, identity: UUID, collection: str, access: Access, observer: IngestObserver) -> Ingested:
        content_hash, size = await self._store(found, access)
        current = await self._documents.get(identity, access=access)
        if current is not None and self._is_current(current, content_hash):
            return Ingested(path=found.path, outcome=Outcome.UNCHANGED, document=current)
        document = self._document(found, identity, collection, access, content_hash, size, current)
        try:
            version = await self._version(document, found, access, observer)
        except (UnsupportedTypeError, EmptyDocumentError) as error:
            return await self._skip(document, current, error)
        except ExtractionError as error:
            version = _failed(document, error, self._embedder.model.name)
        except SemanticMemoryError:
            await self._release(document)
            raise
        return await self._activate(version, current, found)

    async def _store(self, found: SourceFile, access: Access) -> tuple[str, int]:
        file = Path(found.file)
        size = await asyncio.to_thread(_size, file)
        if size > self._max_bytes:
            raise TooLargeError(f"{found.path!r} has {size} bytes; the limit is {self._max_bytes} (MAX_FILE_BYTES)")
        return await self._blobs.put(file, tenant=access.tenant)

    def _is_current(self, document: Document, content_hash: str) -> bool:
        return (document.content_hash, document.pipeline, document.state) == (content_hash, self.pipeline, DocumentState.INDEXED)

    def _document(
        self, found: SourceFile, identity: UUID, collection: str, access: Access, content_hash: str, size: int, current: Document | None
    ) -> Document:
        return Document(
            id=identity,
            tenant=access.tenant,
            collection=collection,
            source=found.source,
            path=found.path,
            media_type="application/octet-stream",
            content_hash=content_hash,
            size_bytes=size,
            version=current.version + 1 if current else 1,
            pipeline=self.pipeline,
            title=None,
            language=None,
            modified_at=found.modified_at,
            ingested_at=datetime.now(UTC),
            state=DocumentState.INDEXED,
            error=None,
            metadata=found.metadata,
        )

    async def _version(self, document: Document, found: SourceFile, access: Access, observer: IngestObserver) -> DocumentVersion:
        extraction = await self._extractor.extract(self._blobs.path(document.content_hash, tenant=access.tenant), name=found.path)
        document = _described(document, extraction)
        model = self._embedder.model
        blocks = identify(document.id, extraction.blocks)
        passages = await asyncio.to_thread(self._builder.build, blocks, self._embedder.tokenizer, model.max_tokens)
        known = await self._documents.embedded(document.id, model=model.name, access=access)
        fresh = [passage for passage in passages if passage.id not in known]
        observer.planned(len(blocks), len(fresh))
        vectors = await self._embed(fresh, observer)
        return DocumentVersion(document=document, blocks=blocks, passages=passages, vectors=vectors, model=model.name)

    async def _embed(self, passages: Sequence[Passage], observer: IngestObserver) -> Mapping[UUID, Vector]:
        vectors: dict[UUID, Vector] = {}
        for start in range(0, len(passages), EMBED_AT_ONCE):
            batch = passages[start : start + EMBED_AT_ONCE]
            matrix = await self._embedder.embed([passage.embedded_text for passage in batch])
            vectors.update((passage.id, row) for passage, row in zip(batch, matrix, strict=True))
            observer.embedded(len(batch))
        return vectors

    async def _activate(self, version: DocumentVersion, current: Document | None, found: SourceFile) -> Ingested:
        document = version.document
        sequence = await self._documents.replace(version, replaces=current.version if current else 0)
        await keep(self._blobs, document.content_hash, Path(found.file), tenant=document.tenant)
        if current is not None and current.content_hash != document.content_hash:
            await self._release(current)
        return Ingested(
            path=found.path,
            outcome=_outcome(document, current),
            document=document,
            blocks=len(version.blocks),
            passages=len(version.passages),
            embedded=len(version.vectors),
            sequence=sequence,
            code=None if document.error is None else document.error.partition(":")[0],
            reason=document.error,
        )

    async def _skip(self, document: Document, current: Document | None, error: SemanticMemoryError) -> Ingested:
        """Drops the bytes, and the document that these bytes replaced: nothing of the old content may be found any more."""
        sequence = 0
        if current is not None:
            access = Access(tenant=document.tenant, principal="ingest", role=Role.ADMIN)
            deleted = await self._documents.delete(document.id, access=access)
            sequence = deleted[1] if deleted else 0
            await self._release(current)
        await self._release(document)
        return Ingested(path=document.path, outcome=Outcome.SKIPPED, sequence=sequence, code=error.code, reason=error.message)

    async def _release(self, document: Document) -> None:
        remove = partial(self._blobs.remove, document.content_hash, tenant=document.tenant)
        await self._documents.release_blob(document.tenant, document.content_hash, remove)


async def keep(blobs: BlobStore, content_hash: str, file: Path, *, tenant: str) -> None:
    """Stores the bytes again should a delete of equal bytes have removed them between our copy and our commit."""
    try:
        blobs.path(content_hash, tenant=tenant)
    except NotFoundError:
        await blobs.put(file, tenant=tenant)


def _size(file: Path) -> int:
    return file.stat().st_size


def _described(document: Document, extraction: Extraction) -> Document:
    first_heading = next((block.text for block in extraction.blocks if block.type is BlockType.HEADING), None)
    return replace(
        document,
        media_type=extraction.media_type,
        title=extraction.title or first_heading,
        language=_main_language(extraction),
        metadata={**extraction.metadata, **document.metadata},
    )


def _main_language(extraction: Extraction) -> str | None:
    """The language most of the document's characters are in."""
    weights: dict[str, int] = defaultdict(int)
    for block in extraction.blocks:
        if block.language:
            weights[block.language] += len(block.text)
    return max(weights, key=lambda language: weights[language], default=None)


def _failed(document: Document, error: ExtractionError, model: str) -> DocumentVersion:
    failed = replace(document, state=DocumentState.FAILED, error=f"{error.code}: {error.message}")
    blocks: Sequence[ContentBlock] = ()
    return DocumentVersion(document=failed, blocks=blocks, passages=(), vectors={}, model=model)


def _outcome(document: Document, current: Document | None) -> Outcome:
    if document.state is DocumentState.FAILED:
        return Outcome.FAILED
    return Outcome.NEW if current is None else Outcome.CHANGED

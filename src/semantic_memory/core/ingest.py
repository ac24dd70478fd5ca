"""Bytes → blob → blocks → passages → vectors → one transaction."""

import asyncio
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Protocol
from uuid import UUID
from weakref import WeakValueDictionary

from semantic_memory.core.access import Access, Role
from semantic_memory.core.delete import Delete, members
from semantic_memory.core.errors import (
    ConflictError,
    ExtractionError,
    InvalidInputError,
    NotFoundError,
    SemanticMemoryError,
    TooLargeError,
)
from semantic_memory.core.identity import document_id, identify
from semantic_memory.core.inside import DEEPEST, Room, scratch_folder
from semantic_memory.core.model import (
    BlockType,
    ContentBlock,
    Document,
    DocumentState,
    DocumentVersion,
    Extraction,
    Json,
    JsonValue,
    Member,
    Passage,
    SourceFile,
    Vector,
)
from semantic_memory.core.ports import BlobStore, DocumentStore, Embedder, Extractor, PassageBuilder

PIPELINE_VERSION = 2
"""Grows when the same bytes would give other blocks: documents made by an older pipeline are then made anew on ingest."""

EMBED_AT_ONCE = 128
"""Passages handed to the embedder at a time: enough to fill its threads, few enough to report progress and bound memory."""

CONFLICT_ATTEMPTS = 3

MAX_WARNINGS = 50
"""Kept with a document; a damaged file of 5,000 pages can have as many."""

MEMBERS = "members"
"""Metadata: how many of the files within became documents."""

REPOSITORY_PATH = "repository_path"
"""Metadata: where a file lies below the top of its git checkout."""

OWN_METADATA = frozenset({MEMBERS, "warnings", "degraded"})
"""Keys that describe one reading of the file, not the file."""


class Outcome(StrEnum):
    NEW = "new"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    SKIPPED = "skipped"
    """Nothing in it to index: an unsupported, empty or generated file; not stored."""
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
    members: "tuple[Ingested, ...]" = ()
    """What became of the files within it."""
    searchable: bool = True
    """False when an index still lags behind the commit; searches then see it as soon as that index is back."""

    @property
    def all(self) -> "Iterator[Ingested]":
        """This file and the files within it."""
        yield self
        for member in self.members:
            yield from member.all


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


@dataclass(frozen=True, slots=True)
class Intake:
    """One file on its way in. `again` reads it even if nothing changed; `room` is what the files within it may still take."""

    found: SourceFile
    collection: str
    access: Access
    observer: IngestObserver
    again: bool
    room: Room

    @property
    def document_id(self) -> UUID:
        return document_id(self.access.tenant, self.collection, self.found.source, self.found.path)


class Ingest:
    """The ingest use case; one file at a time per document, many documents at once."""

    def __init__(
        self,
        documents: DocumentStore,
        blobs: BlobStore,
        extractor: Extractor,
        builder: PassageBuilder,
        embedder: Embedder,
        delete: Delete,
        *,
        max_bytes: int,
        scratch: Path,
    ) -> None:
        self._documents = documents
        self._blobs = blobs
        self._extractor = extractor
        self._builder = builder
        self._embedder = embedder
        self._delete = delete
        self._max_bytes = max_bytes
        self._scratch = scratch
        self._locks: WeakValueDictionary[UUID, asyncio.Lock] = WeakValueDictionary()

    @property
    def pipeline(self) -> str:
        return f"{PIPELINE_VERSION}/{self._builder.version}/{self._embedder.model.name}"

    async def __call__(
        self, found: SourceFile, *, collection: str, access: Access, observer: IngestObserver | None = None, again: bool = False
    ) -> Ingested:
        """Makes the file's bytes the active version of its document; the same bytes again change nothing, unless asked for.

        Files within the file become documents of their own, below its path. A file that cannot be read becomes a document in state
        FAILED; other failures are raised. Read again in vain, a document stays what it was.
        """
        access.require(Role.INGESTOR)
        return await self._in_turn(Intake(found, collection, access, observer or Silent(), again, Room.whole()))

    async def _in_turn(self, intake: Intake) -> Ingested:
        async with self._locks.setdefault(intake.document_id, asyncio.Lock()):
            for _ in range(CONFLICT_ATTEMPTS - 1):
                try:
                    return await self._ingest(intake)
                except ConflictError:
                    await asyncio.sleep(0.05)
            return await self._ingest(intake)

    async def _ingest(self, intake: Intake) -> Ingested:
        content_hash, size = await self._store(intake)
        current = await self._documents.get(intake.document_id, access=intake.access)
        if current is not None and not intake.again and await self._is_current(current, content_hash, intake.access):
            return Ingested(path=intake.found.path, outcome=Outcome.UNCHANGED, document=current)
        document = self._document(intake, content_hash, size, current)
        try:
            return await self._make(document, current, intake)
        except SemanticMemoryError:
            await self._delete.release(document)
            raise

    async def _make(self, document: Document, current: Document | None, intake: Intake) -> Ingested:
        inner: Sequence[Ingested] = ()
        try:
            extraction, inner = await self._read(document, intake)
        except InvalidInputError as error:
            if intake.again and current is not None:
                return _kept(current, error)
            return await self._skip(document, current, error)
        except ExtractionError as error:
            if intake.again and current is not None and current.state is DocumentState.INDEXED:
                return _kept(current, error)
            version = _failed(document, error, self._embedder.model.name)
        else:
            version = await self._version(_described(document, extraction, again=intake.again), extraction, intake)
        return await self._activate(version, current, intake, inner)

    async def _read(self, document: Document, intake: Intake) -> tuple[Extraction, Sequence[Ingested]]:
        """The file's blocks, and what became of the files within it."""
        file = await self._blobs.local(document.content_hash, tenant=document.tenant)
        extraction = await self._extractor.extract(file, name=_name(document), tenant=document.tenant)
        return await self._open(document, file, extraction, intake) if extraction.members else (extraction, ())

    async def _open(self, document: Document, file: Path, extraction: Extraction, intake: Intake) -> tuple[Extraction, Sequence[Ingested]]:
        """Ingests the files within the file, before the file itself: only what is complete counts as done."""
        if intake.room.levels == 0:
            return _unopened(extraction), ()
        async with scratch_folder(self._scratch) as folder:
            found = await self._extractor.unpack(file, name=document.path, into=folder)
            room = await asyncio.to_thread(intake.room.inside, found)
            inner = [replace(intake, found=_inner(document, member, intake.found), room=room) for member in found]
            members = [await self._member(one) for one in inner]
        stored = sum(1 for member in members if member.document is not None)
        return replace(extraction, metadata={**extraction.metadata, MEMBERS: stored}), members

    async def _member(self, intake: Intake) -> Ingested:
        """Raises: BackendError and what else is no fault of the file."""
        try:
            return await self._in_turn(intake)
        except (InvalidInputError, ExtractionError) as error:
            return Ingested(path=intake.found.path, outcome=Outcome.FAILED, code=error.code, reason=error.message)

    async def _store(self, intake: Intake) -> tuple[str, int]:
        found, file = intake.found, Path(intake.found.file)
        size = await asyncio.to_thread(_size, file)
        if size > self._max_bytes:
            raise TooLargeError(f"{found.path!r} has {size} bytes; the limit is {self._max_bytes} (MAX_FILE_BYTES)")
        return await self._blobs.put(file, tenant=intake.access.tenant)

    async def _is_current(self, document: Document, content_hash: str, access: Access) -> bool:
        """Whether nothing is to be done: the same bytes, read by the same code, and so the files within."""
        if (document.content_hash, document.pipeline, document.state) != (content_hash, self.pipeline, DocumentState.INDEXED):
            return False
        if MEMBERS not in document.metadata:
            return True
        inner = await members(self._documents, document, access=access)
        return document.metadata[MEMBERS] == sum(1 for member in inner if member.state is DocumentState.INDEXED)

    def _document(self, intake: Intake, content_hash: str, size: int, current: Document | None) -> Document:
        return Document(
            id=intake.document_id,
            tenant=intake.access.tenant,
            collection=intake.collection,
            source=intake.found.source,
            path=intake.found.path,
            media_type="application/octet-stream",
            content_hash=content_hash,
            size_bytes=size,
            version=current.version + 1 if current else 1,
            pipeline=self.pipeline,
            title=None,
            language=None,
            modified_at=intake.found.modified_at,
            ingested_at=datetime.now(UTC),
            state=DocumentState.INDEXED,
            error=None,
            metadata=intake.found.metadata,
        )

    async def _version(self, document: Document, extraction: Extraction, intake: Intake) -> DocumentVersion:
        model = self._embedder.model
        blocks = identify(document.id, extraction.blocks)
        passages = await asyncio.to_thread(self._builder.build, blocks, self._embedder.tokenizer, model.max_tokens)
        known = await self._documents.embedded(document.id, model=model.name, access=intake.access)
        fresh = [passage for passage in passages if passage.id not in known]
        intake.observer.planned(len(blocks), len(fresh))
        vectors = await self._embed(fresh, intake.observer)
        return DocumentVersion(document=document, blocks=blocks, passages=passages, vectors=vectors, model=model.name)

    async def _embed(self, passages: Sequence[Passage], observer: IngestObserver) -> Mapping[UUID, Vector]:
        vectors: dict[UUID, Vector] = {}
        for start in range(0, len(passages), EMBED_AT_ONCE):
            batch = passages[start : start + EMBED_AT_ONCE]
            matrix = await self._embedder.embed([passage.embedded_text for passage in batch])
            vectors.update((passage.id, row) for passage, row in zip(batch, matrix, strict=True))
            observer.embedded(len(batch))
        return vectors

    async def _activate(self, version: DocumentVersion, current: Document | None, intake: Intake, inner: Sequence[Ingested]) -> Ingested:
        """Files that are within no more go before the new version shows, so that a crash between leaves an old one to be made anew."""
        document = version.document
        await self._delete.members(document, access=_system(document), keep=frozenset(one.document.id for one in inner if one.document))
        sequence = await self._documents.replace(version, replaces=current.version if current else 0)
        await keep(self._blobs, document.content_hash, Path(intake.found.file), tenant=document.tenant)
        if current is not None and current.content_hash != document.content_hash:
            await self._delete.release(current)
        return Ingested(
            path=document.path,
            outcome=_outcome(document, current),
            document=document,
            blocks=len(version.blocks),
            passages=len(version.passages),
            embedded=len(version.vectors),
            sequence=sequence,
            code=None if document.error is None else document.error.partition(":")[0],
            reason=document.error,
            members=tuple(inner),
        )

    async def _skip(self, document: Document, current: Document | None, error: SemanticMemoryError) -> Ingested:
        """Drops the bytes, and the document that these bytes replaced: nothing of the old content may be found any more."""
        sequence = 0
        if current is not None:
            with suppress(NotFoundError):  # somebody deleted it meanwhile
                _, sequence = await self._delete(document.id, access=_system(document))
        await self._delete.release(document)
        return Ingested(path=document.path, outcome=Outcome.SKIPPED, sequence=sequence, code=error.code, reason=error.message)


def _system(document: Document) -> Access:
    """Right to replace what the caller's right to ingest has made obsolete."""
    return Access(tenant=document.tenant, principal="ingest", role=Role.ADMIN)


def _inner(parent: Document, member: Member, found: SourceFile) -> SourceFile:
    """A file within a file as a source would offer it: below its parent's path, of the same repository and date."""
    metadata: dict[str, JsonValue] = {**found.metadata, "parent": str(parent.id)}
    if REPOSITORY_PATH in metadata:
        metadata[REPOSITORY_PATH] = f"{metadata[REPOSITORY_PATH]}/{member.path}"
    return SourceFile(parent.source, f"{parent.path}/{member.path}", member.file, modified_at=parent.modified_at, metadata=metadata)


def _name(document: Document) -> str:
    """The path from the top of its repository, if it has one, else all of it."""
    below = document.metadata.get(REPOSITORY_PATH)
    return below if isinstance(below, str) and document.path.endswith(f"/{below}") else document.path


def _kept(current: Document, error: SemanticMemoryError) -> Ingested:
    return Ingested(path=current.path, outcome=Outcome.FAILED, document=current, code=error.code, reason=error.message)


def _unopened(extraction: Extraction) -> Extraction:
    warning = f"its {len(extraction.members)} files are not opened: they lie deeper than {DEEPEST} files within files"
    return replace(extraction, warnings=(*extraction.warnings, warning))


async def keep(blobs: BlobStore, content_hash: str, file: Path, *, tenant: str) -> None:
    """Stores the bytes again should a delete of equal bytes have removed them between our copy and our commit."""
    if not await blobs.has(content_hash, tenant=tenant):
        await blobs.put(file, tenant=tenant)


def _size(file: Path) -> int:
    return file.stat().st_size


def _described(document: Document, extraction: Extraction, *, again: bool) -> Document:
    """With what the file says about itself. What its source says counts more; read again, the two are one, and the file counts more."""
    told = {**extraction.metadata, **_warned(extraction)}
    before = {key: value for key, value in document.metadata.items() if key not in OWN_METADATA}
    first_heading = next((block.text for block in extraction.blocks if block.type is BlockType.HEADING), None)
    return replace(
        document,
        media_type=extraction.media_type,
        title=extraction.title or first_heading,
        language=_main_language(extraction),
        metadata={**before, **told} if again else {**told, **document.metadata},
    )


def _warned(extraction: Extraction) -> Json:
    return {"warnings": list(extraction.warnings[:MAX_WARNINGS])} if extraction.warnings else {}


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

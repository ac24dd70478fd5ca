"""What the core needs from outside, as Protocols. Adapters implement them, `wiring` chooses them, contract suites hold them to this text.

Common rules: reading methods take `access` and never return what lies outside it (another tenant's object is "not there"); driver errors
arrive as `BackendError`s; methods are safe to call concurrently from one event loop.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Protocol
from uuid import UUID

from semantic_memory.core.access import Access
from semantic_memory.core.answers import TurnStore
from semantic_memory.core.filters import Filters
from semantic_memory.core.model import (
    Change,
    ContentBlock,
    Counts,
    Document,
    DocumentVersion,
    Extraction,
    IndexState,
    Job,
    Json,
    Match,
    Matrix,
    Member,
    PageImage,
    Passage,
    SourceFile,
    User,
    Vector,
)
from semantic_memory.core.usage import UsageStore

# ── etl ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────


class FileSource(Protocol):
    """Finds the files behind a path the user named."""

    def files(self, root: Path) -> Iterator[SourceFile]:
        """The file itself, or every file below a directory that .gitignore does not exclude, in path order; symlinks are not followed.

        Raises: NotFoundError when `root` does not exist.
        """
        ...


class Extractor(Protocol):
    """Reads untrusted files outside this process; `name` is only a hint to a file's type, the content decides.

    Every method raises: UnsupportedTypeError, EmptyDocumentError, ExtractionError.
    """

    async def extract(self, file: Path, *, name: str, tenant: str = "") -> Extraction:
        """Blocks of the file, in reading order.

        What one file teaches about another (the text of equal images) stays within a tenant; without one nothing is kept.
        """
        ...

    async def unpack(self, file: Path, *, name: str, into: Path) -> Sequence[Member]:
        """Writes the files inside this one to the folder `into`."""
        ...

    async def page_images(self, file: Path, *, name: str, pages: range) -> Sequence[PageImage]:
        """Pictures of the wanted pages (from 1) that there are; none for a file without pages."""
        ...

    async def close(self) -> None: ...


class Tokenizer(Protocol):
    def spans(self, texts: Sequence[str]) -> list[list[tuple[int, int]]]:
        """Character spans [start, end) of each text's tokens, in order, without special tokens and without truncation."""
        ...


class PassageBuilder(Protocol):
    """Packs blocks into passages."""

    @property
    def version(self) -> str:
        """Changes whenever the same blocks would give other passages."""
        ...

    def build(self, blocks: Sequence[ContentBlock], tokenizer: Tokenizer, max_tokens: int) -> list[Passage]:
        """Passages in order; each keeps within one section and `max_tokens` (heading path included), and no block's text is left out."""
        ...


# ── ai ───────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class EmbeddingModel:
    """`name` is stored with every vector, and vectors of two names never mix; `max_tokens` leaves out the model's special tokens."""

    name: str
    dimension: int
    max_tokens: int


class Embedder(Protocol):
    @property
    def model(self) -> EmbeddingModel: ...

    @property
    def tokenizer(self) -> Tokenizer: ...

    async def embed(self, texts: Sequence[str]) -> Matrix:
        """Vectors for the texts, in their order.

        Returns: shape (len(texts), dimension), float32, rows of length 1.
        Raises: InputTooLongError for a text over `model.max_tokens`; BackendError after the last retry.
        """
        ...

    async def embed_query(self, text: str) -> Vector:
        """The query's vector; a query longer than the model reads is cut at its end. Served before waiting `embed` batches."""
        ...

    async def close(self) -> None: ...


class Reranker(Protocol):
    async def rerank(self, query: str, passages: Sequence[str]) -> list[float]:
        """A relevance score for each passage, in order, in [0, 1]."""
        ...


# ── store ────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────


class BlobStore(Protocol):
    """Original bytes by SHA-256, per tenant."""

    async def put(self, file: Path, *, tenant: str) -> tuple[str, int]:
        """Stores a copy; returns its SHA-256 (hex) and size in bytes. Durable on return; storing the same bytes again is a no-op."""
        ...

    async def local(self, content_hash: str, *, tenant: str) -> Path:
        """A file on this machine with these bytes, to read only. Raises: NotFoundError; CorruptDataError for bytes fetched damaged."""
        ...

    async def has(self, content_hash: str, *, tenant: str) -> bool: ...

    def remove(self, content_hash: str, *, tenant: str) -> None:
        """Deletes the bytes; absent bytes are fine. Blocks: called in a thread of the catalogue's."""
        ...

    async def hashes(self, *, tenant: str) -> frozenset[str]: ...


class DocumentStore(Protocol):
    """The truth about documents. A write is acknowledged when its transaction is durable."""

    async def get(self, document_id: UUID, *, access: Access) -> Document | None: ...

    async def find(self, filters: Filters, *, access: Access, after: UUID | None = None, limit: int = 1000) -> list[Document]:
        """Documents in order of id, starting behind `after`. `filters.types` does not narrow documents."""
        ...

    async def embedded(self, document_id: UUID, *, model: str, access: Access) -> frozenset[UUID]:
        """Ids of the document's active passages that have a vector of this model."""
        ...

    async def replace(self, version: DocumentVersion, *, replaces: int) -> int:
        """Makes the version active, removes the one before, and logs one change per passage added, altered or removed.

        Passages present before keep their vector. A collection's first version fixes its embedding model.
        Returns: the last sequence number of the change log.
        Raises: ConflictError unless the active version is `replaces` (0 for none) or when a passage has no vector;
            EmbedderMismatchError when the collection was embedded with another model.
        """
        ...

    async def delete(self, document_id: UUID, *, access: Access) -> tuple[Document, int] | None:
        """Removes document, blocks, passages and vectors, and logs it; returns what was there and the last sequence number."""
        ...

    async def passages(self, ids: Sequence[UUID], *, access: Access) -> Mapping[UUID, tuple[Passage, Document]]:
        """The active passages among `ids` that the caller may read."""
        ...

    async def passages_of(self, document_id: UUID, *, access: Access) -> list[Passage]: ...

    async def blocks(self, document_id: UUID, *, access: Access) -> list[ContentBlock]: ...

    async def block(self, block_id: UUID, *, access: Access) -> ContentBlock | None: ...

    async def counts(self, *, access: Access) -> Counts: ...

    async def release_blob(self, tenant: str, content_hash: str, remove: Callable[[], None]) -> bool:
        """Calls `remove` while no other write can run, unless a document or an unfinished job needs the bytes; True when called."""
        ...


class ChangeLog(Protocol):
    """Every index replays this, from 0 to rebuild. One row per passage, the newest."""

    async def head(self) -> int: ...

    async def head_of(self, tenant: str) -> int:
        """The tenant's last change; 0 without any."""
        ...

    async def read(self, *, after: int, limit: int) -> list[Change]:
        """Changes with a sequence number above `after`, in order; the entries carry vectors."""
        ...

    async def passage_ids(self, *, access: Access) -> frozenset[UUID]:
        """Ids of every active passage: what each index must hold, no more and no less."""
        ...

    async def tenants(self) -> Sequence[str]:
        """Every tenant that has, or had, passages."""
        ...

    async def repeat(self, ids: Collection[UUID], *, access: Access) -> int:
        """Logs the passages' newest state, removals too, once more, so that every index applies it again; returns how many were logged."""
        ...


class Leases(Protocol):
    """Turns that processes take at something only one may do at a time."""

    async def hold(self, name: str, holder: str, *, lease_s: float) -> bool:
        """Takes the lease or prolongs it; False while another holder's has not run out by the database's clock."""
        ...

    async def release(self, name: str, holder: str) -> None:
        """Gives the lease back; nothing happens when it is not the holder's."""
        ...


class IndexRegistry(Protocol):
    """Which engines hold this catalogue's passages; `kind` is what is found there ("vectors", "keywords"), `name` the adapter's."""

    async def states(self, kind: str) -> Mapping[str, IndexState]: ...

    async def activate(self, kind: str, name: str) -> None:
        """Makes it the active one; the one that was becomes ready."""
        ...

    async def mark_ready(self, kind: str, name: str) -> None:
        """Leaves an active one active."""
        ...

    async def forget(self, kind: str, name: str) -> None:
        """Raises: ConflictError for the active one."""
        ...


class JobQueue(Protocol):
    """Durable jobs with leases: a job whose worker stops sending heartbeats is claimed again."""

    async def enqueue(self, job: Job) -> Job: ...

    async def claim(self, worker: str, *, kinds: Collection[str], lease_s: float, max_attempts: int) -> Job | None:
        """The oldest waiting job of these kinds, or one whose lease ran out; counts the attempt before the work starts.

        Jobs out of attempts become failed.
        """
        ...

    async def heartbeat(self, job_id: UUID, worker: str, *, lease_s: float) -> bool:
        """Prolongs the lease; False when this worker no longer holds it."""
        ...

    async def finish(self, job_id: UUID, worker: str, *, result: Json | None = None, error: str | None = None, retry: bool = False) -> None:
        """Done without `error`; with it failed, or waiting again when `retry`. Ignored when this worker no longer holds the job."""
        ...

    async def get(self, job_id: UUID, *, access: Access) -> Job | None: ...

    async def pending(self, *, access: Access) -> int:
        """How many jobs wait or run."""
        ...

    async def content_hashes(self, *, access: Access) -> frozenset[str]:
        """Hashes of the bytes that waiting and running jobs need."""
        ...


class UserStore(Protocol):
    async def add(self, user: User) -> None:
        """Raises: ConflictError when the name is taken."""
        ...

    async def by_name(self, username: str) -> User | None: ...

    async def by_id(self, user_id: UUID) -> User | None: ...

    async def set_password_hash(self, user_id: UUID, password_hash: str) -> None: ...

    async def count(self) -> int: ...


class Catalogue(Protocol):
    """The SQL database: the truth behind every index and cache."""

    @property
    def documents(self) -> DocumentStore: ...
    @property
    def changes(self) -> ChangeLog: ...
    @property
    def jobs(self) -> JobQueue: ...
    @property
    def users(self) -> UserStore: ...
    @property
    def turns(self) -> TurnStore: ...
    @property
    def usage(self) -> UsageStore: ...
    @property
    def leases(self) -> Leases: ...
    @property
    def indexes(self) -> IndexRegistry: ...

    async def check(self) -> list[str]:
        """Findings of the database's own integrity check and of referential checks; empty when sound."""
        ...

    async def close(self) -> None: ...


class Index(Protocol):
    """A consumer of the change log that can be dropped and rebuilt."""

    is_shared: ClassVar[bool]
    """Whether other machines write it too: then writers take turns by a lease, and the position is kept in the engine itself."""

    dropped: int
    """Rows the engine gave for a caller who may not read them; none was passed on. Anything but 0 means that somebody altered rows."""

    async def writable(self) -> bool:
        """Whether this process may apply changes now; may take the index's lock. Server engines always may."""
        ...

    async def position(self) -> int:
        """Sequence number of the last change that searches of every process can see."""
        ...

    async def apply(self, changes: Sequence[Change]) -> None:
        """Upserts and removes in order, then moves the position; applying the same changes twice is harmless."""
        ...

    async def passage_ids(self, *, access: Access) -> frozenset[UUID]: ...

    async def reset(self) -> None:
        """Forgets everything; the position becomes 0."""
        ...

    async def close(self) -> None: ...


class VectorIndex(Index, Protocol):
    async def search(self, vector: Vector, *, access: Access, filters: Filters, limit: int) -> list[Match]:
        """The nearest passages by cosine, best first; scores are cosines."""
        ...

    async def scores(self, vector: Vector, ids: Sequence[UUID], *, access: Access) -> Mapping[UUID, float]:
        """Cosines of these passages; unknown ids are left out."""
        ...


class KeywordIndex(Index, Protocol):
    async def search(self, query: str, *, access: Access, filters: Filters, limit: int) -> list[Match]:
        """Passages that share words with the query, best first (BM25); quoted phrases must occur."""
        ...

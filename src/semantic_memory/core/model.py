"""The vocabulary: source → document → version → blocks → passages → hits → answers.

Everything here is an immutable value.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Literal, TypeAlias
from uuid import UUID

from typing_extensions import TypeAliasType

if TYPE_CHECKING:  # the processes that read files use these types without paying 0.1 s for numpy
    import numpy as np
    from numpy.typing import NDArray

    JsonValue: TypeAlias = "str | int | float | bool | None | Sequence[JsonValue] | Mapping[str, JsonValue]"
else:  # a name that pydantic can follow through the recursion
    JsonValue = TypeAliasType("JsonValue", str | int | float | bool | None | Sequence["JsonValue"] | Mapping[str, "JsonValue"])
Json: TypeAlias = Mapping[str, JsonValue]
Vector: TypeAlias = "NDArray[np.float32]"
"""Shape (dimension,), length 1."""
Matrix: TypeAlias = "NDArray[np.float32]"
"""Shape (n, dimension), rows of length 1."""


class BlockType(StrEnum):
    PARAGRAPH = "paragraph"
    HEADING = "heading"
    LIST = "list"
    TABLE = "table"
    CODE = "code"
    IMAGE = "image"


@dataclass(frozen=True, slots=True)
class BlockDraft:
    """What an extractor yields: a block that has no identity yet.

    `language` is ISO 639-1 for prose and the programming language for code; None lets the pipeline detect it.
    Metadata keys with a meaning: level, bbox ([x0, y0, x1, y1], points from the top left), start_line, end_line (1-based, inclusive),
    symbol, signature, section, links (text, url), rows, header_rows, spans, items, original_type, sheet, cells, cell.
    """

    type: BlockType
    text: str
    page: int | None = None
    language: str | None = None
    metadata: Json = field(default_factory=dict[str, JsonValue])


@dataclass(frozen=True, slots=True)
class ContentBlock:
    """One structural unit of a document; the user's schema, kept exactly. `source_id` is the document's id."""

    id: UUID
    source_id: UUID
    type: BlockType
    text: str
    language: str | None
    order: int
    page: int | None
    metadata: Json


@dataclass(frozen=True, slots=True)
class Extraction:
    """What came out of one file, in reading order."""

    media_type: str
    blocks: Sequence[BlockDraft]
    title: str | None = None
    metadata: Json = field(default_factory=dict[str, JsonValue])
    warnings: Sequence[str] = ()
    members: Sequence[str] = ()
    """Paths of the files inside, which become documents of their own."""


@dataclass(frozen=True, slots=True)
class Member:
    """A file that was inside another: its path in there, relative and with forward slashes, and where its bytes lie now."""

    path: str
    file: str


@dataclass(frozen=True, slots=True)
class PageImage:
    """A page as a picture; `width` and `height` are those of the page in points, the unit of every bbox."""

    page: int
    width: float
    height: float
    png: bytes


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One file a source offers, not read yet. `path` identifies it within `source`; `file` is where its bytes lie now."""

    source: str
    path: str
    file: str
    modified_at: datetime | None = None
    metadata: Json = field(default_factory=dict[str, JsonValue])


class DocumentState(StrEnum):
    INDEXED = "indexed"
    FAILED = "failed"
    """The bytes are stored, nothing of them is searchable; `error` says why."""


@dataclass(frozen=True, slots=True)
class Document:
    """One file's active version. `version` counts from 1; `pipeline` names the code and model that made it."""

    id: UUID
    tenant: str
    collection: str
    source: str
    path: str
    media_type: str
    content_hash: str
    size_bytes: int
    version: int
    pipeline: str
    title: str | None
    language: str | None
    modified_at: datetime | None
    ingested_at: datetime
    state: DocumentState
    error: str | None
    metadata: Json


@dataclass(frozen=True, slots=True)
class Anchor:
    """The exact place of some text in its file; unknown parts are None.

    `page` also counts slides; `bbox` is (x0, y0, x1, y1) in points from the page's top left; lines are 1-based and inclusive, in a
    notebook within the cell number `cell` (from 1); `cells` is a range like "A1:D20" of `sheet`.
    """

    page: int | None = None
    bbox: tuple[float, float, float, float] | None = None
    start_line: int | None = None
    end_line: int | None = None
    symbol: str | None = None
    sheet: str | None = None
    cells: str | None = None
    cell: int | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """The characters [start, end) of a passage's text that come from one block, and their place."""

    block_id: UUID
    start: int
    end: int
    anchor: Anchor


@dataclass(frozen=True, slots=True)
class Passage:
    """A run of blocks within one section: the unit that is embedded, searched and cited.

    `token_count` counts `embedded_text` with the embedder's own tokenizer.
    """

    id: UUID
    document_id: UUID
    order: int
    text: str
    heading_path: tuple[str, ...]
    block_types: frozenset[BlockType]
    language: str | None
    parts: tuple[Part, ...]
    token_count: int

    @property
    def embedded_text(self) -> str:
        """The heading path, then the text: what the embedder and the keyword index see."""
        return embedded_text(self.heading_path, self.text)


@dataclass(frozen=True, slots=True)
class DocumentVersion:
    """Everything one catalogue transaction makes active. `vectors` holds only passages the catalogue has no vector for."""

    document: Document
    blocks: Sequence[ContentBlock]
    passages: Sequence[Passage]
    vectors: Mapping[UUID, Vector]
    model: str


@dataclass(frozen=True, slots=True)
class Attributes:
    """What a passage can be filtered by."""

    collection: str
    source: str
    path: str
    types: frozenset[BlockType]
    language: str | None
    modified_at: datetime | None
    metadata: Json


@dataclass(frozen=True, slots=True)
class IndexEntry:
    """A passage as an index sees it. `words` is what the keyword index analyses: title, heading path and text."""

    passage_id: UUID
    document_id: UUID
    words: str
    vector: Vector
    attributes: Attributes


@dataclass(frozen=True, slots=True)
class Change:
    """One row of the change log: the passage's newest state, or its removal when `entry` is None."""

    sequence: int
    tenant: str
    collection: str
    passage_id: UUID
    entry: IndexEntry | None


@dataclass(frozen=True, slots=True)
class Match:
    """One lane's finding; scores compare only within one lane and query."""

    passage_id: UUID
    score: float


Lane = Literal["dense", "lexical"]


@dataclass(frozen=True, slots=True)
class LaneScore:
    """Where a lane ranked the passage (from 1) and the lane's own score."""

    rank: int
    score: float


@dataclass(frozen=True, slots=True)
class Hit:
    """A found passage with its document. `score` is the fused score in [0, 1], best first."""

    passage: Passage
    document: Document
    score: float
    lanes: Mapping[Lane, LaneScore]


@dataclass(frozen=True, slots=True)
class SearchResult:
    """Hits, best first. `degraded` lists why they may be incomplete; `cache` is the tier that had it, None when made for this call."""

    hits: Sequence[Hit]
    degraded: tuple[str, ...] = ()
    explanation: Json | None = None
    cache: str | None = None


class IndexState(StrEnum):
    """`ACTIVE` is the engine searches ask; `READY` ones were filled by a move, or asked before it."""

    ACTIVE = "active"
    READY = "ready"


class JobState(StrEnum):
    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Job:
    """Durable work. `reason` says what a waiting job waits for or why a failed one failed."""

    id: UUID
    tenant: str
    kind: str
    payload: Json
    content_hash: str | None
    state: JobState
    attempts: int
    reason: str | None
    result: Json | None
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class User:
    """A local account; `token_version` invalidates every earlier token when it grows."""

    id: UUID
    tenant: str
    username: str
    password_hash: str
    role: str
    disabled: bool
    token_version: int


@dataclass(frozen=True, slots=True)
class Counts:
    documents: int
    failed_documents: int
    blocks: int
    passages: int


def embedded_text(heading_path: Sequence[str], text: str) -> str:
    return "\n".join((" > ".join(heading_path), text)) if heading_path else text

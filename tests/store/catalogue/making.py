"""Document versions and jobs for tests; vectors are derived from the text, so that equal text has an equal vector."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from uuid import UUID, uuid4

import numpy as np
from sqlalchemy import Connection

from semantic_memory.core.access import Access, Role
from semantic_memory.core.identity import document_id, identify, passage_id
from semantic_memory.core.model import (
    Anchor,
    BlockDraft,
    BlockType,
    ContentBlock,
    Document,
    DocumentState,
    DocumentVersion,
    Job,
    JobState,
    Json,
    Part,
    Passage,
    Vector,
    embedded_text,
)

MODEL = "test-model"
DIMENSION = 8
NOON = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)
HEADINGS = ("Guide", "Start")


@dataclass
class Clock:
    """A clock that moves when told to."""

    moment: datetime = NOON

    def __call__(self, _connection: Connection) -> datetime:
        return self.moment

    def advance(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)


def access(tenant: str = "acme", collections: frozenset[str] | None = None) -> Access:
    return Access(tenant=tenant, principal="tester", role=Role.ADMIN, collections=collections)


def document(path: str = "a.md", number: int = 1, **fields: object) -> Document:
    values: dict[str, object] = {
        "tenant": "acme",
        "collection": "default",
        "source": "files",
        "path": path,
        "media_type": "text/markdown",
        "content_hash": sha256(f"{path} {number}".encode()).hexdigest(),
        "size_bytes": 2**33,
        "version": number,
        "pipeline": "test/1",
        "title": "A title",
        "language": "en",
        "modified_at": NOON,
        "ingested_at": NOON,
        "state": DocumentState.INDEXED,
        "error": None,
        "metadata": {"team": "blue", "tags": ["x", "y"], "draft": True},
    } | fields
    identity = document_id(*(str(values[name]) for name in ("tenant", "collection", "source", "path")))
    return Document(**({"id": identity} | values))  # type: ignore[arg-type]


def vector(text: str, dimension: int = DIMENSION) -> Vector:
    seed = int.from_bytes(sha256(text.encode()).digest()[:4])
    values = np.random.default_rng(seed).standard_normal(dimension).astype(np.float32)
    return values / np.linalg.norm(values)


def version(
    path: str = "a.md",
    texts: Sequence[str] = ("one", "two"),
    *,
    number: int = 1,
    model: str = MODEL,
    known: frozenset[UUID] = frozenset(),
    dimension: int = DIMENSION,
    **fields: object,
) -> DocumentVersion:
    """One block and one passage per text; `known` are passages that already have a vector."""
    made = document(path, number, **fields)
    blocks = identify(made.id, [BlockDraft(BlockType.PARAGRAPH, text, page=1, language="en", metadata={"level": 1}) for text in texts])
    passages = _passages(made.id, blocks)
    vectors = {passage.id: vector(passage.text, dimension) for passage in passages if passage.id not in known}
    return DocumentVersion(document=made, blocks=blocks, passages=passages, vectors=vectors, model=model)


def _passages(document: UUID, blocks: Sequence[ContentBlock]) -> list[Passage]:
    seen: dict[str, int] = {}
    return [_passage(document, block, seen) for block in blocks]


def _passage(document: UUID, block: ContentBlock, seen: dict[str, int]) -> Passage:
    anchor = Anchor(page=1, bbox=(0.5, 1.0, 2.25, 3.0), start_line=block.order + 1, end_line=block.order + 1, symbol="f")
    return Passage(
        id=passage_id(document, embedded_text(HEADINGS, block.text), seen),
        document_id=document,
        order=block.order,
        text=block.text,
        heading_path=HEADINGS,
        block_types=frozenset({block.type}),
        language="en",
        parts=(Part(block.id, 0, len(block.text), anchor), Part(block.id, 0, 0, Anchor())),
        token_count=3,
    )


def job(
    kind: str = "ingest", *, at: datetime = NOON, tenant: str = "acme", content_hash: str | None = None, payload: Json | None = None
) -> Job:
    return Job(
        id=uuid4(),
        tenant=tenant,
        kind=kind,
        payload=payload or {"path": "a.md", "numbers": [1, 2.5, None, True]},
        content_hash=content_hash,
        state=JobState.WAITING,
        attempts=0,
        reason=None,
        result=None,
        created_at=at,
        updated_at=at,
    )

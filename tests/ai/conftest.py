"""Hits made by hand: a passage of Markdown-like text in a document of its own."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid5

import pytest

from semantic_memory.core.identity import NAMESPACE
from semantic_memory.core.model import Anchor, BlockType, Document, DocumentState, Hit, Lane, LaneScore, Part, Passage

MakeHit = Callable[..., Hit]


def _parts(text: str, document: UUID) -> tuple[Part, ...]:
    """One part per blank-line separated block; line numbers count from 1."""
    parts: list[Part] = []
    start = 0
    for number, block in enumerate(text.split("\n\n")):
        first_line = 1 + text.count("\n", 0, start)
        anchor = Anchor(start_line=first_line, end_line=first_line + block.count("\n"))
        parts.append(Part(uuid5(document, str(number)), start, start + len(block), anchor))
        start += len(block) + 2
    return tuple(parts)


@pytest.fixture
def make_hit() -> MakeHit:
    def make(text: str, *, path: str = "note.md", heading_path: tuple[str, ...] = (), cosine: float = 0.6) -> Hit:
        document_id = uuid5(NAMESPACE, path)
        now = datetime(2026, 1, 1, tzinfo=UTC)
        document = Document(
            id=document_id,
            tenant="default",
            collection="default",
            source="files",
            path=Path(path).as_posix(),
            media_type="text/markdown",
            content_hash="0" * 64,
            size_bytes=len(text),
            version=1,
            pipeline="test",
            title=None,
            language="en",
            modified_at=None,
            ingested_at=now,
            state=DocumentState.INDEXED,
            error=None,
            metadata={},
        )
        passage = Passage(
            id=uuid5(document_id, text),
            document_id=document_id,
            order=0,
            text=text,
            heading_path=heading_path,
            block_types=frozenset({BlockType.PARAGRAPH}),
            language="en",
            parts=_parts(text, document_id),
            token_count=len(text.split()),
        )
        lanes: Mapping[Lane, LaneScore] = {"dense": LaneScore(1, cosine)}
        return Hit(passage, document, 1.0, lanes)

    return make

"""Blocks, tokenizers and random documents for the tests of passages."""

import re
from collections.abc import Sequence
from uuid import UUID

from hypothesis import strategies as st

from semantic_memory.core.identity import identify
from semantic_memory.core.model import BlockDraft, BlockType, ContentBlock, JsonValue, Passage

DOCUMENT = UUID("00000000-0000-5000-8000-000000000001")
WORDS = [
    "river",
    "bank",
    "Dr.",
    "walks",
    "internationalisation",
    "3.14",
    "e.g.",
    "naïve",
    "今天天气好。",
    "नदी।",
    "x" * 90,
    "(yes!)",
    "End.",
    "—",
]


class PieceTokenizer:
    """Like word pieces: words, cut into pieces of 4 letters, and punctuation marks; a word of more than 100 letters is one token."""

    def spans(self, texts: Sequence[str]) -> list[list[tuple[int, int]]]:
        return [[span for word in re.finditer(r"\w+|[^\w\s]", text) for span in _pieces(*word.span())] for text in texts]


class SpaceTokenizer:
    """Counts white space too, like byte-pair encodings do: a text has more tokens than the words it is joined from."""

    def spans(self, texts: Sequence[str]) -> list[list[tuple[int, int]]]:
        return [[match.span() for match in re.finditer(r"\w{1,4}|\s|[^\w\s]", text)] for text in texts]


def _pieces(start: int, end: int) -> list[tuple[int, int]]:
    if end - start > 100:
        return [(start, end)]
    return [(cut, min(cut + 4, end)) for cut in range(start, end, 4)]


def paragraph(text: str, **metadata: JsonValue) -> BlockDraft:
    return BlockDraft(BlockType.PARAGRAPH, text, language="en", metadata=metadata)


def heading(text: str, level: int = 1) -> BlockDraft:
    return BlockDraft(BlockType.HEADING, text, metadata={"level": level})


def code(text: str, **metadata: JsonValue) -> BlockDraft:
    return BlockDraft(BlockType.CODE, text, language="python", metadata=metadata)


def table(text: str, **metadata: JsonValue) -> BlockDraft:
    return BlockDraft(BlockType.TABLE, text, metadata=metadata)


def blocks(*drafts: BlockDraft) -> list[ContentBlock]:
    return identify(DOCUMENT, drafts)


def texts_of(block: ContentBlock, passages: Sequence[Passage]) -> list[str]:
    """What the passages hold of the block, in order."""
    return [passage.text[part.start : part.end] for passage in passages for part in passage.parts if part.block_id == block.id]


_texts = st.lists(st.sampled_from([*WORDS, " ", "\n", "\n\n", ". ", ", "]), min_size=0, max_size=60).map(" ".join)
_drafts = st.one_of(
    st.builds(BlockDraft, st.sampled_from(list(BlockType)), _texts),
    st.builds(heading, st.text("ab ", min_size=1, max_size=120), st.integers(-1, 9)),
    st.builds(code, _texts, section=st.just(["a.py", "Class"]), signature=st.just("def f()")),
)
documents = st.lists(_drafts, max_size=25).map(lambda drafts: identify(DOCUMENT, drafts))

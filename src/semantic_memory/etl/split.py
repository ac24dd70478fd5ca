"""Cuts a block that is over the budget into atoms at the best boundaries its kind of text has."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from enum import IntEnum
from itertools import pairwise
from typing import NamedTuple
from zlib import crc32

from semantic_memory.core.model import BlockType, ContentBlock
from semantic_memory.core.sentences import sentences
from semantic_memory.etl.rulers import Ruler

Spans = list[tuple[int, int]]
Cut = Callable[[str, int, int], Spans]
"""The spans of the pieces that the characters [start, end) of a text fall into, without gaps."""


class Boundary(IntEnum):
    """What a passage would break before, best first."""

    BLOCK = 0
    SENTENCE = 1
    CLAUSE = 2
    WORD = 3
    TOKEN = 4


class Atom(NamedTuple):
    """The characters [start, end) of block number `block`: what packing moves as a whole. `mark` is a hash of its text.

    `opens` says that a definition begins here, which would rather start a passage of its own.
    """

    block: int
    start: int
    end: int
    tokens: int
    boundary: Boundary
    mark: int
    opens: bool = False


def silent(number: int) -> Atom:
    """An atom without text, by which a passage still counts the block among its parts."""
    return Atom(number, 0, 0, 0, Boundary.BLOCK, 0)


_CLAUSE = re.compile(r"[,;:—–]['\"”’»)\]]*+\s++|[，；、：،؛]++\s*+|\n\s*+")
_WORD = re.compile(r"\s++")
_LINE = re.compile(r"\n")
_RULE = re.compile(r"[\s|:+=-]*")
_BLANK_LINE = re.compile(r"\n[^\S\n]*+\n++")


def atoms(number: int, block: ContentBlock, ruler: Ruler, limit: int, *, start: int = 0) -> Iterator[Atom]:
    """The block from `start` on: whole if it fits into `limit` tokens, else in pieces that do; blank space around them is left out."""
    text = block.text
    whole = (*trimmed(text, start, len(text)), Boundary.BLOCK)
    is_small = ruler.count(whole[0], whole[1]) <= limit
    for low, high, boundary in [whole] if is_small else _divide(text, whole, ruler, limit, _levels(block)):
        piece = text[low:high]
        if piece.strip():
            opens = boundary is Boundary.BLOCK and block.type is BlockType.CODE and "signature" in block.metadata
            yield Atom(number, low, high, ruler.count(low, high), boundary, crc32(piece.encode("utf-8", "replace")), opens)


def trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    """The span without blank lines before and white space after; the first line keeps its indentation."""
    piece = text[start:end]
    lead = len(piece) - len(piece.lstrip())
    line = piece.rfind("\n", 0, lead) + 1
    return start + line, start + max(line, len(piece.rstrip()))


def header_end(table: ContentBlock) -> int:
    """Where the header rows of a table's text end (`header_rows` of the metadata, else one), the rule below them included."""
    rows = table.metadata.get("header_rows", 1)
    end = 0
    for _ in range(rows if isinstance(rows, int) else 1):
        end = _line_end(table.text, end)
    following = _line_end(table.text, end)
    return following if end and _RULE.fullmatch(table.text, end, following) else end


def _line_end(text: str, start: int) -> int:
    return text.find("\n", start) + 1 or len(text)


def _levels(block: ContentBlock) -> Sequence[tuple[Boundary, Cut]]:
    if block.type is BlockType.CODE:
        return (*_statement_levels(block), (Boundary.CLAUSE, _cut_by(_LINE)), (Boundary.WORD, _cut_by(_WORD)))
    if block.type is BlockType.TABLE or block.type is BlockType.LIST:
        return ((Boundary.SENTENCE, _cut_by(_LINE)), (Boundary.CLAUSE, _cut_by(_CLAUSE)), (Boundary.WORD, _cut_by(_WORD)))
    return ((Boundary.SENTENCE, _cut_sentences), (Boundary.CLAUSE, _cut_by(_CLAUSE)), (Boundary.WORD, _cut_by(_WORD)))


def _statement_levels(block: ContentBlock) -> Iterator[tuple[Boundary, Cut]]:
    """Before the statements that the block's `breaks` name, outermost first, blank lines before others; without them at blank lines."""
    starts = [0, *(match.end() for match in _LINE.finditer(block.text))]
    levels = _breaks(block, len(starts))
    if not levels:
        yield Boundary.SENTENCE, _cut_by(_BLANK_LINE)
    for lines in levels:
        after_blank = [line for line in lines if not block.text[starts[line - 1] : starts[line]].strip()]
        yield Boundary.SENTENCE, _cut_at([starts[line] for line in after_blank])
        yield Boundary.CLAUSE, _cut_at([starts[line] for line in lines])


def _breaks(block: ContentBlock, lines: int) -> list[list[int]]:
    """The metadata's `breaks` as numbers of the block's lines, from 0."""
    first, levels = block.metadata.get("start_line"), block.metadata.get("breaks")
    if not isinstance(first, int) or not isinstance(levels, list):
        return []
    numbers = [[line - first for line in level if isinstance(line, int)] for level in levels if isinstance(level, list)]
    return [[number for number in level if 0 < number < lines] for level in numbers]


def _cut_at(positions: Sequence[int]) -> Cut:
    def cut(_text: str, start: int, end: int) -> Spans:
        inside = positions[bisect_right(positions, start) : bisect_left(positions, end)]
        return list(pairwise([start, *inside, end]))

    return cut


def _cut_by(separator: re.Pattern[str]) -> Cut:
    def cut(text: str, start: int, end: int) -> Spans:
        ends = [match.end() for match in separator.finditer(text, start, end)]
        return [(low, high) for low, high in pairwise([start, *ends, end]) if high > low]

    return cut


def _cut_sentences(text: str, start: int, end: int) -> Spans:
    return [(start + low, start + high) for low, high in sentences(text[start:end])]


def _divide(
    text: str,
    piece: tuple[int, int, Boundary],
    ruler: Ruler,
    limit: int,
    levels: Sequence[tuple[Boundary, Cut]],
) -> Iterator[tuple[int, int, Boundary]]:
    """Pieces of `piece` within the limit; the first keeps the boundary of the whole."""
    start, end, boundary = piece
    if not levels:
        yield from _divide_by_tokens(piece, ruler, limit)
        return
    inner, cut = levels[0]
    for low, high in cut(text, start, end):
        part = (low, high, inner if low > start else boundary)
        if ruler.count(part[0], part[1]) <= limit:
            yield part
        else:
            yield from _divide(text, part, ruler, limit, levels[1:])


def _divide_by_tokens(piece: tuple[int, int, Boundary], ruler: Ruler, limit: int) -> Iterator[tuple[int, int, Boundary]]:
    """Half a passage at a time, so that what is cut inside a word still packs."""
    start, end, boundary = piece
    first = ruler.count(0, start)
    step = max(1, limit // 2)
    cuts = sorted({cut for cut in ruler.starts[first + step : first + ruler.count(start, end) : step] if start < cut < end})
    for low, high in zip([start, *cuts], [*cuts, end], strict=True):
        yield low, high, Boundary.TOKEN if low > start else boundary

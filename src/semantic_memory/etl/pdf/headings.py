"""Levels of headings: by the rank of their looks in the document, and by the depth of their numbers."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from semantic_memory.etl.pdf.shapes import Piece

DEEPEST = 6
CLOSE = 0.04
"""Part by which the sizes of headings of one level differ: rounding, not design."""
_NUMBERED = re.compile(r"((?:\d{1,3}|[A-Z])(?:\.\d{1,3})*)\.?\s+\S")
_CHAPTER = re.compile(r"(?:chapter|part|appendix|annex|kapitel|teil|anhang)\s+[\divxlcA-Z]+\b", re.IGNORECASE)


class Looks(NamedTuple):
    """What makes one level of headings look different from the next; of two headings of one size the greater one stands higher."""

    size: float
    is_capitals: bool
    is_bold: bool
    is_upright: bool


class Heading(NamedTuple):
    looks: Looks
    depth: int
    """1 for `3 Title` and `3. Title`, 2 for `3.1 Title`; 0 without a number."""

    @classmethod
    def of(cls, piece: Piece) -> "Heading":
        first = piece.lines[0]
        number = _NUMBERED.match(first.text)
        depth = number[1].count(".") + 1 if number else int(_CHAPTER.match(first.text) is not None)
        is_capitals = "".join(line.text for line in piece.lines).isupper()
        return cls(Looks(piece.size, is_capitals, first.style.is_bold, not first.style.is_italic), depth)


def levels(headings: Sequence[Heading]) -> list[int]:
    """The level of every heading of a document, from 1 to 6."""
    ranks = _ranks({heading.looks for heading in headings})
    base = _base(headings, ranks)
    return [min(DEEPEST, base + one.depth - 1 if one.depth else ranks[one.looks]) for one in headings]


def _ranks(found: set[Looks]) -> dict[Looks, int]:
    """Looks → level, the largest first; sizes that hardly differ are one."""
    sizes = _sizes(found)
    alike = {looks: looks._replace(size=sizes[looks.size]) for looks in found}
    order = sorted(set(alike.values()), reverse=True)
    return {looks: order.index(same) + 1 for looks, same in alike.items()}


def _sizes(found: set[Looks]) -> dict[float, float]:
    """Each size → the largest one that it hardly differs from."""
    sizes: dict[float, float] = {}
    largest = 0.0
    for size in sorted({looks.size for looks in found}, reverse=True):
        largest = largest if largest - size <= CLOSE * largest and largest else size
        sizes[size] = largest
    return sizes


def _base(headings: Sequence[Heading], ranks: dict[Looks, int]) -> int:
    """The level of headings with a number of depth 1, as the looks of those tell; without any, those of deeper ones."""
    first = [ranks[one.looks] for one in headings if one.depth == 1]
    deeper = [max(1, ranks[one.looks] - one.depth + 1) for one in headings if one.depth > 1]
    return min(first or deeper or [1])

"""Which pages the layout models would read better than the fast tier does."""

from itertools import pairwise

from semantic_memory.etl.pdf.fast import ReadPage
from semantic_memory.etl.pdf.shapes import Line, Piece

WIDE = 2.0
"""Type sizes between two words of one line from which they stand in columns, which running text does not."""
DOUBTFUL_LINES = 3
"""Lines with such gaps outside of tables: fewer are a signature, a formula with its number, a head with its page."""


def wants_layout(read: ReadPage) -> bool:
    """Whether there is a table without rules, or text in columns that was not seen as a table or as columns."""
    if any(piece.table and not piece.is_ruled for piece in read.pieces):
        return True
    return sum(1 for piece in read.pieces if _is_text(piece) for line in piece.lines if _has_columns(line)) >= DOUBTFUL_LINES


def _is_text(piece: Piece) -> bool:
    return piece.kind in ("paragraph", "heading", "caption")


def _has_columns(line: Line) -> bool:
    return not line.is_turned and any(right.box.x0 - left.box.x1 > WIDE * line.size for left, right in pairwise(line.words))

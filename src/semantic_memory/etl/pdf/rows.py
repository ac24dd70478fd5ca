"""Lines beside each other, as rows: what columns and tables are found by."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from semantic_memory.etl.pdf.shapes import Box, Line, around, joined

LEAST_WORDS = 4
WIDEST_BLANK = 3.0
"""Type sizes: justified print without division of words hardly spreads its blanks further."""
ALIKE = 1.6
"""Times the middle blank of a row that the widest one is in justified print, at most; between columns it is more."""
SAME_ROW = 0.5
"""Part of the lower line's height that a line shares with the first of its row."""


@dataclass(frozen=True, slots=True)
class Row:
    """Lines beside each other, from left to right; never empty."""

    lines: tuple[Line, ...]

    @property
    def box(self) -> Box:
        return around([line.box for line in self.lines])


def rows_of(lines: Sequence[Line]) -> list[Row]:
    """Top down."""
    rows: list[list[Line]] = []
    for line in sorted(lines, key=lambda line: line.box.middle):
        if rows and rows[-1][0].box.beside(line.box) >= SAME_ROW:
            rows[-1].append(line)
        else:
            rows.append([line])
    return [Row(tuple(sorted(row, key=lambda line: line.box.x0))) for row in rows]


def whole(row: Row) -> Row:
    """The row as one line where its blanks are those of justified print: spread wide, but all alike."""
    words = [word for line in row.lines for word in line.words if not word.is_glued]
    if len(row.lines) < 2 or len(words) < LEAST_WORDS:
        return row
    blanks = [right.box.x0 - left.box.x1 for left, right in pairwise(words)]
    is_print = max(blanks) <= min(WIDEST_BLANK * row.lines[0].size, ALIKE * median(blanks))
    return Row((joined(row.lines),)) if is_print else row


def clear_of(lines: Sequence[Line], boxes: Sequence[Box]) -> list[Line]:
    """The lines whose middle lies in none of the boxes."""
    return [line for line in lines if not any(box.holds(line.box) for box in boxes)]


def gaps(spans: Sequence[tuple[float, float]], least: float) -> Iterator[tuple[float, float]]:
    """Between spans of numbers, the gaps that none of them covers and that are at least so wide, in order."""
    reach: float | None = None
    for start, end in sorted(spans):
        if reach is not None and start - reach >= least:
            yield reach, start
        reach = end if reach is None else max(reach, end)

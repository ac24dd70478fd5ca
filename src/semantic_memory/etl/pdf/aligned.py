"""Tables without rules: rows of text that stand in the same columns."""

import re
from collections.abc import Iterator, Sequence
from statistics import fmean

from semantic_memory.etl.pdf.grid import Grid, Rules, grid_of
from semantic_memory.etl.pdf.rows import Row
from semantic_memory.etl.pdf.shapes import Piece, Rule, around
from semantic_memory.etl.pdf.tables import table_of

FAR = 2.6
"""Type sizes between the tops of rows: further apart they are no longer one table."""
SINGLE_ROWS = 4
"""Rows in one column that may stand between rows in several: further lines of a cell, a heading of a group."""
HEADING_ROWS = 3
"""Rows of a table's heading, at most, of which only the last is looked for in several columns."""
WIDE = 0.75
"""Part of the column's width; a line of its own that is wider is text between two tables."""
LONG_LINE = 28
LONG_CELL = 50
"""Letters: where the lines of every column are so long, or those of all columns on average, it is print in columns."""
SHARED_ROWS = 0.5
"""Part of a table's rows that fill two columns or more."""
_LEADERS = re.compile(r"\.{4,}|(?:\. ){4,}|…{2,}")
_MARKER = re.compile(r"\W|\(?\w{1,3}[.)]")


def aligned_tables(page: int, rows: Sequence[Row], across: Sequence[Rule]) -> Iterator[Piece | Row]:
    """The rows of one region top down, with tables in the place of theirs."""
    start, widest = 0, max((row.box.width for row in rows), default=0.0)
    while start < len(rows):
        end = _run_end(rows, start, WIDE * widest)
        piece = _table(page, rows[start:end], across) if end - start > 1 else None
        if piece is None:
            yield rows[start]
            start += 1
        else:
            yield piece
            start = end


def _run_end(rows: Sequence[Row], start: int, wide: float) -> int:
    """Behind the last row that may belong to a table that begins with this row."""
    end, singles = start + 1, int(len(rows[start].lines) < 2)
    if singles and not _is_above_heading(rows, start, wide):
        return end
    last = end
    while end < len(rows) and rows[end].box.y0 - rows[end - 1].box.y0 <= FAR * _size(rows[end - 1]):
        singles = singles + 1 if len(rows[end].lines) < 2 else 0
        if singles > SINGLE_ROWS or (singles and rows[end].box.width > wide):
            break
        end += 1
        last = end if not singles else last
    return last


def _is_above_heading(rows: Sequence[Row], start: int, wide: float) -> bool:
    """Whether a row of one line is the upper part of a table's heading: as bold as the row of several below, and short."""
    for row in rows[start : start + HEADING_ROWS]:
        if not all(line.style.is_bold for line in row.lines) or (len(row.lines) == 1 and row.box.width > wide / 2):
            return False
        if len(row.lines) > 1:
            return row.box.x1 > rows[start].box.x0 and row.box.y0 - rows[start].box.y1 < _size(row)
    return False


def _size(row: Row) -> float:
    return max(line.size for line in row.lines)


def _table(page: int, rows: Sequence[Row], across: Sequence[Rule]) -> Piece | None:
    lines = [line for row in rows for line in row.lines]
    if any(line.is_turned or line.style.is_mono for line in lines):
        return None
    box = around([line.box for line in lines])
    inside = [rule for rule in across if box.y0 < rule.at < box.y1 and rule.start < box.x1 and rule.end > box.x0]
    grid = grid_of(lines, box, Rules(inside))
    if grid is None or not _is_tabular(grid, rows):
        return None
    table = table_of(grid)
    return Piece("table", page, box, table=table) if table else None


def _is_tabular(grid: Grid, rows: Sequence[Row]) -> bool:
    """Enough rows with text in several columns, short cells, and neither a list with its markers nor a table of contents."""
    shared = [row for row in grid.rows if len(row.cells) > 1]
    if len(shared) < (3 if len(grid.columns) == 1 else 2) or len(shared) < SHARED_ROWS * len(grid.rows):
        return False
    first = [row.cells[0].text for row in shared if row.cells[0].first == 0]
    is_list = len(grid.columns) == 1 and sum(1 for text in first if _MARKER.fullmatch(text)) > len(first) / 2
    is_contents = sum(1 for row in rows if any(_LEADERS.search(line.text) for line in row.lines)) > len(rows) / 3
    return not (is_list or is_contents or _is_print(grid))


def _is_print(grid: Grid) -> bool:
    """Whether every column is running text."""
    columns: dict[int, list[int]] = {}
    for row in grid.rows:
        for cell in row.cells:
            columns.setdefault(cell.first, []).append(max(len(line.text) for line in cell.lines))
    return min(fmean(letters) for letters in columns.values()) > LONG_LINE or fmean(map(fmean, columns.values())) > LONG_CELL

"""A grid → a table: cells with spans, and which rows are headings."""

from collections.abc import Sequence

from semantic_memory.etl.blocks.tables import likely_header_rows
from semantic_memory.etl.pdf.grid import NEAR, Grid, GridRow
from semantic_memory.etl.pdf.shapes import Table

MOST_HEADER_ROWS = 5
LEAST_FILL = 0.35
"""Part of the places of a table that is filled; drawings with labels have less."""

Place = tuple[int, int]
"""Row and column, from 0."""


def table_of(grid: Grid) -> Table | None:
    """None when most of the grid is empty, as in a drawing with labels."""
    width = len(grid.columns) + 1
    places = sum(len(row.filled) for row in grid.rows)
    if places < LEAST_FILL * width * len(grid.rows):
        return None
    cells = {(number, cell.first): cell for number, row in enumerate(grid.rows) for cell in row.cells}
    texts = {place: cell.text for place, cell in cells.items()}
    spans = {place: (1, cell.last - cell.first + 1) for place, cell in cells.items() if cell.last > cell.first}
    if grid.rules.down and grid.rules.across:
        _join_unruled(grid, texts, spans)
    rows = [[texts.get((row, column), "") for column in range(width)] for row in range(len(grid.rows))]
    spanned = [(*place, *size) for place, size in sorted(spans.items()) if size != (1, 1)]
    return Table(rows, _header_rows(grid, rows, spanned), spanned)


def _join_unruled(grid: Grid, texts: dict[Place, str], spans: dict[Place, tuple[int, int]]) -> None:
    """Lets a filled cell reach over empty neighbours that no rule parts from it; rightwards and leftwards, then down."""
    for number, row in enumerate(grid.rows):
        for cell in row.cells:
            first, last = _free_reach(grid, row, cell.first, cell.last)
            if (first, last) != (cell.first, cell.last):
                texts[number, first] = texts.pop((number, cell.first))
                spans.pop((number, cell.first), None)
                spans[number, first] = (1, last - first + 1)
    for number, column in sorted(texts):
        width = spans.get((number, column), (1, 1))[1]
        top = number
        while top and _is_free_below(grid, texts, top - 1, top - 1, column, width):
            top -= 1
        bottom = number
        while bottom + 1 < len(grid.rows) and _is_free_below(grid, texts, bottom, bottom + 1, column, width):
            bottom += 1
        if bottom > top:
            texts[top, column] = texts.pop((number, column))
            spans.pop((number, column), None)
            spans[top, column] = (bottom - top + 1, width)


def _free_reach(grid: Grid, row: GridRow, first: int, last: int) -> tuple[int, int]:
    middle = (row.top + row.bottom) / 2
    while first and row.at(first - 1) is None and not _is_ruled_down(grid, first - 1, middle):
        first -= 1
    while last < len(grid.columns) and row.at(last + 1) is None and not _is_ruled_down(grid, last, middle):
        last += 1
    return first, last


def _is_ruled_down(grid: Grid, edge: int, y: float) -> bool:
    """An edge that is never ruled parts its columns everywhere."""
    if not grid.columns[edge].is_ruled:
        return True
    at = grid.columns[edge].at
    return any(abs(rule.at - at) <= NEAR and rule.start <= y <= rule.end for rule in grid.rules.down)


def _is_free_below(grid: Grid, texts: dict[Place, str], above: int, empty: int, column: int, width: int) -> bool:
    """Whether nothing is drawn between a row and the next, and nothing stands in the given one of both."""
    places = [(empty, column + offset) for offset in range(width)]
    is_empty = all(place not in texts and grid.rows[empty].at(place[1]) is None for place in places)
    is_one_band = grid.rows[above].band == grid.rows[above + 1].band
    return is_empty and not is_one_band and not _is_ruled_across(grid, grid.rows[above].band, column)


def _is_ruled_across(grid: Grid, band: int, column: int) -> bool:
    """Whether a rule is drawn below the band in this column."""
    left = grid.columns[column - 1].at if column else grid.box.x0
    right = grid.columns[column].at if column < len(grid.columns) else grid.box.x1
    at, middle = grid.bands[band], (left + right) / 2
    return any(abs(rule.at - at) <= NEAR and rule.start <= middle <= rule.end for rule in grid.rules.across)


def _header_rows(grid: Grid, rows: Sequence[Sequence[str]], spans: Sequence[tuple[int, int, int, int]]) -> int:
    """By the rule below them, by bold print, by cells that span columns, or by what the words look like."""
    most = min(MOST_HEADER_ROWS, len(rows) - 1)
    count = _ruled_header(grid)
    if not 0 < count <= most:
        count = _bold_header(grid.rows)
    if not 0 < count <= most:
        count = likely_header_rows(rows) or _spanning_header(rows, spans)
    spanning = [row + height for row, _, height, width in spans if row <= count and width > 1]
    return min(max([count, *(end + 1 for end in spanning if count and end <= count)]), most)


def _ruled_header(grid: Grid) -> int:
    """Rows above the first rule, where rules do not part all rows."""
    if not grid.bands or grid.rows[0].band != 0 or len(grid.bands) + 1 >= len(grid.rows):
        return 0
    return sum(1 for row in grid.rows if row.band == 0)


def _bold_header(rows: Sequence[GridRow]) -> int:
    bold = [all(line.style.is_bold for line in row.lines) for row in rows]
    count = bold.index(False) if False in bold else 0
    return count if sum(bold[count:]) <= len(bold) / 3 else 0


def _spanning_header(rows: Sequence[Sequence[str]], spans: Sequence[tuple[int, int, int, int]]) -> int:
    """A first row whose words are for several columns, and the row below it that names each of them."""
    is_over_columns = any(row == 0 and width > 1 for row, _, _, width in spans)
    return 2 if is_over_columns and not any(character.isdigit() for cell in rows[0] for character in cell) else 0

"""The lines and rules of a region → rows and columns of cells."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import NamedTuple

from semantic_memory.etl.pdf.hyphens import run_on
from semantic_memory.etl.pdf.rows import Row, gaps, rows_of
from semantic_memory.etl.pdf.shapes import Box, Line, Rule, line_of

FULL_ROW = 0.7
"""Rows with at least this part of the lines of the fullest row show where the columns are; others may have cells that span."""
LEAST_GAP = 0.3
"""Type sizes between two columns."""
REACH = 3.0
"""Points that a line reaches into a column to count as standing in it too."""
RULED = 0.5
"""Part of the region that a rule between two columns or rows covers."""
PARTIAL = 0.9
"""Part of the table's width from which a rule is no rule under a heading of some columns."""
NEAR = 3.0
"""Points between a rule and what it belongs to."""
LOOSE = 1.6
"""Type sizes from line to line: lines this far apart are no wrapped text, which is set at 1.0 to 1.5."""
TIGHTER = 0.8
"""Lines closer than this part of the usual distance between rows belong to one row."""
WRAPPED = 1.15
"""Times the least distance from line to line that lines of one cell may be apart."""
SOME_LOOSE = 0.15
"""Part of the distances that are larger where wrapped cells are among others."""
_NUMBER = re.compile(r"\W*\d[\d\s.,:/%()*+–−\-]*\W*|[-–—.…*]+|n/?a\.?", re.IGNORECASE)


class Rules(NamedTuple):
    """Rules of one region."""

    across: Sequence[Rule] = ()
    down: Sequence[Rule] = ()


class Edge(NamedTuple):
    """Between two columns or rows; `is_ruled` where a line is drawn there."""

    at: float
    is_ruled: bool


@dataclass(slots=True)
class Cell:
    """Lines in one place, or over several columns: first to last, inclusive."""

    first: int
    last: int
    lines: list[Line]

    @property
    def text(self) -> str:
        return run_on([" ".join(line.text for line in row.lines) for row in rows_of(self.lines)])

    @property
    def is_number(self) -> bool:
        return all(_NUMBER.fullmatch(line.text) for line in self.lines)


@dataclass(slots=True)
class GridRow:
    """Filled cells from left to right, the height they take, and the number of the band between two rules that they are in."""

    cells: list[Cell]
    top: float
    bottom: float
    band: int = 0

    @property
    def filled(self) -> set[int]:
        return {column for cell in self.cells for column in range(cell.first, cell.last + 1)}

    @property
    def lines(self) -> list[Line]:
        return [line for cell in self.cells for line in cell.lines]

    def at(self, column: int) -> Cell | None:
        return next((cell for cell in self.cells if cell.first <= column <= cell.last), None)


@dataclass(frozen=True, slots=True)
class Grid:
    """`columns` has the edges between columns, one less than there are columns; `bands` those between ruled rows."""

    box: Box
    rows: Sequence[GridRow]
    columns: Sequence[Edge]
    bands: Sequence[float]
    rules: Rules


def grid_of(lines: Sequence[Line], box: Box, rules: Rules) -> Grid | None:
    """None when the lines do not stand in two rows and two columns."""
    lines = [part for line in lines for part in _divided(line, rules.down)]
    rows = rows_of(lines)
    columns = _columns(rows, box, rules)
    if not columns or len(rows) < 2:
        return None
    bands = _ruled_places(rules.across, box.y0, box.y1, box.width)
    partial = [rule for rule in rules.across if not rules.down and rule.length < PARTIAL * box.width]
    placed = _without_straddling([_placed(row, columns, partial) for row in rows])
    merged = [row for number, band in enumerate(_in_bands(placed, bands)) for row in _rows_of_band(band, number, len(bands), rules)]
    return Grid(box, merged, columns, bands, rules) if len(merged) > 1 else None


def _divided(line: Line, down: Sequence[Rule]) -> Iterator[Line]:
    """The line in parts at the rules that cross it."""
    cuts = sorted(rule.at for rule in down if rule.start <= line.box.middle <= rule.end and line.box.x0 < rule.at < line.box.x1)
    if not cuts or line.is_turned:
        yield line
        return
    for left, right in pairwise([float("-inf"), *cuts, float("inf")]):
        words = [word for word in line.words if left <= word.box.centre < right]
        if words:
            yield line_of(words)


def _columns(rows: Sequence[Row], box: Box, rules: Rules) -> list[Edge]:
    """Where rules part columns, and where the fuller rows have no text."""
    ruled = [Edge(at, is_ruled=True) for at in _ruled_places(rules.down, box.x0, box.x1, box.height)]
    most = max(len(row.lines) for row in rows)
    full = [row for row in rows if len(row.lines) >= max(2, FULL_ROW * most)]
    size = median(line.size for row in rows for line in row.lines)
    spans = [(line.box.x0, line.box.x1) for row in full for line in row.lines]
    free = [gap for gap in gaps(spans, LEAST_GAP * size) if not any(gap[0] - NEAR <= edge.at <= gap[1] + NEAR for edge in ruled)]
    edges = sorted([*ruled, *(Edge((start + end) / 2, is_ruled=False) for start, end in free)])
    return [edge for edge in edges if edge.is_ruled or _parts(edge, edges, rows, is_among_ruled=bool(ruled))]


def _parts(edge: Edge, edges: Sequence[Edge], rows: Sequence[Row], *, is_among_ruled: bool) -> bool:
    """Whether rows enough have text on both sides; between ruled columns that takes more than chance."""
    index = edges.index(edge)
    left = edges[index - 1].at if index else float("-inf")
    right = edges[index + 1].at if index + 1 < len(edges) else float("inf")
    both = sum(1 for row in rows if _has(row, left, edge.at) and _has(row, edge.at, right))
    least = max(3, len(rows) / 2) if is_among_ruled else 1 if len(rows) < 4 else 2
    return both >= least


def _has(row: Row, left: float, right: float) -> bool:
    return any(left <= line.box.centre < right for line in row.lines)


def _ruled_places(rules: Sequence[Rule], start: float, end: float, length: float) -> list[float]:
    """Where rules inside cover enough of the region's length, one place for rules that are drawn double."""
    places: list[tuple[float, float]] = []
    for rule in sorted(rules):
        if start + NEAR < rule.at < end - NEAR:
            if places and rule.at - places[-1][0] <= NEAR:
                places[-1] = (places[-1][0], places[-1][1] + rule.length)
            else:
                places.append((rule.at, rule.length))
    return [at for at, covered in places if covered >= RULED * length]


def _placed(row: Row, columns: Sequence[Edge], across: Sequence[Rule]) -> GridRow:
    cells: list[Cell] = []
    for line in row.lines:
        first, last = _reach(_underlined(line, across), columns)
        if cells and first <= cells[-1].last:
            cells[-1].lines.append(line)
            cells[-1].last = max(last, cells[-1].last)
        else:
            cells.append(Cell(first, last, [line]))
    return GridRow(cells, row.box.y0, row.box.y1)


def _underlined(line: Line, across: Sequence[Rule]) -> Box:
    """The line's box; as wide as the rule just below that it is centred on, which in headings tells the columns it is for."""
    for rule in across:
        is_below = line.box.middle < rule.at < line.box.y1 + line.size
        if (
            is_below
            and rule.start <= line.box.x0
            and line.box.x1 <= rule.end
            and abs((rule.start + rule.end) / 2 - line.box.centre) < line.size
        ):
            return Box(rule.start, line.box.y0, rule.end, line.box.y1)
    return line.box


def _without_straddling(rows: list[GridRow]) -> list[GridRow]:
    """Cells that stand at half height between two rows, in columns that both leave empty, put into the upper one."""
    kept: list[GridRow] = []
    for index, row in enumerate(rows):
        below = rows[index + 1] if index + 1 < len(rows) else None
        if kept and below and _straddles(kept[-1], row, below):
            kept[-1].cells = sorted([*kept[-1].cells, *row.cells], key=lambda cell: cell.first)
        else:
            kept.append(row)
    return kept


def _straddles(above: GridRow, row: GridRow, below: GridRow) -> bool:
    slack = 0.15 * (row.bottom - row.top)
    is_between = row.top + slack < above.bottom and row.bottom - slack > below.top
    return is_between and not row.filled & (above.filled | below.filled)


def _reach(box: Box, columns: Sequence[Edge]) -> tuple[int, int]:
    """The first and last column that a line stands in."""
    first = sum(1 for edge in columns if edge.at < box.x0 + REACH)
    last = sum(1 for edge in columns if edge.at < box.x1 - REACH)
    return min(first, last), last


def _in_bands(rows: Sequence[GridRow], bands: Sequence[float]) -> Iterator[list[GridRow]]:
    """The rows between each two ruled edges."""
    for top, bottom in pairwise([float("-inf"), *bands, float("inf")]):
        yield [row for row in rows if top <= (row.top + row.bottom) / 2 < bottom]


def _rows_of_band(rows: list[GridRow], number: int, edges: int, rules: Rules) -> Iterator[GridRow]:
    """Text between two rules is one row, unless what stands there cannot be wrapped text."""
    for row in rows:
        row.band = number
    if not rows:
        return
    if edges and rules.down and not _are_rows(rows):
        yield _merged(rows)
    else:
        yield from _without_continuations(rows)


def _are_rows(rows: Sequence[GridRow]) -> bool:
    """Whether lines between two rules are rows of their own: far apart, or each with a number, or each with every column filled."""
    if len(rows) < 2:
        return True
    columns = set[int]().union(*(row.filled for row in rows))
    if len(columns) < 2:
        return False
    is_numbered = any(all((cell := row.at(column)) is not None and cell.is_number for row in rows) for column in columns)
    is_full = len(rows) > 2 and sum(len(row.filled) for row in rows) > 0.9 * len(rows) * len(columns)
    return is_numbered or is_full or (_pitch(rows) >= LOOSE * _size(rows) and sum(len(row.filled) > 1 for row in rows) > len(rows) / 2)


def _pitch(rows: Sequence[GridRow]) -> float:
    return median(below.top - above.top for above, below in pairwise(rows))


def _size(rows: Sequence[GridRow]) -> float:
    return median(line.size for row in rows for line in row.lines)


def _without_continuations(rows: Sequence[GridRow]) -> Iterator[GridRow]:
    """Rows in which wrapped cells are whole again: by the white between rows where there is some, else by what continues what."""
    blocks = _by_white(rows)
    if blocks:
        yield from blocks
        return
    usual = max((below.top - above.top for above, below in pairwise(rows)), default=0.0)
    kept: list[GridRow] = []
    for row in rows:
        if kept and _continues(kept[-1], row, usual):
            kept[-1] = _merged([kept[-1], row])
        else:
            kept.append(row)
    yield from kept


def _by_white(rows: Sequence[GridRow]) -> list[GridRow]:
    """Rows made of cells whose lines stand closer than the rows do; empty where distances do not tell, or tell nonsense."""
    cells = [cell for row in rows for cell in row.cells]
    pitches = sorted(pitch for column in _by_place(cells).values() for pitch in _pitches(column))
    if not pitches or pitches[0] > LOOSE * _size(rows):
        return []
    close = WRAPPED * pitches[0]
    if sum(pitch > close for pitch in pitches) < SOME_LOOSE * len(pitches) or pitches[-1] <= close:
        return []
    blocks = [block for column in _by_place(cells).values() for block in _stacked(column, close)]
    found = [_merged(group) for group in _overlapping([GridRow([block], *_height(block), rows[0].band) for block in blocks])]
    return found if len(found) > 1 and not _is_nonsense(blocks, found) else []


def _by_place(cells: Sequence[Cell]) -> dict[tuple[int, int], list[Cell]]:
    places: dict[tuple[int, int], list[Cell]] = {}
    for cell in cells:
        places.setdefault((cell.first, cell.last), []).append(cell)
    return places


def _pitches(column: Sequence[Cell]) -> Iterator[float]:
    for above, below in pairwise(column):
        yield below.lines[0].box.y0 - above.lines[-1].box.y0


def _stacked(column: Sequence[Cell], close: float) -> list[Cell]:
    """Cells of one column, with those that stand close made one."""
    stacked: list[Cell] = []
    for cell in column:
        if stacked and cell.lines[0].box.y0 - stacked[-1].lines[-1].box.y0 <= close:
            stacked[-1] = Cell(cell.first, cell.last, [*stacked[-1].lines, *cell.lines])
        else:
            stacked.append(cell)
    return stacked


def _height(cell: Cell) -> tuple[float, float]:
    """Without the room for accents and descenders, by which lines above each other overlap."""
    slack = 0.2 * cell.lines[0].box.height
    return min(line.box.y0 for line in cell.lines) + slack, max(line.box.y1 for line in cell.lines) - slack


def _overlapping(rows: Sequence[GridRow]) -> Iterator[list[GridRow]]:
    """Groups of rows that share some height."""
    group: list[GridRow] = []
    for row in sorted(rows, key=lambda row: row.top):
        if group and row.top >= max(other.bottom for other in group):
            yield group
            group = []
        group.append(row)
    if group:
        yield group


def _is_nonsense(blocks: Sequence[Cell], rows: Sequence[GridRow]) -> bool:
    """Whether several numbers came into one cell, or the cells of every row have equally many lines: then each line is a row."""
    is_mixed = any(len(block.lines) > 1 and sum(1 for line in block.lines if _NUMBER.fullmatch(line.text)) > 1 for block in blocks)
    counts = [{len(rows_of(cell.lines)) for cell in row.cells} for row in rows if len(row.cells) > 1]
    is_even = all(len(count) == 1 for count in counts) and any(max(count) > 1 for count in counts)
    return is_mixed or is_even


def _continues(above: GridRow, row: GridRow, usual: float) -> bool:
    """Whether the row is the next line of wrapped cells: below filled cells, without a number, and close or without a first cell."""
    if any(cell.is_number for cell in row.cells) or any(
        (one := above.at(cell.first)) is None or one.last != cell.last for cell in row.cells
    ):
        return False
    is_close = row.top - _last_top(above) < TIGHTER * usual and len(row.filled) < max(2, len(above.filled))
    return is_close or min(row.filled) > 0


def _last_top(row: GridRow) -> float:
    return max(line.box.y0 for line in row.lines)


def _merged(rows: Sequence[GridRow]) -> GridRow:
    """One row of the cells of several."""
    cells: list[Cell] = []
    for cell in sorted((cell for row in rows for cell in row.cells), key=lambda cell: (cell.first, cell.lines[0].box.y0)):
        if cells and cell.first <= cells[-1].last:
            cells[-1] = Cell(cells[-1].first, max(cells[-1].last, cell.last), [*cells[-1].lines, *cell.lines])
        else:
            cells.append(Cell(cell.first, cell.last, list(cell.lines)))
    return GridRow(cells, min(row.top for row in rows), max(row.bottom for row in rows), rows[0].band)

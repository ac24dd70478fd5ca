"""RTF tables: rows of cells that end somewhere on the line; which columns there are shows when all rows are known."""

from bisect import bisect_left
from dataclasses import dataclass, field

from semantic_memory.etl.word.flow import Flow
from semantic_memory.etl.word.grid import MAX_COLUMNS, Grid

TOLERANCE = 30
"""Twips (1/1440 inch) by which edges of one column differ from row to row in files of real programs."""


@dataclass(slots=True)
class CellPlace:
    """Where a cell ends (twips), and whether it is merged into the one to its left or goes on from the one above."""

    edge: int = 0
    is_joined: bool = False
    is_continued: bool = False


@dataclass(slots=True)
class _Row:
    places: list[CellPlace]
    flows: list[Flow]
    is_header: bool


@dataclass(slots=True)
class RtfTable:
    """`places` are announced for the next row; `flows` are the cells read of it so far."""

    places: list[CellPlace] = field(default_factory=list[CellPlace])
    next_place: CellPlace = field(default_factory=CellPlace)
    is_header: bool = False
    cell: Flow = field(default_factory=Flow)
    flows: list[Flow] = field(default_factory=list[Flow])
    _rows: list[_Row] = field(default_factory=list[_Row])

    @property
    def has_open_row(self) -> bool:
        return bool(self.flows) or bool(self.cell.entries())

    @property
    def has_rows(self) -> bool:
        return bool(self._rows)

    def begin_row(self) -> None:
        """New places are announced."""
        self.places, self.next_place, self.is_header = [], CellPlace(), False

    def end_place(self, edge: int) -> None:
        self.next_place.edge = edge
        if len(self.places) < MAX_COLUMNS:
            self.places.append(self.next_place)
        self.next_place = CellPlace()

    def end_cell(self) -> None:
        self.flows.append(self.cell)
        self.cell = Flow()

    def end_row(self) -> None:
        if self.cell.entries():
            self.end_cell()
        if self.flows:
            self._rows.append(_Row(self._complete_places(), self.flows, self.is_header))
            self.flows = []

    def add_to(self, flow: Flow) -> bool:
        """Puts the table into the flow; False when it had to be cut."""
        edges = self._edges()
        grid = Grid()
        for row in self._rows:
            grid.begin_row()
            _fill(grid, row, edges)
            grid.end_row(is_header=row.is_header)
        grid.add_to(flow)
        self._rows = []
        return not grid.is_cut

    def _complete_places(self) -> list[CellPlace]:
        """A place for each cell; cells that were not announced follow to the right."""
        last = self.places[-1].edge if self.places else 0
        missing = len(self.flows) - len(self.places)
        return [*self.places, *(CellPlace(last + 1440 * number) for number in range(1, missing + 1))]

    def _edges(self) -> list[int]:
        """Right edges of all columns, those within the tolerance taken as one."""
        edges: list[int] = []
        for edge in sorted({place.edge for row in self._rows for place in row.places}):
            if not edges or edge - edges[-1] > TOLERANCE:
                edges.append(edge)
        return edges


def _fill(grid: Grid, row: _Row, edges: list[int]) -> None:
    column = number = 0
    cells = list(zip(row.places, row.flows, strict=False))
    while number < len(cells):
        (place, flow), right = cells[number], cells[number][0].edge
        number += 1
        while number < len(cells) and cells[number][0].is_joined:
            right = cells[number][0].edge
            number += 1
        end = max(bisect_left(edges, right - TOLERANCE) + 1, column + 1)
        if place.is_continued:
            grid.add_below(flow, end - column)
        else:
            grid.add(flow, end - column)
        column = end

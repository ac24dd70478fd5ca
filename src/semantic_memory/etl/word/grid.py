"""Tables of word processors: rows and merged cells as they come in → one block."""

from dataclasses import dataclass, field

from semantic_memory.core.model import BlockDraft, JsonValue
from semantic_memory.etl.blocks.tables import likely_header_rows, table_block
from semantic_memory.etl.word.flow import Extras, Flow

MAX_COLUMNS = 256
"""Word allows 63 and Writer no more in practice; a hostile span asks for millions."""
MAX_CELLS = 200_000
"""Rows times columns of one table, empty ones too; beyond, the table is cut with a warning."""


@dataclass(slots=True)
class _Span:
    row: int
    column: int
    rows: int
    columns: int


@dataclass(slots=True)
class _Row:
    cells: list[Flow | None] = field(default_factory=list["Flow | None"])
    is_header: bool = False


class Grid:
    """A table under construction. Cells are flows; a place that a merged cell covers has none."""

    def __init__(self, page: int | None = None) -> None:
        self.page = page
        self.caption = ""
        self.is_cut = False
        self._rows: list[_Row] = []
        self._spans: dict[int, _Span] = {}
        self._found: list[_Span] = []
        self._width = 1

    def begin_row(self) -> None:
        self._rows.append(_Row())

    def add(self, flow: Flow, columns: int = 1, rows: int = 1) -> None:
        """The next cell of the row, `columns` wide; the places below it that `rows` covers are announced as they come."""
        cells = self._cells()
        if not self._has_room(columns):
            return
        span = _Span(len(self._rows) - 1, len(cells), rows, columns)
        self._spans.update(dict.fromkeys(range(len(cells), len(cells) + columns), span))
        self._found.append(span)
        cells.extend([flow, *[None] * (columns - 1)])

    def cover(self, columns: int = 1) -> None:
        """Places without a cell of their own."""
        if self._has_room(columns):
            self._cells().extend([None] * columns)

    def add_below(self, flow: Flow, columns: int = 1) -> None:
        """A cell that goes on from the cell above; text it should not have is kept."""
        above = self._spans.get(len(self._cells()))
        if above is None or flow.text().strip():
            self.add(flow, columns)
            return
        above.rows = len(self._rows) - above.row
        self.cover(columns)

    def end_row(self, *, is_header: bool = False, is_deleted: bool = False) -> None:
        row = self._rows[-1]
        row.is_header = is_header
        self._width = max(self._width, len(row.cells))
        if is_deleted or not row.cells:
            self._rows.pop()
        while self._found and self._found[-1].row == len(self._rows):
            self._found.pop()

    def add_to(self, flow: Flow) -> None:
        """Puts the table into the flow; a table of one column is a frame around paragraphs, which are put there themselves."""
        cells = [cell for row in self._rows for cell in row.cells if cell is not None]
        if not any(cell.entries() for cell in cells):
            return
        if self._width == 1:
            for cell in cells:
                flow.take(cell)
            return
        extras = Extras()
        for cell in cells:
            extras.add(cell.extras())
        flow.add_block(self._block(extras), extras.behind)

    def _block(self, extras: Extras) -> BlockDraft:
        rows = [[cell.text() if cell is not None else "" for cell in row.cells] for row in self._rows]
        padded = [row + [""] * (self._width - len(row)) for row in rows]
        merged = ((span.row, span.column, min(span.rows, len(rows) - span.row), span.columns) for span in self._found)
        spans: list[JsonValue] = [list[JsonValue](place) for place in merged if place[2:] != (1, 1)]
        metadata = extras.metadata() | ({"spans": spans} if spans else {}) | ({"caption": self.caption} if self.caption else {})
        return table_block(padded, self._header_rows(padded), page=self.page, metadata=metadata)

    def _header_rows(self, rows: list[list[str]]) -> int:
        """The rows marked as headings at the top, else the first if it looks like one."""
        marked = next((number for number, row in enumerate(self._rows) if not row.is_header), len(self._rows))
        return marked or likely_header_rows(rows)

    def _cells(self) -> list[Flow | None]:
        if not self._rows:
            self.begin_row()
        return self._rows[-1].cells

    def _has_room(self, columns: int) -> bool:
        width = max(self._width, len(self._cells()) + columns)
        fits = width <= MAX_COLUMNS and width * len(self._rows) <= MAX_CELLS
        self.is_cut = self.is_cut or not fits
        return fits

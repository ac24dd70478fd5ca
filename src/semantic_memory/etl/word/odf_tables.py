"""Tables of OpenDocument."""

from dataclasses import dataclass

from semantic_memory.etl.word.grid import MAX_COLUMNS, Grid
from semantic_memory.etl.word.handlers import Ends, Starts
from semantic_memory.etl.word.odf_manuscript import Manuscript
from semantic_memory.etl.word.xml import Attributes, integer


@dataclass(slots=True)
class _Cell:
    columns: int
    rows: int
    repeated: int


@dataclass(slots=True)
class _Table:
    """An open table with its open cell; `covered` places beside it are still announced, which the grid has already."""

    grid: Grid
    in_header: bool = False
    cell: _Cell | None = None
    covered: int = 0


class Tables:
    """A cell takes paragraphs like the text does; a table inside it becomes part of its text."""

    def __init__(self, manuscript: Manuscript) -> None:
        self._manuscript = manuscript
        self._open: list[_Table] = []
        self._cut = 0
        self.starts: Starts = {
            "table:table": self._start_table,
            "table:table-header-rows": lambda _: self._set_header(in_header=True),
            "table:table-row": self._start_row,
            "table:table-cell": self._start_cell,
            "table:covered-table-cell": self._cover,
        }
        self.ends: Ends = {
            "table:table": self._end_table,
            "table:table-header-rows": lambda: self._set_header(in_header=False),
            "table:table-row": self._end_row,
            "table:table-cell": self._end_cell,
            "table:covered-table-cell": manuscript.close_frame,
        }

    @property
    def warnings(self) -> list[str]:
        return [f"{self._cut} tables were cut because they are too large"] if self._cut else []

    @property
    def _table(self) -> _Table | None:
        return self._open[-1] if self._open else None

    def _start_table(self, _attributes: Attributes) -> None:
        self._open.append(_Table(Grid(self._manuscript.page)))

    def _end_table(self) -> None:
        grid = self._open.pop().grid
        self._cut += grid.is_cut
        grid.add_to(self._manuscript.flow)

    def _set_header(self, *, in_header: bool) -> None:
        table = self._table
        if table is not None:
            table.in_header = in_header

    def _start_row(self, _attributes: Attributes) -> None:
        """A repeated row is read once: text documents repeat only empty ones."""
        table = self._table
        if table is not None:
            table.covered = 0
            table.grid.begin_row()

    def _end_row(self) -> None:
        table = self._table
        if table is not None:
            table.grid.end_row(is_header=table.in_header)

    def _start_cell(self, attributes: Attributes) -> None:
        table = self._table
        self._manuscript.count()
        if table is not None:
            names = ("table:number-columns-spanned", "table:number-rows-spanned", "table:number-columns-repeated")
            table.cell = _Cell(*(_number(attributes, name) for name in names))
            self._manuscript.open_frame()

    def _end_cell(self) -> None:
        table = self._table
        if table is None or table.cell is None:
            return
        flow, cell = self._manuscript.close_frame(), table.cell
        table.grid.add(flow, cell.columns, cell.rows)
        table.covered = cell.columns - 1
        for _ in range(cell.repeated - 1):
            table.grid.add(flow)

    def _cover(self, attributes: Attributes) -> None:
        """A place below or beside a merged cell; what it may still hold is not shown."""
        table = self._table
        self._manuscript.open_frame()
        if table is not None:
            count = _number(attributes, "table:number-columns-repeated")
            known = min(count, table.covered)
            table.covered -= known
            table.grid.cover(count - known)


def _number(attributes: Attributes, name: str) -> int:
    return min(max(integer(attributes.get(name)) or 1, 1), MAX_COLUMNS)

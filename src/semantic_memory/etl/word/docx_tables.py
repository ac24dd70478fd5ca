"""Word tables: rows, cells, and which of them are merged, header or deleted."""

from dataclasses import dataclass

from semantic_memory.etl.word.docx_manuscript import Manuscript
from semantic_memory.etl.word.grid import MAX_COLUMNS, Grid
from semantic_memory.etl.word.handlers import Ends, Starts
from semantic_memory.etl.word.xml import Attributes, integer, switched_on


@dataclass(slots=True)
class _Table:
    """An open table, with what its current row and cell say of themselves."""

    grid: Grid
    is_header: bool = False
    is_deleted: bool = False
    columns: int = 1
    merge: str = ""


class Tables:
    """A cell takes paragraphs like the body does; a table inside it becomes part of its text."""

    def __init__(self, manuscript: Manuscript) -> None:
        self._manuscript = manuscript
        self._open: list[_Table] = []
        self._nowhere = _Table(Grid())
        self._in_row_properties = False
        self._cut = 0
        self.starts: Starts = {
            "w:tbl": self._start_table,
            "w:tr": self._start_row,
            "w:tc": self._start_cell,
            "w:trPr": lambda _: self._enter_row_properties(is_open=True),
            "w:tblHeader": self._set_header,
            "w:tblCaption": self._set_caption,
            "w:gridBefore": self._leave_out_columns,
            "w:gridSpan": self._set_span,
            "w:vMerge": self._set_merge,
        }
        self.ends: Ends = {
            "w:tbl": self._end_table,
            "w:tr": self._end_row,
            "w:tc": self._end_cell,
            "w:trPr": lambda: self._enter_row_properties(is_open=False),
        }

    def mark_deleted(self) -> None:
        """`w:del` among a row's properties: the row is deleted."""
        table = self._table
        if self._in_row_properties:
            table.is_deleted = True

    @property
    def warnings(self) -> list[str]:
        return [f"{self._cut} tables were cut because they are too large"] if self._cut else []

    @property
    def _table(self) -> _Table:
        """The innermost open table; what rows and cells outside of any say of themselves goes to one that nobody reads."""
        return self._open[-1] if self._open else self._nowhere

    def _start_table(self, _attributes: Attributes) -> None:
        self._open.append(_Table(Grid(self._manuscript.page)))

    def _end_table(self) -> None:
        grid = self._open.pop().grid
        self._cut += grid.is_cut
        grid.add_to(self._manuscript.flow)

    def _start_row(self, _attributes: Attributes) -> None:
        table = self._table
        table.is_header = table.is_deleted = False
        table.grid.begin_row()

    def _end_row(self) -> None:
        table = self._table
        table.grid.end_row(is_header=table.is_header, is_deleted=table.is_deleted)

    def _start_cell(self, _attributes: Attributes) -> None:
        table = self._table
        self._manuscript.count()
        table.columns, table.merge = 1, ""
        self._manuscript.open_frame()

    def _end_cell(self) -> None:
        table = self._table
        flow = self._manuscript.close_frame()
        if not self._open:
            self._manuscript.flow.take(flow)
        elif table.merge == "continue":
            table.grid.add_below(flow, table.columns)
        else:
            table.grid.add(flow, table.columns)

    def _enter_row_properties(self, *, is_open: bool) -> None:
        self._in_row_properties = is_open

    def _set_header(self, attributes: Attributes) -> None:
        self._table.is_header = switched_on(attributes)

    def _set_caption(self, attributes: Attributes) -> None:
        self._table.grid.caption = attributes.get("w:val", "")

    def _leave_out_columns(self, attributes: Attributes) -> None:
        self._table.grid.cover(_width(attributes))

    def _set_span(self, attributes: Attributes) -> None:
        self._table.columns = max(1, _width(attributes))

    def _set_merge(self, attributes: Attributes) -> None:
        self._table.merge = attributes.get("w:val", "continue")


def _width(attributes: Attributes) -> int:
    return min(max(integer(attributes.get("w:val")) or 0, 0), MAX_COLUMNS)

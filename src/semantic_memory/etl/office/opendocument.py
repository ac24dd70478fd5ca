"""OpenDocument spreadsheets: sheets of cells as their file says they are shown, in one pass over the content."""

from dataclasses import dataclass, field
from zipfile import ZipFile

from semantic_memory.etl.archives import read_member
from semantic_memory.etl.office.parts import parse
from semantic_memory.etl.office.sheets import Area, Budget, Note, Sheet

CONTENT = "content.xml"
_TABLE = "urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_OFFICE = "urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
_TEXT = "urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
_STYLE = "urn:oasis:names:tc:opendocument:xmlns:style:1.0}"
_LINK = "http://www.w3.org/1999/xlink}"
MAX_COLUMN = 16_384
MAX_ROW = 1_048_576
"""The last cell that office programs have; a file may repeat a cell without end."""
MAX_REPEATS = 1000
"""Times that a filled cell or row is repeated; empty ones, which files repeat up to the last cell, only move the place."""


def read_sheets(archive: ZipFile, budget: Budget, warnings: list[str]) -> list[Sheet]:
    """The sheets in their order, as far as the budget goes; what is left out is told in `warnings`.

    Raises: CorruptFileError, ExtractionLimitError.
    """
    reader = _Content(budget.cells)
    try:
        parse(read_member(archive, CONTENT), CONTENT, reader)
    except _EnoughError:
        warnings.append(f"only the first {budget.cells} cells were read")
    if reader.has_cut_repeats:
        warnings.append(f"cells that are repeated more than {MAX_REPEATS} times were read that often")
    return reader.sheets


class _EnoughError(Exception):
    """the limit of cells is reached"""


@dataclass(slots=True)
class _Cell:
    """The open cell: its text, the note on it, its link, and how often it is repeated."""

    repeats: int
    row_span: int
    column_span: int
    value: str
    is_covered: bool
    """By a merged cell, which hides what may stand here."""
    text: list[str] = field(default_factory=list[str])
    note: list[str] = field(default_factory=list[str])
    author: list[str] = field(default_factory=list[str])
    link: str = ""

    @property
    def shown(self) -> str:
        return "" if self.is_covered else "".join(self.text).strip("\n") or self.value


@dataclass(slots=True)
class _Content:
    """Takes content.xml. Tables inside cells belong to the cell and are left out: no spreadsheet program makes them."""

    most: int
    """Filled cells that are read."""
    sheets: list[Sheet] = field(default_factory=list[Sheet])
    has_cut_repeats: bool = False
    _hidden_styles: set[str] = field(default_factory=set[str])
    _style: str = ""
    _row: int = 0
    _row_repeats: int = 1
    _column: int = 0
    _cell: _Cell | None = None
    _into: list[str] | None = None
    _annotations: int = 0
    _skipped: int = 0
    _in_heading: bool = False
    _count: int = 0

    def start(self, name: str, attributes: dict[str, str], /) -> None:
        match name:
            case "table" if self._cell is None:
                is_hidden = attributes.get(f"{_TABLE}style-name", "") in self._hidden_styles
                self.sheets.append(Sheet(attributes.get(f"{_TABLE}name", ""), is_hidden))
                self._row = 0
            case "style":
                self._style = attributes.get(f"{_STYLE}name", "")
            case "table-properties" if attributes.get(f"{_TABLE}display") == "false":
                self._hidden_styles.add(self._style)
            case "table-header-rows":
                self._in_heading = True
            case "table-row" if self._cell is None:
                self._row += 1
                self._row_repeats = _count(attributes, "number-rows-repeated")
                self._column = 0
            case "table-cell" | "covered-table-cell" if self._cell is None and self.sheets:
                self._cell = _opened(attributes, is_covered=name != "table-cell")
            case _:
                self._inside(name, attributes)

    def data(self, text: str, /) -> None:
        if self._into is not None:
            self._into.append(text)

    def end(self, name: str, /) -> None:
        match name:
            case "table-cell" | "covered-table-cell" if self._cell is not None:
                self._end_cell(self._cell)
            case "table-row" if self._cell is None and self.sheets:
                self._end_row(self.sheets[-1])
            case "table-header-rows":
                self._in_heading = False
            case "annotation":
                self._annotations -= 1
                self._into = None
            case "p" | "h" | "creator" | "date":
                self._into = None
            case _:
                return

    def _inside(self, name: str, attributes: dict[str, str]) -> None:
        """Content of the open cell: its paragraphs or those of the note on it."""
        cell = self._cell
        if cell is None:
            return
        match name:
            case "annotation":
                self._annotations += 1
            case "creator" if self._annotations:
                self._into = cell.author
            case "date" if self._annotations:
                self._into = None
            case "p" | "h":
                self._into = cell.note if self._annotations else cell.text
                self._into.append("\n")
            case "s" | "tab" | "line-break" if self._into is not None:
                self._into.append("\n" if name == "line-break" else " " * min(_count(attributes, "c", _TEXT), 100))
            case "a" if not cell.link:
                cell.link = attributes.get(f"{_LINK}href", "")
            case _:
                return

    def _end_cell(self, cell: _Cell) -> None:
        sheet, first = self.sheets[-1], self._column + 1
        self._column = min(self._column + cell.repeats, MAX_COLUMN)
        self._cell, self._into, self._annotations = None, None, 0
        note, text = "".join(cell.note).strip("\n"), cell.shown
        if note:
            sheet.notes.append(Note(Area(self._row, first, self._row, first), note, "comment", "".join(cell.author)))
        if cell.row_span > 1 or cell.column_span > 1:
            sheet.merged.append(Area(self._row, first, self._row + cell.row_span - 1, first + cell.column_span - 1))
        if not text.strip():
            return
        if cell.link:
            sheet.links[self._row, first] = cell.link
        last = min(self._column, first + self._allowed(cell.repeats) - 1)
        sheet.rows.setdefault(self._row, {}).update(dict.fromkeys(range(first, last + 1), text))
        self._spend(last - first + 1)

    def _end_row(self, sheet: Sheet) -> None:
        """Repeats a filled row; an empty one is a gap."""
        row = sheet.rows.get(self._row)
        if row and self._in_heading:
            sheet.heading_rows.add(self._row)
        if row:
            for further in range(1, self._allowed(self._row_repeats)):
                sheet.rows[self._row + further] = row
                self._spend(len(row))
        self._row = min(self._row + self._row_repeats - 1, MAX_ROW)

    def _allowed(self, repeats: int) -> int:
        self.has_cut_repeats = self.has_cut_repeats or repeats > MAX_REPEATS
        return min(repeats, MAX_REPEATS)

    def _spend(self, cells: int) -> None:
        self._count += cells
        if self._count > self.most:
            raise _EnoughError


def _opened(attributes: dict[str, str], *, is_covered: bool) -> _Cell:
    value = next(
        (attributes[key] for name in ("date-value", "time-value", "boolean-value", "value") if (key := f"{_OFFICE}{name}") in attributes),
        "",
    )
    return _Cell(
        _count(attributes, "number-columns-repeated"),
        min(_count(attributes, "number-rows-spanned"), MAX_ROW),
        min(_count(attributes, "number-columns-spanned"), MAX_COLUMN),
        value or attributes.get(f"{_TABLE}formula", "").removeprefix("of:"),
        is_covered,
    )


def _count(attributes: dict[str, str], name: str, namespace: str = _TABLE) -> int:
    text = attributes.get(f"{namespace}{name}", "1")
    return max(1, int(text)) if text.isascii() and text.isdigit() and len(text) < 10 else 1

"""Tables as blocks: the cells in the metadata, a Markdown rendering as the text."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from semantic_memory.core.model import BlockDraft, BlockType, JsonValue

Rows = Sequence[Sequence[str]]
ROWS_A_GROUP = 50
"""Rows of a long table that make one block: about what a screen shows, so that its cell range is a place one can look at."""
GROUP_CHARACTERS = 4000
"""A group of long rows ends here; the heading row is repeated only when it takes at most half of this."""
_LOOKED_AT = 200
"""Rows below the first that are compared with it."""
_HEADING_CHARACTERS = 60
_YEARS = range(1900, 2101)
"""Numbers that may head a column."""


@dataclass(frozen=True, slots=True)
class RowGroup:
    """The rows [start, end) of a longer table; `rows` begins with `header_rows` heading rows, which only the first group has of its own."""

    start: int
    end: int
    rows: Rows
    header_rows: int


def table_block(rows: Rows, header_rows: int, *, page: int | None = None, metadata: Mapping[str, JsonValue] | None = None) -> BlockDraft:
    """A table block; `rows` and `header_rows` (how many of the first rows are headings) go into the metadata."""
    cells: list[JsonValue] = [list[JsonValue](row) for row in rows]
    return BlockDraft(
        BlockType.TABLE,
        table_text(rows, header_rows),
        page=page,
        metadata={**(metadata or {}), "rows": cells, "header_rows": header_rows},
    )


def likely_header_rows(rows: Rows) -> int:
    """1 when the first row names columns of numbers; a table of words does not tell."""
    return int(names_columns(rows, of_words=False))


def names_columns(rows: Rows, *, of_words: bool) -> bool:
    """Whether the first row names the columns of a sheet: its cells differ and are short, and below them stands something else.

    `of_words` says whether to believe it where all cells are words. Years count as names; one cell in three may be empty.
    """
    first = [cell.strip() for cell in rows[0]] if rows else []
    filled = [cell for cell in first if cell]
    below = rows[1 : 1 + _LOOKED_AT]
    if not below or 3 * len(filled) < 2 * len(first) - 1 or len(set(filled)) < len(filled) or not all(map(_may_name, filled)):
        return False
    columns = [[row[number].strip() for row in below if number < len(row)] for number in range(len(first))]
    if any(name in column for name, column in zip(first, columns, strict=True) if name):
        return False
    numeric = [column for name, column in zip(first, columns, strict=True) if name and _is_numeric(column)]
    has_words = any(not _is_number(name) for name in filled)
    return bool(numeric) if has_words and not of_words else bool(filled) and (has_words or bool(numeric))


def row_groups(rows: Rows, header_rows: int) -> Iterator[RowGroup]:
    """The table in groups of at most `ROWS_A_GROUP` rows and about `GROUP_CHARACTERS` characters, the heading rows repeated in each."""
    header = rows[:header_rows]
    repeated = header if _size(header) <= GROUP_CHARACTERS // 2 else rows[:0]
    room = GROUP_CHARACTERS - _size(repeated)
    start, used = 0, 0
    for number, row in enumerate(rows[header_rows:], start=header_rows):
        first = max(start, header_rows)
        if number > first and (number - first >= ROWS_A_GROUP or used + _size([row]) > room):
            yield _group(rows, start, number, header, repeated)
            start, used = number, 0
        used += _size([row])
    yield _group(rows, start, len(rows), header, repeated)


def table_text(rows: Rows, header_rows: int) -> str:
    """One `| a | b |` line per row, a rule after the header rows; cells without any text give an empty string."""
    if not any(cell.strip() for row in rows for cell in row):
        return ""
    lines = ["| " + " | ".join(" ".join(cell.split()) for cell in row) + " |" for row in rows]
    if header_rows:
        lines.insert(header_rows, "|" + " --- |" * len(rows[0]))
    return "\n".join(lines)


def _group(rows: Rows, start: int, end: int, header: Rows, repeated: Rows) -> RowGroup:
    above = repeated if start else rows[:0]
    return RowGroup(start, end, [*above, *rows[start:end]], len(above) if start else len(header))


def _size(rows: Rows) -> int:
    return sum(len(cell) + 3 for row in rows for cell in row)


def _may_name(cell: str) -> bool:
    return len(cell) <= _HEADING_CHARACTERS and (not _is_number(cell) or (cell.isascii() and cell.isdigit() and int(cell) in _YEARS))


def _is_numeric(column: Sequence[str]) -> bool:
    filled = [cell for cell in column if cell]
    return 2 * sum(map(_is_number, filled)) > len(filled)


def _is_number(cell: str) -> bool:
    """Whether digits are more than letters: amounts, dates, percentages; not Q1 or H2O."""
    digits = sum(map(str.isdigit, cell))
    return digits > sum(map(str.isalpha, cell))

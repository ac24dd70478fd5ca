"""A sheet of cells → blocks: its name as a heading, each table in it in groups of rows, notes."""

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from semantic_memory.core.model import BlockDraft, BlockType, Json, JsonValue
from semantic_memory.etl.blocks.tables import RowGroup, Rows, names_columns, row_groups, table_block

MAX_CELLS = 2_000_000
"""Cells of one file, empty ones inside tables included: 100,000 rows of 20 columns, read in about 35 CPU seconds."""
MAX_BYTES = 48 * 1024 * 1024
"""What the tables of one file may take in the worker's reply, which ends at 64 MB; every cell is in it twice, as value and in the text."""
_CELL_BYTES = 8
"""Around each cell: bars and blanks in the text, lengths in the reply."""
_MERGED_ROWS = 1000
"""A merged area is followed this far down and to the right."""
_HEADING_ROWS = 5
"""Frozen rows below these are data that somebody wants to keep in sight."""
_PROSE_CHARACTERS = 100
_NEIGHBOURS = 20
"""More tables side by side are one table with gaps."""


class Area(NamedTuple):
    """A rectangle of cells; rows and columns count from 1, both ends belong to it."""

    top: int
    left: int
    bottom: int
    right: int

    def __str__(self) -> str:
        first, last = f"{column_name(self.left)}{self.top}", f"{column_name(self.right)}{self.bottom}"
        return first if first == last else f"{first}:{last}"


@dataclass(frozen=True, slots=True)
class Note:
    """A comment on a cell, or the text of a shape that lies over it."""

    area: Area
    text: str
    kind: str
    author: str = ""


@dataclass(slots=True)
class Sheet:
    """One sheet: rows from 1, each with its filled cells by column, in any order.

    `heading_rows` are those that the file itself marks as headings (frozen, filtered or of a declared table); `bold` counts bold cells by
    row.
    """

    name: str
    is_hidden: bool = False
    rows: dict[int, dict[int, str]] = field(default_factory=dict[int, dict[int, str]])
    merged: list[Area] = field(default_factory=list[Area])
    heading_rows: set[int] = field(default_factory=set[int])
    bold: dict[int, int] = field(default_factory=dict[int, int])
    notes: list[Note] = field(default_factory=list[Note])
    links: dict[tuple[int, int], str] = field(default_factory=dict[tuple[int, int], str])


@dataclass(slots=True)
class Budget:
    """What is left of the limits of one file."""

    cells: int = MAX_CELLS
    size: int = MAX_BYTES

    def takes(self, rows: Sequence[Sequence[str]]) -> bool:
        """Whether the rows still fit; they are counted when they do."""
        cells = sum(map(len, rows))
        size = cells * _CELL_BYTES + 2 * sum(
            len(cell) if cell.isascii() else len(cell.encode("utf-8", "replace")) for row in rows for cell in row
        )
        if cells > self.cells or size > self.size:
            return False
        self.cells -= cells
        self.size -= size
        return True


def sheet_blocks(sheet: Sheet, budget: Budget, warnings: list[str]) -> Iterator[BlockDraft]:
    """The name, the tables from top to bottom, then the notes; what the budget leaves out is told in `warnings`."""
    hidden: dict[str, JsonValue] = {"hidden": True} if sheet.is_hidden else {}
    if not sheet.rows and not sheet.notes:
        return
    place: dict[str, JsonValue] = {"sheet": sheet.name, **hidden}
    yield BlockDraft(BlockType.HEADING, sheet.name, metadata={"level": 1, **place})
    for area in tables(sheet):
        if (yield from _table(sheet, area, place, budget)):
            warnings.append(f"sheet {sheet.name!r} was read only in part: a file gives at most {MAX_CELLS} cells or {MAX_BYTES} bytes")
            return
    for note in sheet.notes:
        author: dict[str, JsonValue] = {"author": note.author} if note.author else {}
        metadata: dict[str, JsonValue] = {**place, "cells": str(note.area), "original_type": note.kind, **author}
        yield BlockDraft(BlockType.PARAGRAPH, note.text, metadata=metadata)


def tables(sheet: Sheet) -> list[Area]:
    """The sheet's tables from top to bottom, then from left to right: what blank rows and columns separate.

    A blank column separates only what is at least two columns wide on both sides; else it is a gap inside a table.
    """
    filled = set(sheet.rows)
    for area in sheet.merged:
        filled.update(range(area.top, min(area.bottom, area.top + _MERGED_ROWS) + 1) if area.top in sheet.rows else ())
    return [area for top, bottom in _runs(sorted(filled)) for area in _side_by_side(sheet, top, bottom)]


def column_name(number: int) -> str:
    """1 → A, 27 → AA."""
    name = ""
    while number > 0:
        number, letter = divmod(number - 1, 26)
        name = chr(ord("A") + letter) + name
    return name


def _runs(numbers: Sequence[int]) -> Iterator[tuple[int, int]]:
    """First and last of each run without a gap."""
    start = 0
    for end in range(1, len(numbers) + 1):
        if end == len(numbers) or numbers[end] != numbers[end - 1] + 1:
            yield numbers[start], numbers[end - 1]
            start = end


def _side_by_side(sheet: Sheet, top: int, bottom: int) -> list[Area]:
    columns = {column for row in range(top, bottom + 1) for column in sheet.rows.get(row, ())}
    whole = Area(top, min(columns), bottom, max(columns))
    for area in sheet.merged:
        if top <= area.top <= bottom:
            columns.update(range(area.left, min(area.right, whole.right) + 1))
    parts = list(_runs(sorted(columns)))
    if bottom == top or len(parts) > _NEIGHBOURS or any(right == left for left, right in parts):
        return [whole]
    return [found for left, right in parts for found in _trimmed(sheet, Area(top, left, bottom, right))]


def _trimmed(sheet: Sheet, area: Area) -> list[Area]:
    """Without blank rows above and below, which a neighbour on the same rows leaves; nothing when no cell is filled."""
    filled = [row for row in range(area.top, area.bottom + 1) if _filled(sheet, area, row)]
    return [area._replace(top=filled[0], bottom=filled[-1])] if filled else []


def _filled(sheet: Sheet, area: Area, row: int) -> list[int]:
    return [column for column in sheet.rows.get(row, ()) if area.left <= column <= area.right]


def _table(sheet: Sheet, area: Area, place: Json, budget: Budget) -> Generator[BlockDraft, None, bool]:
    """Captions above the table as paragraphs, then its groups of rows; returns whether the budget ended it."""
    while captions := _caption(sheet, area):
        yield BlockDraft(BlockType.PARAGRAPH, captions[0], metadata={**place, "cells": str(area._replace(bottom=area.top))})
        if area.top == area.bottom:
            return False
        area = area._replace(top=area.top + 1)
    fitting = area._replace(bottom=min(area.bottom, area.top + budget.cells // (area.right - area.left + 1) - 1))
    rows = [
        [sheet.rows.get(row, {}).get(column, "") for column in range(area.left, area.right + 1)]
        for row in range(area.top, fitting.bottom + 1)
    ]
    groups = list(row_groups(rows, _header_rows(sheet, area, rows))) if rows else []
    for number, group in enumerate(groups, start=1):
        if not budget.takes(group.rows):
            return True
        part: dict[str, JsonValue] = {"part": number, "parts": len(groups)} if len(groups) > 1 else {}
        yield _group_block(sheet, area, group, {**place, **part})
    return fitting != area


def _caption(sheet: Sheet, area: Area) -> list[str]:
    """The first row's text when it is no row of a table: its only filled cell, with three or more columns or nothing below it, or prose."""
    filled = _filled(sheet, area, area.top)
    if len(filled) != 1:
        return []
    text = sheet.rows[area.top][filled[0]]
    is_prose = area.left == area.right and len(text) > _PROSE_CHARACTERS
    return [text] if is_prose or area.top == area.bottom or area.right - area.left > 1 else []


def _header_rows(sheet: Sheet, area: Area, rows: Rows) -> int:
    """Rows that the file declares as headings; else a bold first row, or one that names the columns, with the merged ones above it."""
    declared = 0
    while declared < min(_HEADING_ROWS, len(rows) - 1) and area.top + declared in sheet.heading_rows:
        declared += 1
    if declared:
        return declared
    merged_tops = {one.top for one in sheet.merged if one.right > one.left and area.left <= one.left <= area.right}
    levels = 0
    while levels < min(_HEADING_ROWS, len(rows) - 1) and area.top + levels in merged_tops:
        levels += 1
    is_bold = _is_bold(sheet, area, area.top + levels) and not _is_bold(sheet, area, area.top + levels + 1)
    names = [next((cell for cell in reversed(column) if cell), "") for column in zip(*rows[: levels + 1], strict=True)]
    return levels + 1 if is_bold or names_columns([names, *rows[levels + 1 :]], of_words=area.right - area.left > 1) else 0


def _is_bold(sheet: Sheet, area: Area, row: int) -> bool:
    filled = _filled(sheet, area, row)
    return bool(filled) and sheet.bold.get(row, 0) >= len(filled)


def _group_block(sheet: Sheet, area: Area, group: RowGroup, place: Json) -> BlockDraft:
    own = Area(area.top + group.start, area.left, area.top + group.end - 1, area.right)
    header = [area._replace(bottom=area.top + group.header_rows - 1)] if group.start and group.header_rows else []
    rows = [list(row) for row in group.rows]
    spans: list[JsonValue] = [*_spans(sheet, [*header, own], rows)]
    links: list[JsonValue] = [*_links(sheet, own)]
    extra: dict[str, JsonValue] = {"header_cells": str(header[0])} if header else {}
    extra |= {key: found for key, found in (("spans", spans), ("links", links)) if found}
    return table_block(rows, group.header_rows, metadata={**place, "cells": str(own), **extra})


def _spans(sheet: Sheet, areas: Sequence[Area], rows: list[list[str]]) -> Iterator[JsonValue]:
    """Merged cells as [row, column, row span, column span] of the block; one that began in an earlier block shows its text again."""
    offset = 0
    for area in areas:
        for merged in sheet.merged:
            top, bottom = max(merged.top, area.top), min(merged.bottom, area.bottom)
            left, right = max(merged.left, area.left), min(merged.right, area.right)
            if top <= bottom and left <= right and (top, left) != (bottom, right):
                row, column = offset + top - area.top, left - area.left
                rows[row][column] = rows[row][column] or sheet.rows.get(merged.top, {}).get(merged.left, "")
                yield [row, column, bottom - top + 1, right - left + 1]
        offset += area.bottom - area.top + 1


def _links(sheet: Sheet, area: Area) -> Iterator[JsonValue]:
    for row in range(area.top, area.bottom + 1) if sheet.links else ():
        for column in _filled(sheet, area, row):
            if (row, column) in sheet.links:
                yield {"text": sheet.rows[row][column], "url": sheet.links[row, column]}

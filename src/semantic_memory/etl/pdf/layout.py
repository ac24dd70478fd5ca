"""The layout tier: models that ship in PyMuPDF's wheel say which part of a page is what; the words are those of the fast tier.

Import costs 3 CPU seconds and 216 MB, a page about one CPU second. PyMuPDF is AGPL-3.0 or commercial, hence an extra of its own.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any, cast

from semantic_memory.core.errors import CorruptFileError, MissingExtraError, PasswordRequiredError
from semantic_memory.etl.blocks.tables import likely_header_rows
from semantic_memory.etl.pdf.figures import labels
from semantic_memory.etl.pdf.flow import LARGER, Text, pieces
from semantic_memory.etl.pdf.rows import rows_of
from semantic_memory.etl.pdf.shapes import Box, Kind, Line, Piece, Table, around, joined

INSTALL = "pip install 'semantic-memory[pymupdf]'"
CHUNK = 8
"""Pages analysed at a time, so that what PyMuPDF keeps of them is given back."""
SAME_TABLE = 0.5
"""Part of the smaller one that two boxes share when they are one table."""

_DROPPED = ("page-header", "page-footer")
_KINDS: Mapping[str, Kind] = {"title": "heading", "section-header": "heading", "caption": "caption", "footnote": "footnote"}


@dataclass(frozen=True, slots=True)
class Region:
    """What the models see in a box of a page, in reading order."""

    kind: str
    box: Box
    table: Table | None = None


def is_installed() -> bool:
    return find_spec("pymupdf4llm") is not None


def layouts(file: Path, numbers: Sequence[int]) -> Iterator[tuple[int, list[Region]]]:
    """The regions of the wanted pages (from 1, ascending).

    Raises: MissingExtraError without the extra; PasswordRequiredError, CorruptFileError when PyMuPDF cannot open the file.
    """
    if not is_installed():
        raise MissingExtraError(f"the layout tier needs PyMuPDF: {INSTALL}")
    import pymupdf
    import pymupdf4llm

    to_json = cast("Callable[..., str]", pymupdf4llm.to_json)  # pyright: ignore[reportUnknownMemberType]
    document = cast("Callable[..., Any]", pymupdf.open)(file, filetype="pdf")
    with document:
        if document.needs_pass:
            raise PasswordRequiredError
        wanted = [number for number in numbers if number <= document.page_count]
        if not wanted:
            raise CorruptFileError("PyMuPDF finds no pages in the PDF")
        for start in range(0, len(wanted), CHUNK):
            chunk = [number - 1 for number in wanted[start : start + CHUNK]]
            for page in json.loads(to_json(document, pages=chunk, use_ocr=False))["pages"]:
                yield page["page_number"], [_region(box) for box in page["boxes"]]


def _region(box: Mapping[str, Any]) -> Region:
    table = cast("Mapping[str, Any] | None", box["table"])
    cells = table["extract"] if table else None
    return Region(box["boxclass"], Box(box["x0"], box["y0"], box["x1"], box["y1"]), _table(cells) if cells else None)


def _table(cells: Sequence[Sequence[str | None]]) -> Table:
    rows = [[" ".join((cell or "").split()) for cell in row] for row in cells]
    return Table(rows, likely_header_rows(rows))


@dataclass(frozen=True, slots=True)
class Arranged:
    """The pieces of a page, and the texts of the lines that are headers and footers."""

    pieces: list[Piece]
    running: list[str]


def arranged(page: int, regions: Sequence[Region], lines: Sequence[Line], known: Sequence[Piece], text: Text) -> Arranged:
    """The lines in the order and the kinds of the regions; tables known by their rules stay as they are."""
    regions = _with_known(regions, known) or [Region("text", around([line.box for line in lines]))] if lines or known else []
    own: list[list[Line]] = [[] for _ in regions]
    for line in lines:
        own[_nearest(line.box, regions)].append(line)
    is_alone = all(region.kind in _DROPPED for region in regions)
    found: list[Piece] = []
    running: list[str] = []
    for region, inside in zip(regions, own, strict=True):
        if region.kind in _DROPPED and not is_alone:
            running.extend(line.text for line in inside)
        else:
            found.extend(_pieces(page, region, inside, text))
    return Arranged(found, running)


def _with_known(regions: Sequence[Region], known: Sequence[Piece]) -> list[Region]:
    """Known tables in the place of the first region that shares their box, else before the first region below them."""
    tables = [Region("table", piece.box, piece.table) for piece in known]
    done: list[Region] = []
    for region in regions:
        same = [table for table in tables if table.box.shared(region.box) > SAME_TABLE * min(table.box.area, region.box.area)]
        above = [
            table for table in tables if table not in done and table.box.y1 <= region.box.y0 and _stand_together(table.box, region.box)
        ]
        done.extend(table for table in [*above, *same] if table not in done)
        if not same:
            done.append(region)
    return [*done, *(table for table in tables if table not in done)]


def _stand_together(box: Box, other: Box) -> bool:
    return box.x0 < other.x1 and other.x0 < box.x1


def _nearest(box: Box, regions: Sequence[Region]) -> int:
    """The smallest region that holds the box, else the one that is closest."""
    holding = [index for index, region in enumerate(regions) if region.box.grown(1.0).holds(box)]
    if holding:
        return min(holding, key=lambda index: regions[index].box.area)
    return min(range(len(regions)), key=lambda index: _distance(box, regions[index].box))


def _distance(box: Box, other: Box) -> float:
    across = max(other.x0 - box.x1, box.x0 - other.x1, 0.0)
    return across + max(other.y0 - box.y1, box.y0 - other.y1, 0.0)


def _pieces(page: int, region: Region, lines: Sequence[Line], text: Text) -> Iterator[Piece]:
    if region.table:
        yield Piece("table", page, around([region.box, *(line.box for line in lines)]), table=region.table)
        return
    if region.kind == "picture" and lines and labels([region.box], lines):
        yield Piece("label", page, around([line.box for line in lines]), tuple(lines))
        return
    whole = [joined(row.lines) for row in rows_of(lines)]
    kind = _KINDS.get(region.kind)
    if kind and whole:
        yield Piece(kind, page, around([line.box for line in whole]), tuple(whole))
        return
    for piece in pieces(page, whole, text):
        is_bold_only = piece.kind == "heading" and piece.size < LARGER * text.size
        yield replace(piece, kind="paragraph") if is_bold_only else piece

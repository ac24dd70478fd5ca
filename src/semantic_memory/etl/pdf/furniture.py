"""Running headers, footers and page numbers: found by what repeats from page to page, and left out of the text."""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from statistics import median

from semantic_memory.etl.pdf.rows import Row, rows_of
from semantic_memory.etl.pdf.shapes import Line

ZONE = 0.12
"""Part of the page's height, at the top and at the bottom, in which running lines stand."""
EDGE = 0.065
"""Part of the page's height outside of which no text block reaches; margins of print are wider."""
MARGIN = 0.085
"""Part of the page's height that is margin: 25 mm of A4."""
FURTHER_IN = 3
"""Other pages that have a line below the margin, to tell a header from a paragraph's last line."""
LARGEST = 1.05
"""Times the text's size up to which running lines are set; a larger line is a heading, though `Chapter 1` looks like `Chapter 2`."""
ROWS = 3
"""Running rows at one end of a page, at most."""
SAME_HEIGHT = 6.0
"""Points by which a running line may move from page to page."""
APART = 0.7
"""Type sizes of white between running lines and the text."""
SMALL = 0.95
"""Part of the text's size up to which a lone line at the edge counts as a running one."""
_DIGITS = re.compile(r"\d+")
_PAGE_NUMBER = re.compile(
    r"(?:page|seite|pagina|página|p\.|s\.)?\s*[-–—|]?\s*(?:\d{1,4}|[ivxlc]{1,7})\s*[-–—|]?\s*(?:(?:of|/|von|de)\s*\d{1,4})?", re.IGNORECASE
)


class RunningLines:
    """What repeats on the pages seen so far."""

    def __init__(self) -> None:
        self._places: defaultdict[str, list[tuple[int, float]]] = defaultdict(list)

    def learn(self, page: int, height: float, lines: Sequence[Line]) -> None:
        for row, _ in _zones(height, lines):
            for line in row.lines:
                self._places[_masked(line.text)].append((page, line.box.middle))

    def among(self, page: int, height: float, lines: Sequence[Line], text_size: float) -> list[Line]:
        """Those of the page's lines that belong to its running headers and footers."""
        found: list[Line] = []
        for row, is_top in _zones(height, lines):
            inner = _distance_to_text(row, lines, is_top=is_top)
            is_repeated = all(line.size <= LARGEST * text_size and self._repeats(page, height, line) for line in row.lines)
            if inner < APART * row.lines[0].size:
                continue
            if is_repeated or _is_page_number(row) or _is_lone(row, height, inner, text_size):
                found.extend(row.lines)
        return found

    def _repeats(self, page: int, height: float, line: Line) -> bool:
        """On one other page in the margin; on several where the text block itself may begin."""
        places = self._places[_masked(line.text)]
        if _PAGE_NUMBER.fullmatch(line.text.strip()):
            return True
        others = {number for number, y in places if number != page and abs(y - line.box.middle) <= SAME_HEIGHT}
        is_in_margin = line.box.y1 < MARGIN * height or line.box.y0 > (1 - MARGIN) * height
        return len(others) >= (1 if is_in_margin else FURTHER_IN)


def _zones(height: float, lines: Sequence[Line]) -> Iterator[tuple[Row, bool]]:
    """The rows at both ends of the page, from the outside inwards, and whether they are at its top."""
    top = [line for line in lines if line.box.y1 <= ZONE * height and not line.is_turned]
    bottom = [line for line in lines if line.box.y0 >= (1 - ZONE) * height and not line.is_turned]
    yield from ((row, True) for row in rows_of(top)[:ROWS])
    yield from ((row, False) for row in rows_of(bottom)[: -ROWS - 1 : -1])


def _masked(text: str) -> str:
    return _DIGITS.sub("#", text.casefold())


def _distance_to_text(row: Row, lines: Sequence[Line], *, is_top: bool) -> float:
    """Points of white between the row and what comes next towards the middle of the page."""
    box = row.box
    if is_top:
        return min((line.box.y0 - box.y1 for line in lines if line.box.middle > box.y1), default=float("inf"))
    return min((box.y0 - line.box.y1 for line in lines if line.box.middle < box.y0), default=float("inf"))


def _is_page_number(row: Row) -> bool:
    return len(row.lines) == 1 and _PAGE_NUMBER.fullmatch(row.lines[0].text.strip()) is not None


def _is_lone(row: Row, height: float, distance: float, text_size: float) -> bool:
    """A small line in the outermost margin, far from everything: a header of a file too short for repetition."""
    size = median(line.size for line in row.lines)
    is_outside = row.box.y1 < EDGE * height or row.box.y0 > (1 - EDGE) * height
    return is_outside and distance > 2 * size and size <= SMALL * text_size

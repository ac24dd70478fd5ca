"""Reading order: a page is cut at the gutters between columns of text, and in bands at what spans them."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from semantic_memory.etl.pdf.shapes import Box, Line, Piece

Atom = Line | Piece
"""A line of text, or a table that was found already."""

BESIDE = 3
"""Lines with text to the right of them that make a column; fewer are a heading, a signature, a caption."""
LEAST_GUTTER = 4.0
"""Points: narrower than the gutter of any print, wider than kerning."""
LETTERS = 16
"""Length of a line of running text; cells of tables are mostly shorter."""
FILLED = 0.55
"""Part of its column's width that a line of running text fills; cells of tables fill less."""
TEXT = 0.3
"""Part of a column's rows that are running text; the others may be lists, code or a table."""
SPANNING = 0.6
"""Part of the width that a line covers which may span columns; a narrower one that crosses a gutter shows that it is none."""
MANY = 5
"""Lines of running text that make a column, whatever else stands in it."""
BAND = 4.0
"""Points: the height by which lines are compared."""
LEADING = 1.6
"""Type sizes from line to line, at most, within a heading or a paragraph."""
MAX_DEPTH = 6


class Gutter(NamedTuple):
    left: float
    right: float

    def is_crossed_by(self, box: Box) -> bool:
        return box.x0 < self.left and box.x1 > self.right


def regions(atoms: Sequence[Atom], depth: int = 0) -> Iterator[list[Atom]]:
    """The atoms in regions of one column, in reading order; top down within a region."""
    gutter = _gutter([atom for atom in atoms if isinstance(atom, Line)]) if depth < MAX_DEPTH else None
    if gutter is None:
        if atoms:
            yield sorted(atoms, key=lambda atom: (atom.box.y0, atom.box.x0))
        return
    for band in _bands(atoms, gutter):
        if _is_divided(band, gutter):
            yield from regions([atom for atom in band if atom.box.centre < gutter.right], depth + 1)
            yield from regions([atom for atom in band if atom.box.centre >= gutter.right], depth + 1)
        else:
            yield from regions(band, MAX_DEPTH)


def _bands(atoms: Sequence[Atom], gutter: Gutter) -> Iterator[list[Atom]]:
    """Runs of atoms that span the gutter, and of those that do not; what stands on one side alone joins the run above it."""
    run: list[Atom] = []
    is_spanning = False
    for atom in sorted(atoms, key=lambda atom: atom.box.middle):
        spans = gutter.is_crossed_by(atom.box) or (is_spanning and _runs_on(run[-1], atom))
        if run and spans != is_spanning and (spans is False or _is_divided(run, gutter)):
            yield run
            run = []
        is_spanning = spans
        run.append(atom)
    if run:
        yield run


def _runs_on(last: Atom, atom: Atom) -> bool:
    """Whether a short line is the last one of a heading or paragraph that spans the columns."""
    if isinstance(last, Piece) or isinstance(atom, Piece):
        return False
    return atom.size == last.size and atom.box.x0 < last.box.x1 and 0 < atom.box.middle - last.box.middle < LEADING * last.size


def _is_divided(band: Sequence[Atom], gutter: Gutter) -> bool:
    """Whether both columns have something, and nothing spans them."""
    if any(gutter.is_crossed_by(atom.box) for atom in band):
        return False
    left = [atom for atom in band if atom.box.centre < gutter.right]
    return 0 < len(left) < len(band)


def _gutter(lines: Sequence[Line]) -> Gutter | None:
    """The gutter with the most lines beside each other; None when nothing on the page is set in columns."""
    level = [line for line in lines if not line.is_turned]
    counts = Counter(round(line.box.x0) for line in level)
    starts = sorted(start for start in counts if counts[start - 1] + counts[start] + counts[start + 1] >= BESIDE)
    width = max((line.box.x1 for line in level), default=0.0) - min((line.box.x0 for line in level), default=0.0)
    narrow = [line for line in level if line.box.width < SPANNING * width]
    best, gutter = 2 * BESIDE - 1, None
    for start in starts:
        right = [line for line in level if line.box.x0 >= start - 1]
        left = [line for line in level if line.box.x1 <= start - LEAST_GUTTER]
        if len(right) < BESIDE or len(left) < BESIDE:
            continue
        pairs = _next_to(_beside(left, right), 1), _next_to(_beside(right, left), -1)
        found = Gutter(max((line.box.x1 for line in left), default=0.0), float(start))
        count = len(pairs[0]) + len(pairs[1]) - 2 * sum(1 for line in narrow if found.is_crossed_by(line.box))
        if count > best and all(_is_column(side) for side in pairs):
            best, gutter = count, found
    return gutter


def _beside(lines: Sequence[Line], others: Sequence[Line]) -> list[Line]:
    heights = {band for line in others for band in _heights(line)}
    return [line for line in lines if int(line.box.middle // BAND) in heights]


def _next_to(lines: Sequence[Line], towards: int) -> list[Line]:
    """The lines with no other one beside them in one direction: 1 is right, -1 left. Beyond lies the gutter, not a further column."""
    last: dict[int, Line] = {}
    for line in lines:
        for height in _heights(line):
            if height not in last or (line.box.centre - last[height].box.centre) * towards > 0:
                last[height] = line
    return [line for line in lines if last[int(line.box.middle // BAND)] is line]


def _heights(line: Line) -> range:
    return range(int(line.box.y0 // BAND), int(line.box.y1 // BAND) + 1)


def _is_column(lines: Sequence[Line]) -> bool:
    """Whether enough of the lines are running text: long, and about as wide as the column."""
    if len(lines) < BESIDE:
        return False
    starts, ends = sorted(line.box.x0 for line in lines), sorted(line.box.x1 for line in lines)
    width = ends[3 * len(ends) // 4] - starts[len(starts) // 4]
    text = sum(1 for line in lines if len(line.text) >= LETTERS and line.box.width >= FILLED * width)
    return text >= MANY or text >= max(BESIDE, TEXT * len(lines))

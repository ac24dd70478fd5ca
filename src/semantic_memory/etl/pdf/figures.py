"""Figures: pictures and drawings, the text inside them, and the captions beside them."""

from collections.abc import Sequence
from dataclasses import replace
from statistics import fmean

from semantic_memory.etl.pdf.rows import rows_of
from semantic_memory.etl.pdf.shapes import Box, Line, PageContent, Piece, around

LEAST_SIDE = 36.0
"""Points, half an inch: smaller pictures are bullets, logos and rules."""
MOST_OF_PAGE = 0.9
"""Part of a page that a background or a scan covers, and no figure."""
CLOSE = 8.0
"""Points between the shapes of one drawing."""
LEAST_SHAPES = 3
MAX_SHAPES = 400
"""Compared with each other; with more of them the page is one drawing."""
LABEL_LETTERS = 30
"""Mean length of the lines inside a drawing; longer ones are text in a frame."""
TO_CAPTION = 40.0
"""Points between a figure and its caption."""


def figures(page: PageContent, taken: Sequence[Box]) -> list[Box]:
    """Boxes of pictures and drawings that are no part of the boxes taken, e.g. tables."""
    found = [box for box in page.pictures if _is_figure(box, page)]
    found += [box for box in _drawings(page.drawings) if _is_figure(box, page)]
    apart: list[Box] = []
    for box in sorted(found, key=lambda box: -box.area):
        if not any(box.shared(other) > box.area / 2 for other in [*taken, *apart]):
            apart.append(box)
    return apart


def labels(boxes: Sequence[Box], lines: Sequence[Line]) -> list[tuple[Box, list[Line]]]:
    """The short lines inside each figure; figures around running text have none."""
    found: list[tuple[Box, list[Line]]] = []
    for box in boxes:
        inside = [line for line in lines if box.holds(line.box)]
        if inside and fmean(len(line.text) for line in inside) <= LABEL_LETTERS:
            found.append((box, [line for row in rows_of(inside) for line in row.lines]))
    return found


def with_captions(pieces: Sequence[Piece], boxes: Sequence[Box]) -> list[Piece]:
    """The pieces, captions next to a figure turned into that figure."""
    free, done = list(boxes), list[Piece]()
    for piece in pieces:
        figure = _figure_of(piece, free) if piece.kind == "caption" else None
        if figure is None:
            done.append(piece)
        else:
            free.remove(figure)
            done.append(replace(piece, kind="figure", box=around([figure, piece.box])))
    return done


def _figure_of(caption: Piece, boxes: Sequence[Box]) -> Box | None:
    if caption.lines[0].text.casefold().startswith(("tab", "tableau")):
        return None
    near = [(distance, box) for box in boxes if (distance := _distance(caption.box, box)) <= TO_CAPTION]
    return min(near)[1] if near else None


def _distance(caption: Box, figure: Box) -> float:
    """Points between them when one stands above the other; infinite when they stand beside each other."""
    if caption.x0 >= figure.x1 or figure.x0 >= caption.x1:
        return float("inf")
    return max(caption.y0 - figure.y1, figure.y0 - caption.y1, 0.0)


def _is_figure(box: Box, page: PageContent) -> bool:
    return min(box.width, box.height) >= LEAST_SIDE and box.area < MOST_OF_PAGE * page.width * page.height


def _drawings(shapes: Sequence[Box]) -> list[Box]:
    """Shapes that overlap or nearly touch, as one box where they are enough."""
    if len(shapes) > MAX_SHAPES:
        return [around(shapes)]
    groups: list[tuple[Box, int]] = []
    for shape in shapes:
        box, count = shape.grown(CLOSE), 1
        apart: list[tuple[Box, int]] = []
        for other, number in groups:
            if box.meets(other):
                box, count = around([box, other]), count + number
            else:
                apart.append((other, number))
        groups = [*apart, (box, count)]
    return [box.grown(-CLOSE) for box, count in groups if count >= LEAST_SHAPES]

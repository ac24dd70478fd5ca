"""The order in which lines are read and the paragraphs they make, from their boxes alone."""

from collections.abc import Sequence
from itertools import pairwise
from statistics import median

from semantic_memory.etl.ocr.lines import ReadLine
from semantic_memory.etl.ocr.text_blocks import is_item

COLUMN_LINES = 3
"""Fewer lines beside others make no column; they are a label, a number or a signature."""
COLUMN_WIDTH = 8
"""Width of a column's typical line in line heights; the cells of a table are narrower and are read row by row."""
GUTTER = 0.5
"""Least width of the white between two columns, in line heights."""
SAME_ROW = 0.5
"""Share of the lower line's height that two boxes must have in common to stand in one row."""
WIDE_GAP = 1.25
"""A step to the next line this much larger than the typical one starts a paragraph; steps within one differ by less than 1.15."""
OTHER_SIZE = 1.4
"""Lines whose heights differ by this factor are not of one paragraph; a line without tall letters differs by less from one with."""
HEADING_SIZE, HEADING_GAP = 1.2, 1.15
"""The same for both at once: a heading is larger and has more white below it."""
INDENT = 1.0
"""Line heights by which a first line is moved in."""
SHORT = 0.75
"""A line that ends before this share of its column's width, with the end of a sentence, ends its paragraph."""


def in_reading_order(lines: Sequence[ReadLine]) -> list[ReadLine]:
    """Columns from left to right, each from top to bottom; what crosses the gutter is read where it stands between them."""
    gutter = _gutter(lines)
    if gutter is None:
        return _rows(lines)
    crossing = sorted((line for line in lines if line.box[0] < gutter < line.box[2]), key=lambda line: line.middle)
    rest = [line for line in lines if not line.box[0] < gutter < line.box[2]]
    ordered: list[ReadLine] = []
    for line in crossing:
        ordered += _beside([one for one in rest if one.middle < line.middle], gutter)
        ordered.append(line)
        rest = [one for one in rest if one.middle >= line.middle]
    return ordered + _beside(rest, gutter)


def paragraphs(lines: Sequence[ReadLine]) -> list[list[ReadLine]]:
    """Consecutive lines in groups; `lines` are in reading order."""
    if not lines:
        return []
    step = _typical_step(lines)
    found = [[lines[0]]]
    for before, line in pairwise(lines):
        if _starts_paragraph(found[-1], before, line, step):
            found.append([line])
        else:
            found[-1].append(line)
    return found


def _gutter(lines: Sequence[ReadLine]) -> float | None:
    """Where the white between two columns of running text ends that the fewest lines cross."""
    height = median(line.height for line in lines) if lines else 0.0
    found: list[tuple[int, float]] = []
    for edge in {line.box[0] for line in lines}:
        left = [line for line in lines if line.box[2] <= edge - GUTTER * height]
        right = [line for line in lines if line.box[0] >= edge]
        if _is_column(left, height) and _is_column(right, height):
            found.append((len(lines) - len(left) - len(right), edge))
    return min(found)[1] if found else None


def _is_column(lines: Sequence[ReadLine], height: float) -> bool:
    return len(lines) >= COLUMN_LINES and median(line.box[2] - line.box[0] for line in lines) >= COLUMN_WIDTH * height


def _beside(lines: Sequence[ReadLine], gutter: float) -> list[ReadLine]:
    """The lines left of the gutter, then those right of it; two sides of which one is below the other are not columns."""
    sides = [[line for line in lines if line.box[2] <= gutter], [line for line in lines if line.box[0] >= gutter]]
    if all(sides) and not _overlap(*sides):
        sides.sort(key=lambda side: side[0].middle)
    return [line for side in sides for line in in_reading_order(side)]


def _overlap(one: Sequence[ReadLine], other: Sequence[ReadLine]) -> bool:
    return max(min(line.box[1] for line in side) for side in (one, other)) < min(max(line.box[3] for line in side) for side in (one, other))


def _rows(lines: Sequence[ReadLine]) -> list[ReadLine]:
    """From top to bottom; boxes that stand in one row are one line, from left to right."""
    rows: list[list[ReadLine]] = []
    for line in sorted(lines, key=lambda line: line.middle):
        if rows and _shares_row(rows[-1][-1], line):
            rows[-1].append(line)
        else:
            rows.append([line])
    return [ReadLine.of([word for line in sorted(row, key=lambda line: line.box[0]) for word in line.words]) for row in rows]


def _shares_row(one: ReadLine, other: ReadLine) -> bool:
    shared = min(one.box[3], other.box[3]) - max(one.box[1], other.box[1])
    return shared > SAME_ROW * min(one.height, other.height)


def _typical_step(lines: Sequence[ReadLine]) -> float:
    """From one line to the next below, in line heights."""
    steps = [step for before, line in pairwise(lines) if (step := line.middle - before.middle) > 0]
    return median(steps) if steps else 0.0


def _starts_paragraph(paragraph: Sequence[ReadLine], before: ReadLine, line: ReadLine, step: float) -> bool:
    low, high = sorted((before.height, line.height))
    below = line.middle - before.middle
    is_elsewhere = below <= 0 or line.box[0] >= before.box[2] or line.box[2] <= before.box[0]
    is_far = below > WIDE_GAP * max(step, low)
    is_other = high > OTHER_SIZE * low or (high > HEADING_SIZE * low and below > HEADING_GAP * max(step, low))
    is_indented = line.box[0] - min(one.box[0] for one in paragraph) > INDENT * line.height and not is_item(paragraph[0].text)
    is_list = is_item(line.text) and not is_item(paragraph[0].text)
    return is_elsewhere or is_far or is_other or is_indented or is_list or _ends_paragraph(paragraph, before)


def _ends_paragraph(paragraph: Sequence[ReadLine], line: ReadLine) -> bool:
    """Whether the line stops early, with a full stop; the first line of a paragraph says nothing about its width."""
    left, right = min(one.box[0] for one in paragraph), max(one.box[2] for one in paragraph)
    return line.box[2] - left < SHORT * (right - left) and line.text.endswith((".", "!", "?", ":"))

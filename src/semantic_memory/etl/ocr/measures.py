"""What can be seen of a page before it is read: how dark its ink is, how its lines lean, how high they are, how dirty it is."""

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Pixels: TypeAlias = "NDArray[np.uint8]"
Ink: TypeAlias = "NDArray[np.bool_]"
"""Rows of pixels: True where there is ink."""

MAX_SKEW = 8.0
"""Degrees; what a hand or a sheet feeder does. Lines that lean more are meant to."""
STEPS = (0.5, 0.1)
"""Degrees between the angles tried: over the whole range, then around the best."""
CLEARLY_SHARPER = 1.2
"""How much sharper the rows must become before a page counts as skewed; on upright pages the best angle gains less than 1.05."""
SAMPLE = 100_000
"""Ink pixels looked at for the skew: 25 per row of an A4 page at 300 dpi."""
STRIPS = 12
"""A page's columns are looked at in so many strips, so that lines of neighbouring columns do not run together."""
MIN_LINE_HEIGHT = 4
"""Pixels; runs below are rules, dots and dirt."""
SPECKLE_NEIGHBOURS = 1
"""A dark pixel with so few dark ones among the eight around it is dirt; a letter's stroke has two."""


def dark_threshold(pixels: Pixels) -> int:
    """The grey level that parts ink from paper best: the one with the largest variance between both (Otsu 1979)."""
    counts = np.bincount(pixels.ravel(), minlength=256).astype(np.float64)
    below = np.cumsum(counts)
    above = below[-1] - below
    total = np.cumsum(counts * np.arange(256))
    means = total / np.maximum(below, 1) - (total[-1] - total) / np.maximum(above, 1)
    return int(np.argmax(below * above * np.square(means))) + 1


def skew(ink: Ink) -> float:
    """Degrees by which the lines fall to the right (negative: rise); 0 where no angle makes them clearly sharper.

    At the right angle the sums of the rows change abruptly between lines and gaps (Postl 1986).
    """
    rows, columns = _sample(ink)
    if rows.size == 0:
        return 0.0
    best = _sharpest(rows, columns, 0, MAX_SKEW, STEPS[0])
    best = _sharpest(rows, columns, best, STEPS[0], STEPS[1])
    is_clear = _sharpness(rows, columns, best) > CLEARLY_SHARPER * _sharpness(rows, columns, 0)
    return round(best, 2) if is_clear and abs(best) < MAX_SKEW else 0.0


def line_height(ink: Ink, angle: float) -> float | None:
    """Pixels from the top to the bottom of the letters of most lines; None without lines."""
    runs = np.concatenate([_runs(strip) for strip in _strips(ink, angle)])
    runs = np.sort(runs[runs >= MIN_LINE_HEIGHT])
    if runs.size == 0:
        return None
    weights = np.cumsum(runs)
    return float(runs[np.searchsorted(weights, weights[-1] / 2)])


def letter_rows(ink: Ink, box: tuple[float, float, float, float]) -> tuple[float, float]:
    """The rows of a line's letters within the box that an engine drew around it: those with ink around its middle, without the white
    above and below and without what hangs in from other lines. The box's own where its middle is empty."""
    left, top, right, bottom = (max(0, round(edge)) for edge in box)
    has_ink: NDArray[np.bool_] = np.asarray(ink[top:bottom, left:right].any(axis=1))
    middle = has_ink.size // 2
    if has_ink.size == 0 or not has_ink[middle]:
        return box[1], box[3]
    above, below = np.flatnonzero(~has_ink[:middle]), np.flatnonzero(~has_ink[middle:])
    first = int(above[-1]) + 1 if above.size else 0
    last = middle + int(below[0]) if below.size else has_ink.size
    return float(top + first), float(top + last)


def speckles(ink: Ink) -> Ink:
    """The dark pixels that stand nearly alone."""
    return ink & (_neighbours(ink) <= SPECKLE_NEIGHBOURS)


def speckle_share(ink: Ink) -> float:
    """The share of all pixels that are dark and have no dark neighbour."""
    return np.count_nonzero(ink & (_neighbours(ink) == 0)) / max(1, ink.size)


def _sample(ink: Ink) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Rows and columns of every n-th ink pixel."""
    places = np.flatnonzero(ink)
    places = places[:: max(1, places.size // SAMPLE)]
    return (places // ink.shape[1]).astype(np.float32), (places % ink.shape[1]).astype(np.float32)


def _sharpest(rows: NDArray[np.float32], columns: NDArray[np.float32], middle: float, reach: float, step: float) -> float:
    count = round(reach / step)
    angles = [middle + number * step for number in range(-count, count + 1)]
    return max(angles, key=lambda angle: _sharpness(rows, columns, angle))


def _sharpness(rows: NDArray[np.float32], columns: NDArray[np.float32], angle: float) -> float:
    levelled = (rows - columns * np.float32(np.tan(np.radians(angle)))).astype(np.int32)
    sums = np.bincount(levelled - levelled.min()).astype(np.float64)
    return float(np.sum(np.diff(sums) ** 2))


def _strips(ink: Ink, angle: float) -> list[Ink]:
    """Upright strips of the page; within one, lines of a skewed page lean by less than their gap."""
    width = max(1, ink.shape[1] // (STRIPS if angle == 0 else 4 * STRIPS))
    return [ink[:, left : left + width] for left in range(0, ink.shape[1], width)]


def _runs(strip: Ink) -> NDArray[np.int64]:
    """Lengths of the runs of rows with ink."""
    has_ink = np.concatenate([[0], strip.any(axis=1), [0]]).astype(np.int8)
    edges = np.diff(has_ink)
    return np.flatnonzero(edges == -1) - np.flatnonzero(edges == 1)


def _neighbours(ink: Ink) -> NDArray[np.uint8]:
    """How many of the eight pixels around each are dark."""
    padded = np.pad(ink, 1).astype(np.uint8)
    height, width = ink.shape
    counts = np.zeros(ink.shape, np.uint8)
    for down in range(3):
        for right in range(3):
            counts += padded[down : down + height, right : right + width]
    return counts - ink.astype(np.uint8)

"""The order in which a person reads boxes on a page: what stands close together is read together, from the top and from the left."""

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

Box = tuple[float, float, float, float]
"""x0, y0, x1, y1 in points from the top left."""
MAX_BOXES = 200
"""More on one slide are a drawing; they are read by their top left corners."""
OVERLAP = 3.0
"""Points by which neighbours may overlap and still be apart: frames are drawn a little larger than what is in them."""

Item = TypeVar("Item")
_Halves = tuple[float, list[Item], list[Item]]


def in_reading_order(items: Sequence[Item], box: Callable[[Item], Box]) -> list[Item]:
    """The items by cutting the page in two at its widest gap, again and again; of gaps as wide as each other the horizontal one.

    What no gap parts is ordered by its top left corner.
    """
    return list(_ordered(items, box) if len(items) <= MAX_BOXES else _by_corner(items, box))


def _ordered(items: Sequence[Item], box: Callable[[Item], Box]) -> Iterator[Item]:
    if len(items) < 2:
        yield from items
        return
    rows = _cut(items, lambda item: (box(item)[1], box(item)[3]))
    columns = _cut(items, lambda item: (box(item)[0], box(item)[2]))
    gap, before, after = rows if rows[0] >= columns[0] else columns
    if gap <= -OVERLAP:
        yield from _by_corner(items, box)
        return
    yield from _ordered(before, box)
    yield from _ordered(after, box)


def _by_corner(items: Sequence[Item], box: Callable[[Item], Box]) -> list[Item]:
    return sorted(items, key=lambda item: (box(item)[1], box(item)[0]))


def _cut(items: Sequence[Item], extent: Callable[[Item], tuple[float, float]]) -> "_Halves[Item]":
    """The widest gap between extents, and the items before and after it; not above `-OVERLAP` when they all hang together."""
    ordered = sorted(items, key=lambda one: extent(one)[0])
    reach = extent(ordered[0])[1]
    widest, place = -OVERLAP, len(ordered)
    for number, item in enumerate(ordered[1:], start=1):
        start, end = extent(item)
        if start - reach > widest:
            widest, place = start - reach, number
        reach = max(reach, end)
    return widest, ordered[:place], ordered[place:]

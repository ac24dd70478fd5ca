"""Counts list items: what stands before the next one."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from semantic_memory.etl.word.numerals import numeral

LEVELS = 9
BULLET = "-"
_PLACE = re.compile(r"%([1-9])")


@dataclass(frozen=True, slots=True)
class Level:
    """One level of a list. `pattern` shows the numbers of levels as "%1.%2"; `style` is the format of this level's own (`numerals`).

    `restart` is the level (from 1) whose items start this one again, 0 for none, None for any level above; `is_legal` shows all numbers
    as decimals; `paragraph_style` is the style whose paragraphs are items of this level.
    """

    style: str = "decimal"
    pattern: str = ""
    start: int = 1
    restart: int | None = None
    is_legal: bool = False
    paragraph_style: str | None = None


PLAIN = Level()


def next_marker(numbers: dict[int, int], levels: Mapping[int, Level], level: int) -> str:
    """Counts an item of this level (from 0) and gives its marker: "2.1.", "b)" or "-". `numbers` is where the count stands, by level."""
    for place in range(level):  # levels above that were never used count as begun
        numbers.setdefault(place, levels.get(place, PLAIN).start)
    numbers[level] = numbers.get(level, levels.get(level, PLAIN).start - 1) + 1
    for place in range(level + 1, LEVELS):
        restart = levels.get(place, PLAIN).restart
        if restart is None or restart > level:
            numbers.pop(place, None)
    return _shown(numbers, levels, level)


def _shown(numbers: Mapping[int, int], levels: Mapping[int, Level], level: int) -> str:
    shown = levels.get(level)
    if shown is None or shown.style == "bullet":
        return BULLET

    def number(match: re.Match[str]) -> str:
        place = int(match[1]) - 1
        style = "decimal" if shown.is_legal else levels.get(place, PLAIN).style
        return numeral(numbers.get(place, 1), style)

    return " ".join(_PLACE.sub(number, shown.pattern).split()) or BULLET

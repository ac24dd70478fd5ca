"""`numbering.xml`: the marker Word shows before each list item, which is nowhere in the text."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from xml.etree import ElementTree as ET

from semantic_memory.etl.word.flow import ListPlace
from semantic_memory.etl.word.list_numbers import BULLET, LEVELS, Level, next_marker
from semantic_memory.etl.word.xml import first, integer, is_on, value

MAX_LINKS = 5
"""Numberings that stand for the numbering of a style, which may stand for another; more is a loop."""


@dataclass(frozen=True, slots=True)
class _List:
    """An instance (`w:num`): its levels, the definition whose count it shares, and levels that it starts anew."""

    definition: str
    levels: Mapping[int, Level]
    restarted: Mapping[int, int]


@dataclass(slots=True)
class _Count:
    """Where the counting of one definition stands, by level."""

    numbers: dict[int, int] = field(default_factory=dict[int, int])
    seen: set[str] = field(default_factory=set[str])


class Numbering:
    """Counts the items of all lists of one document, in their order."""

    def __init__(self, root: ET.Element | None) -> None:
        children = [] if root is None else list(root)
        self._definitions = {one.get("w:abstractNumId", ""): one for one in children if one.tag == "w:abstractNum"}
        self._instances = {one.get("w:numId", ""): one for one in children if one.tag == "w:num"}
        self._by_style_link = {link: key for key, one in self._definitions.items() if (link := value(one, "w:styleLink"))}
        self._lists: dict[str, _List | None] = {}
        self._counts: dict[str, _Count] = {}

    def place(self, list_id: str, level: int) -> ListPlace:
        """The place of the next item of the list at this level (from 0), with a marker such as "2.1.", "b)" or "-"."""
        return ListPlace(list_id, level, self._marker(list_id, level))

    def level_of_style(self, list_id: str, style_id: str) -> int | None:
        """The level that the list keeps for paragraphs of this style."""
        known = self._list(list_id)
        if known is None:
            return None
        return next((place for place, level in known.levels.items() if level.paragraph_style == style_id), None)

    def _marker(self, list_id: str, level: int) -> str:
        known = self._list(list_id)
        if known is None:
            return BULLET
        count = self._counts.setdefault(known.definition, _Count())
        if list_id not in count.seen:
            count.seen.add(list_id)
            count.numbers.update({place: start - 1 for place, start in known.restarted.items()})
        return next_marker(count.numbers, known.levels, level)

    def _list(self, list_id: str) -> _List | None:
        if list_id not in self._lists:
            self._lists[list_id] = self._read(list_id)
        return self._lists[list_id]

    def _read(self, list_id: str) -> _List | None:
        instance = self._instances.get(list_id)
        definition = self._definition(value(instance, "w:abstractNumId"))
        if instance is None or definition is None:
            return None
        levels = _levels(self._definitions[definition])
        overrides = {_place(one): one for one in instance if one.tag == "w:lvlOverride"}
        for one in overrides.values():
            levels |= _levels(one)
        starts = {place: start for place, one in overrides.items() if (start := integer(value(one, "w:startOverride"))) is not None}
        levels |= {place: replace(levels.get(place, Level()), start=start) for place, start in starts.items()}
        return _List(definition, levels, starts)

    def _definition(self, key: str | None) -> str | None:
        for _ in range(MAX_LINKS):
            link = value(self._definitions.get(key or ""), "w:numStyleLink")
            if link is None:
                break
            key = self._by_style_link.get(link)
        return key if key in self._definitions else None


def _place(element: ET.Element) -> int:
    return integer(element.get("w:ilvl")) or 0


def _levels(parent: ET.Element) -> dict[int, Level]:
    return {_place(one): _level(one) for one in parent if one.tag == "w:lvl" and 0 <= _place(one) < LEVELS}


def _level(element: ET.Element) -> Level:
    start = integer(value(element, "w:start"))
    return Level(
        style=value(element, "w:numFmt") or "decimal",
        pattern=value(element, "w:lvlText") or "",
        start=1 if start is None else start,
        restart=integer(value(element, "w:lvlRestart")),
        is_legal=is_on(first(element, "w:isLgl")),
        paragraph_style=value(element, "w:pStyle"),
    )

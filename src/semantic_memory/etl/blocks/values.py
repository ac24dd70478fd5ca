"""JSON values → readable lines, each with the path of its key; what is shortened is counted."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from semantic_memory.core.model import JsonValue

BLOB_CHARACTERS = 2000
"""A string this long without a blank is encoded data; only its start is shown."""
SHOWN_BLOB = 100
SHOWN_NUMBERS = 20
"""Of an array of numbers: coordinates and measurements are no words to search for."""
NUMBER_LEVELS = 5
"""Arrays within arrays that still count as one of numbers; GeoJSON has 4 (RFC 7946, section 3.1.7)."""
ONE_LINE_CHARACTERS = 200
"""Short values of an array stand on one line up to this length."""
KEY_CHARACTERS = 100
PATH_CHARACTERS = 300
"""Longer keys and paths lose their middle: a hostile file could repeat a long one on every line."""

Line = tuple[str, str]
"""Key path, value."""


@dataclass(slots=True)
class ValueLines:
    """Writes values out as lines such as `servers[0].name`, `web`."""

    shortened_blobs: int = 0
    shortened_numbers: int = 0

    def of(self, value: JsonValue, path: str) -> Iterator[Line]:
        """Every value below this one. Raises: RecursionError where it is nested too deeply."""
        if isinstance(value, dict):
            for key, item in value.items():
                yield from self.of(item, _joined(path, str(key)))
        elif isinstance(value, list):
            yield from self._array(value, path)
        else:
            yield path, self._scalar(value)

    def warnings(self) -> Iterator[str]:
        if self.shortened_blobs:
            yield f"{self.shortened_blobs} values of encoded data are shown by their first {SHOWN_BLOB} characters"
        if self.shortened_numbers:
            yield f"{self.shortened_numbers} arrays of numbers are shown by their first {SHOWN_NUMBERS}"

    def _array(self, items: Sequence[JsonValue], path: str) -> Iterator[Line]:
        if not items:
            return
        if _are_numbers(items, NUMBER_LEVELS):
            yield path, self._numbers(items)
        elif line := self._one_line(items):
            yield path, line
        else:
            for index, item in enumerate(items):
                yield from self.of(item, _shortened(f"{path}[{index}]", PATH_CHARACTERS))

    def _numbers(self, items: Sequence[JsonValue]) -> str:
        shown = ", ".join(map(_literal, islice(_leaves(items), SHOWN_NUMBERS)))
        count = sum(1 for _ in _leaves(items))
        if count <= SHOWN_NUMBERS:
            return shown
        self.shortened_numbers += 1
        return f"{shown}, … ({count} numbers)"

    def _one_line(self, items: Sequence[JsonValue]) -> str:
        """The values with commas between them; empty when they do not fit on a line or have parts of their own."""
        if len(items) > ONE_LINE_CHARACTERS or any(isinstance(item, dict | list) for item in items):
            return ""
        line = ", ".join(item if isinstance(item, str) else _literal(item) for item in items)
        return line if len(line) <= ONE_LINE_CHARACTERS and "\n" not in line else ""

    def _scalar(self, value: JsonValue) -> str:
        if not isinstance(value, str):
            return _literal(value)
        if len(value) <= BLOB_CHARACTERS or any(character.isspace() for character in value[:BLOB_CHARACTERS]):
            return value
        self.shortened_blobs += 1
        return f"{value[:SHOWN_BLOB]}…"


def short_key(key: str) -> str:
    return _shortened(key, KEY_CHARACTERS)


def _literal(value: JsonValue) -> str:
    if value is None:
        return "null"
    return str(value).lower() if isinstance(value, bool) else str(value)


def _are_numbers(value: JsonValue, levels: int) -> bool:
    if isinstance(value, list):
        return levels > 0 and all(_are_numbers(item, levels - 1) for item in value)
    return value is None or isinstance(value, int | float)


def _leaves(value: JsonValue) -> Iterator[JsonValue]:
    if isinstance(value, list):
        for item in value:
            yield from _leaves(item)
    else:
        yield value


def _joined(path: str, key: str) -> str:
    return _shortened(f"{path}.{short_key(key)}" if path else short_key(key), PATH_CHARACTERS)


def _shortened(name: str, characters: int) -> str:
    half = characters // 2
    return name if len(name) <= characters else f"{name[:half]}…{name[-half:]}"

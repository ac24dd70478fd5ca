"""JSON values together with the lines they stand on."""

import json
import math
import re
from bisect import bisect_right
from collections.abc import Generator, Iterator
from dataclasses import dataclass

from semantic_memory.core.model import JsonValue

LEAST, MOST = -(2**63), 2**64 - 1
"""A number beyond fits no column and no message: it is kept as text."""
INTEGER_CHARACTERS = 20
_BLANKS = re.compile(r"[ \t\n\r]*")
_NEWLINE = re.compile(r"\n")


@dataclass(frozen=True, slots=True)
class Placed:
    """A member of an object (`key` is its name) or an element of an array (its index), with its first and last line, from 1."""

    key: str | int
    value: JsonValue
    start_line: int
    end_line: int
    start: int


class PlacedJson:
    """A JSON text whose outermost levels are read member by member.

    Every method raises ValueError where the text is not JSON, RecursionError where it is nested too deeply. `repeated` collects names that
    an object has twice: below the outermost level the last value counts. NaN, infinities and huge numbers become text.
    """

    def __init__(self, text: str) -> None:
        self.repeated: set[str] = set()
        self._text = text
        self._newlines = [match.start() for match in _NEWLINE.finditer(text)]
        decoder = json.JSONDecoder(object_pairs_hook=self._object, parse_int=_integer, parse_float=_number, parse_constant=str)
        self._decode = decoder.raw_decode
        self._root = self._skip_blanks(0)

    def is_object(self) -> bool:
        return self._text.startswith("{", self._root)

    def is_container(self) -> bool:
        return self._text.startswith(("{", "["), self._root)

    def members(self) -> Iterator[Placed]:
        """The members or elements of the root, which must be a container."""
        end = yield from self._members(self._root)
        if self._skip_blanks(end) != len(self._text):
            raise ValueError("text after the end of the JSON value")

    def values(self) -> Iterator[Placed]:
        """The values that stand one behind the other in the text, which may be many."""
        position = self._root
        number = 0
        while position < len(self._text):
            value, end = self._decode(self._text, position)
            yield Placed(number, value, self._line(position), self._line(end - 1), position)
            position = self._skip_blanks(end)
            number += 1

    def elements_of(self, member: Placed) -> Iterator[Placed]:
        """The members or elements of a member whose value is a container."""
        yield from self._members(member.start)

    def _members(self, start: int) -> Generator[Placed, None, int]:
        is_object = self._text[start] == "{"
        closing = "}" if is_object else "]"
        position = self._skip_blanks(start + 1)
        names: set[str] = set()
        count = 0
        while not self._text.startswith(closing, position):
            first = position
            key: str | int = count
            if is_object:
                key, position = self._key(position)
                self._note_repeated(key, names)
            value, end = self._decode(self._text, position)
            yield Placed(key, value, self._line(first), self._line(end - 1), position)
            position = self._next(end, closing)
            count += 1
        return position + 1

    def _object(self, pairs: list[tuple[str, JsonValue]]) -> dict[str, JsonValue]:
        members = dict(pairs)
        if len(members) < len(pairs):
            names: set[str] = set()
            for name, _ in pairs:
                self._note_repeated(name, names)
        return members

    def _note_repeated(self, name: str, names: set[str]) -> None:
        if name in names:
            self.repeated.add(name)
        names.add(name)

    def _key(self, position: int) -> tuple[str, int]:
        key, end = self._decode(self._text, position)
        colon = self._skip_blanks(end)
        if not isinstance(key, str) or not self._text.startswith(":", colon):
            raise ValueError(f"a member without a name at character {position}")
        return key, self._skip_blanks(colon + 1)

    def _next(self, end: int, closing: str) -> int:
        """Past the comma, or at the closing bracket."""
        position = self._skip_blanks(end)
        if self._text.startswith(",", position):
            return self._skip_blanks(position + 1)
        if not self._text.startswith(closing, position):
            raise ValueError(f"',' or {closing!r} expected at character {position}")
        return position

    def _skip_blanks(self, position: int) -> int:
        match = _BLANKS.match(self._text, position)
        return match.end() if match else position

    def _line(self, position: int) -> int:
        return bisect_right(self._newlines, position - 1) + 1


def _integer(digits: str) -> int | str:
    value = int(digits) if len(digits) <= INTEGER_CHARACTERS else MOST + 1
    return value if LEAST <= value <= MOST else digits


def _number(digits: str) -> float | str:
    value = float(digits)
    return value if math.isfinite(value) else digits

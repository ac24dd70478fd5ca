"""How list numbers are written."""

from collections.abc import Callable, Mapping
from string import ascii_lowercase

MAX_ROMAN = 3999
MAX_LETTERS = 26 * 10
"""Beyond, a letter repeated more than ten times tells less than the number does."""
_ROMANS = (
    *((1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"), (40, "xl")),
    *((10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i")),
)


def roman(number: int) -> str:
    """Lower-case Roman; numbers that have none stay decimal."""
    if not 0 < number <= MAX_ROMAN:
        return str(number)
    text = ""
    for size, sign in _ROMANS:
        text += sign * (number // size)
        number %= size
    return text


def letters(number: int) -> str:
    """a … z, aa, bb …, as word processors count on; numbers that have none stay decimal."""
    if not 0 < number <= MAX_LETTERS:
        return str(number)
    return ascii_lowercase[(number - 1) % 26] * ((number - 1) // 26 + 1)


def _ordinal(number: int) -> str:
    is_teen = number % 100 in {11, 12, 13}
    return f"{number}{'th' if is_teen else {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th')}"


_WRITERS: Mapping[str, Callable[[int], str]] = {
    "lowerRoman": roman,
    "upperRoman": lambda number: roman(number).upper(),
    "lowerLetter": letters,
    "upperLetter": lambda number: letters(number).upper(),
    "decimalZero": lambda number: f"{number:02}",
    "ordinal": _ordinal,
    "none": lambda _number: "",
    "bullet": lambda _number: "",
}


def numeral(number: int, style: str) -> str:
    """The number in one of WordprocessingML's formats (`w:numFmt`); formats not known here are decimal."""
    return _WRITERS.get(style, str)(number)

"""Numbers and dates as a spreadsheet shows them, by their format codes (ECMA-376 part 1, 18.8.30 and 18.8.31).

Dates are written as ISO 8601 whatever the code's order of day and month is: the file does not say which country's reader looks at it.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from functools import cache

GENERAL = "General"
_CODES: Mapping[str, Iterable[int]] = {
    "0": (1,),
    "0.00": (2,),
    "#,##0": (3, 41),
    "#,##0.00": (4, 43),
    '"$"#,##0': (5, 6, 42),
    '"$"#,##0.00': (7, 8, 44),
    "0%": (9,),
    "0.00%": (10,),
    "0.00E+00": (11,),
    "yyyy-mm-dd": (14, 15, 16, 17, *range(27, 32), 36, *range(50, 55), 57, 58),
    "hh:mm": (18, 20, *range(32, 36), 55, 56),
    "hh:mm:ss": (19, 21),
    "yyyy-mm-dd hh:mm": (22,),
    "#,##0;(#,##0)": (37, 38),
    "#,##0.00;(#,##0.00)": (39, 40),
    "mm:ss": (45, 47),
    "[h]:mm:ss": (46,),
    "##0.0E+0": (48,),
}
BUILT_IN: Mapping[int, str] = {number: code for code, numbers in _CODES.items() for number in numbers}
"""Formats that a file names by number only; 27 to 36 and 50 to 58 are dates and times of East Asian locales."""
_TOKEN = re.compile(r'"([^"]*)"|\\(.)|\[([^\]]*)\]|_.|\*.|([#0?](?:[#0?,.]*[#0?])?,*|\.[#0?]+|General)|(E[+-]0+)|(.)', re.DOTALL)
_DATE_CODE = re.compile(r"[ymdhs]", re.IGNORECASE)
_ELAPSED = re.compile(r"(h+|m+|s+)", re.IGNORECASE)
_CURRENCY = re.compile(r"\$([^-]*)")
_FRACTION = re.compile(r"\?\s*/\s*[?\d]")
_EPOCH_1900 = datetime(1899, 12, 30)  # noqa: DTZ001  a sheet knows no time zone; day 60 is the 29 February 1900 that never was
_EPOCH_1904 = datetime(1904, 1, 1)  # noqa: DTZ001
_SECONDS_A_DAY = 86_400
MAX_DECIMALS = 30
"""More are refused by every spreadsheet program."""


def shown(value: float, code: str, *, is_1904: bool = False) -> str:
    """The finite number as a cell with this format code shows it; what has no meaning (a negative date) is shown as a plain number."""
    first, *others = _sections(code)
    if _is_date(first):
        return _date(value, first, is_1904=is_1904) or plain(value)
    if value < 0 and others:
        return _number(-value, others[0])
    if value == 0 and len(others) > 1:
        return _number(value, others[1])
    return _number(value, first)


def plain(value: float) -> str:
    """Up to 10 significant digits, as the format `General` has them; whole numbers keep up to 15."""
    if value == int(value) and abs(value) < 1e15:
        return str(int(value))
    return format(value, ".10g").replace("e+", "E+").replace("e-", "E-")


@cache
def _sections(code: str) -> tuple[str, ...]:
    """Formats for positive and negative numbers, zero and text; semicolons in quotes divide nothing."""
    parts, start = list[str](), 0
    for match in _TOKEN.finditer(code):
        if match[6] == ";":
            parts.append(code[start : match.start()])
            start = match.end()
    return (*parts, code[start:])


@cache
def _is_date(section: str) -> bool:
    if section.strip().lower() == GENERAL.lower():
        return False
    for quoted, escaped, bracket, _digits, _exponent, character in _TOKEN.findall(section):
        if not quoted and not escaped and (_ELAPSED.fullmatch(bracket) or (character and _DATE_CODE.match(character))):
            return True
    return False


def _date(value: float, section: str, *, is_1904: bool) -> str | None:
    """Date, time or both, as far as the code shows them; `[h]:mm` is a duration. None for numbers that are no date."""
    codes = re.sub(r'"[^"]*"|\\.|\[(?![hms]+\])[^\]]*\]|_.|\*.', "", section.lower()).split(";")[0].replace("am/pm", "").replace("a/p", "")
    if "[" in codes:
        return _duration(value, has_seconds="s" in codes)
    try:
        when = (_EPOCH_1904 if is_1904 else _EPOCH_1900) + timedelta(seconds=round(value * _SECONDS_A_DAY))
    except (OverflowError, ValueError):
        return None
    time = when.strftime("%H:%M:%S" if "s" in codes or when.second else "%H:%M")
    has_date = "y" in codes or "d" in codes or ("m" in codes and not re.search("[hs]", codes))
    has_time = bool(re.search("[hs]", codes))
    if value < 0 or (has_date and when.year < 1900):
        return None
    return f"{when:%Y-%m-%d}" + (f" {time}" if has_time else "") if has_date else time


def _duration(value: float, *, has_seconds: bool) -> str | None:
    if abs(value) > 1e9:
        return None
    seconds = round(abs(value) * _SECONDS_A_DAY)
    sign = "-" if value < 0 else ""
    text = f"{sign}{seconds // 3600}:{seconds // 60 % 60:02}"
    return f"{text}:{seconds % 60:02}" if has_seconds else text


def _number(value: float, section: str) -> str:
    """The digits in their literal surroundings; codes with conditions, fractions or nothing but text keep the plain number."""
    if section.strip().lower() in {"", "general", "@"} or _FRACTION.search(section):
        return plain(value)
    before, digits, after, percents = _layout(section)
    if not digits:
        return f"{before}{after}".strip() or plain(value)
    text = plain(value) if digits == GENERAL else _digits(value * 100**percents, digits)
    return f"-{before}{text[1:]}{after}".strip() if text.startswith("-") else f"{before}{text}{after}".strip()


@cache
def _layout(section: str) -> tuple[str, str, str, int]:
    """Literals before the digits, the code of the digits, literals after them, and the number of percent signs."""
    literals: list[list[str]] = [[], []]
    digits = ""
    percents = 0
    for quoted, escaped, bracket, placeholder, exponent, character in _TOKEN.findall(section):
        currency = _CURRENCY.match(bracket)
        percents += character == "%"
        if placeholder or exponent:
            digits += placeholder or exponent
        else:
            literals[bool(digits)].append(quoted or escaped or (currency[1] if currency else "") or character)
    return "".join(literals[0]), digits, "".join(literals[1]), min(percents, 2)


def _digits(value: float, code: str) -> str:
    mantissa, exponent, _ = code.partition("E")
    if value == 0 and "0" not in code:
        return ""  # places for digits that need not be there
    whole = mantissa.rstrip(",")
    value /= 1000 ** min(len(mantissa) - len(whole), 5)
    integer, _, decimals = whole.partition(".")
    places = min(len(decimals.replace(",", "")), MAX_DECIMALS)
    if exponent:
        return format(value, f".{places}E")
    text = format(value, f"{',' if ',' in integer else ''}.{places}f")
    optional = len(decimals) - len(decimals.rstrip("#"))
    text = text[: len(text) - optional] + text[len(text) - optional :].rstrip("0") if optional else text
    return _with_zeros(text.rstrip(".") if places else text, integer.count("0"))


def _with_zeros(text: str, width: int) -> str:
    """At least `width` digits before the point: part numbers like 00042."""
    sign, number = ("-", text[1:]) if text.startswith("-") else ("", text)
    whole, point, rest = number.partition(".")
    padded = whole if "," in whole else whole.zfill(min(width, MAX_DECIMALS))
    return f"{sign}{padded}{point}{rest}"

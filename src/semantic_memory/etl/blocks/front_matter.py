"""The YAML or TOML header of a Markdown file, as plain JSON values."""

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any, cast

from semantic_memory.core.model import JsonValue

MAX_CHARACTERS = 64 * 1024
"""A longer header is not parsed: it is text, and the YAML parser needs 0.1 s of CPU for this much."""
_HEADER = re.compile(r"\A(---|\+\+\+)[ \t]*\n(.*?)^(?:\1|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """The header's values, and the text with blank lines in its place, so that every line keeps its number."""

    values: dict[str, JsonValue]
    body: str


def split_front_matter(text: str) -> FrontMatter:
    """A header that is no mapping of plain values is left in the body, so that nothing of the file is lost."""
    header = _HEADER.match(text)
    if header is None or len(header[0]) > MAX_CHARACTERS:
        return FrontMatter({}, text)
    values = _toml(header[2]) if header[1] == "+++" else _yaml(header[2])
    if values is None:
        return FrontMatter({}, text)
    return FrontMatter({str(key): _plain(value) for key, value in values.items()}, "\n" * header[0].count("\n") + text[header.end() :])


def _toml(header: str) -> dict[str, Any] | None:
    try:
        return tomllib.loads(header)
    except (tomllib.TOMLDecodeError, RecursionError):
        return None


def _yaml(header: str) -> dict[Any, Any] | None:
    import yaml

    try:
        events = cast("Iterable[object]", yaml.parse(header, Loader=yaml.SafeLoader))  # pyright: ignore[reportUnknownMemberType]
        if any(isinstance(event, yaml.AliasEvent) for event in events):
            return None  # nine aliases of nine aliases … is the classic way to fill the memory
        values: object = yaml.safe_load(header)
    except (yaml.YAMLError, ValueError, RecursionError):  # ValueError: an impossible date
        return None
    return dict[Any, Any](values) if isinstance(values, dict) else None  # pyright: ignore[reportUnknownArgumentType]


def _plain(value: Any) -> JsonValue:
    if isinstance(value, (str, bool, float, int)) or value is None:
        return value
    if isinstance(value, (datetime, date, time)):
        return value.isoformat()
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in dict[Any, Any](value).items()}  # pyright: ignore[reportUnknownArgumentType]
    if isinstance(value, (list, tuple, set)):
        return [_plain(item) for item in list[Any](value)]  # pyright: ignore[reportUnknownArgumentType]
    return str(value)

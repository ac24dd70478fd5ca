"""What filters can ask of a passage, as plain strings: equal values give equal facts, and the meaning is that of `core.filters.matches`."""

import math
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from semantic_memory.core.filters import Filters, Scalar
from semantic_memory.core.model import Attributes

LONGEST = 1_000
"""Longer values are hashed; tantivy drops terms above 65,530 bytes."""
LANGUAGE, SOURCE, TYPE, METADATA, FILE, FOLDER = "l", "s", "t", "m", "f", "d"
"""First character of a fact: what it says."""
NO_LANGUAGE = "n"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def facts(attributes: Attributes) -> set[str]:
    """Everything a filter can ask of a passage, collection and dates excepted."""
    found = {SOURCE + shortened(attributes.source), FILE + attributes.path}
    found.update(FOLDER + folder for folder in _folders(attributes.path))
    found.update(TYPE + block_type for block_type in attributes.types)
    found.add(NO_LANGUAGE if attributes.language is None else LANGUAGE + attributes.language)
    for key, value in attributes.metadata.items():
        items = value if isinstance(value, list) else [value]
        found.update(_metadata_fact(key, item) for item in items if isinstance(item, str | int | float))
    return found


def wanted_facts(filters: Filters) -> Iterator[list[str]]:
    """For each narrowed field but path and dates, the facts of which a passage must have one; an empty list is met by none."""
    if filters.languages:
        yield [LANGUAGE + language for language in filters.languages]
    if filters.types:
        yield [TYPE + block_type for block_type in filters.types]
    if filters.sources:
        yield [SOURCE + shortened(source) for source in filters.sources]
    for key, value in filters.metadata.items():
        yield [] if _is_nan(value) else [_metadata_fact(key, value)]


def microseconds(moment: datetime) -> int:
    """Since 1970 in UTC, exact."""
    return (moment - EPOCH) // timedelta(microseconds=1)


def shortened(value: str) -> str:
    return value if len(value) <= LONGEST else f"#{sha256(value.encode()).hexdigest()}"


def _is_nan(value: Scalar) -> bool:
    """NaN equals nothing, itself included."""
    return isinstance(value, float) and math.isnan(value)


def _folders(path: str) -> Iterator[str]:
    """Every beginning of the path that ends in a slash."""
    at = path.find("/")
    while at >= 0:
        yield path[: at + 1]
        at = path.find("/", at + 1)


def _metadata_fact(key: str, value: Scalar) -> str:
    """Equal values give equal facts and others do not: 1 and 1.0 are equal, True and "1" are neither."""
    if isinstance(value, bool | str):
        text = f"{type(value).__name__}:{value}"
    else:
        text = f"number:{int(value) if math.isfinite(value) and value == int(value) else value!r}"
    return METADATA + shortened(f"{len(key)}:{key}{text}")

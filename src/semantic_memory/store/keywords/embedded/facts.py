"""Filters as terms of the field `facts`, and as the query clauses that ask for them; the meaning is that of `core.filters.matches`."""

import math
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import tantivy

from semantic_memory.core.filters import Filters, Scalar
from semantic_memory.core.model import Attributes
from semantic_memory.store.keywords.embedded.engine import schema

LONGEST = 1_000
"""Longer values are hashed; tantivy drops terms above 65,530 bytes."""
LANGUAGE, SOURCE, TYPE, METADATA, FILE, FOLDER = "l", "s", "t", "m", "f", "d"
"""First character of a fact: what it says."""
NO_LANGUAGE = "n"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def facts(attributes: Attributes) -> set[str]:
    """Everything a filter can ask of a passage, dates excepted."""
    found = {SOURCE + _short(attributes.source), FILE + attributes.path}
    found.update(FOLDER + folder for folder in _folders(attributes.path))
    found.update(TYPE + block_type for block_type in attributes.types)
    found.add(NO_LANGUAGE if attributes.language is None else LANGUAGE + attributes.language)
    for key, value in attributes.metadata.items():
        items = value if isinstance(value, list) else [value]
        found.update(_metadata_fact(key, item) for item in items if isinstance(item, str | int | float))
    return found


def microseconds(moment: datetime) -> int:
    """Since 1970 in UTC, exact."""
    return (moment - EPOCH) // timedelta(microseconds=1)


def clauses(filters: Filters) -> Iterator[tantivy.Query]:
    """One query per narrowed field; a passage must match all of them."""
    if filters.languages:
        yield _any_of(LANGUAGE + language for language in filters.languages)
    if filters.types:
        yield _any_of(TYPE + block_type for block_type in filters.types)
    if filters.sources:
        yield _any_of(SOURCE + _short(source) for source in filters.sources)
    if filters.path_prefix:
        yield _below(filters.path_prefix)
    if filters.modified_from is not None or filters.modified_before is not None:
        yield _within(filters.modified_from, filters.modified_before)
    for key, value in filters.metadata.items():
        yield _any_of([] if _is_nan(value) else [_metadata_fact(key, value)])


def _any_of(wanted: Iterable[str]) -> tantivy.Query:
    return tantivy.Query.term_set_query(schema(), "facts", list(wanted))


def _below(prefix: str) -> tantivy.Query:
    """Paths that start so: the files of the prefix's own folder and its sub-folders, by their first names only.

    The binding has no range over text, and one regular expression over all paths costs 50 ms per 100,000.
    """
    if prefix.endswith("/"):
        return _any_of([FOLDER + prefix])
    begun = re.escape(prefix)
    patterns = (f"{FILE}{begun}[^/]*", f"{FOLDER}{begun}[^/]*/")
    queries = [tantivy.Query.regex_query(schema(), "facts", pattern) for pattern in patterns]
    return tantivy.Query.boolean_query([(tantivy.Occur.Should, query) for query in queries])


def _within(start: datetime | None, end: datetime | None) -> tantivy.Query:
    return tantivy.Query.range_query(
        schema(),
        "modified",
        tantivy.FieldType.Integer,
        lower_bound=None if start is None else microseconds(start),
        upper_bound=None if end is None else microseconds(end),
        include_lower=True,
        include_upper=end is None,
    )


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
    return METADATA + _short(f"{len(key)}:{key}{text}")


def _short(value: str) -> str:
    return value if len(value) <= LONGEST else f"#{sha256(value.encode()).hexdigest()}"

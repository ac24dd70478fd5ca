"""Filters as query clauses over the fields `facts` and `modified`."""

import re
from collections.abc import Iterable, Iterator
from datetime import datetime

import tantivy

from semantic_memory.core.filters import Filters
from semantic_memory.store.facts import FILE, FOLDER, microseconds, wanted_facts
from semantic_memory.store.keywords.embedded.engine import schema


def clauses(filters: Filters) -> Iterator[tantivy.Query]:
    """One query per narrowed field; a passage must match all of them."""
    for wanted in wanted_facts(filters):
        yield _any_of(wanted)
    if filters.path_prefix:
        yield _below(filters.path_prefix)
    if filters.modified_from is not None or filters.modified_before is not None:
        yield _within(filters.modified_from, filters.modified_before)


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

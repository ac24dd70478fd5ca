"""Small pieces that several queries share."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Connection, Row, Select, and_

from semantic_memory.core.filters import Filters
from semantic_memory.store.catalogue.tables import DOCUMENTS

T = TypeVar("T")

CHUNK = 500
"""Values in one IN list: far below SQLite's 32,766 variables, and few enough different statements to stay cached."""

LAST_CODE_POINT = "\U0010ffff"
SURROGATES = range(0xD800, 0xE000)
"""Code points no text may hold."""


def chunks(values: Sequence[T]) -> Iterator[Sequence[T]]:
    for start in range(0, len(values), CHUNK):
        yield values[start : start + CHUNK]


def one(connection: Connection, query: Select[Any], make: Callable[[Row[Any]], T]) -> T | None:
    """The value made of the only row; None when there is none."""
    row = connection.execute(query).one_or_none()
    return None if row is None else make(row)


def narrowed(filters: Filters) -> list[ColumnElement[bool]]:
    """The conditions on `documents` for every field of the filter but `types` and `metadata`."""
    columns = DOCUMENTS.c
    chosen = ((columns.collection, filters.collections), (columns.language, filters.languages), (columns.source, filters.sources))
    conditions: list[ColumnElement[bool]] = [column.in_(choices) for column, choices in chosen if choices]
    if filters.path_prefix:
        conditions.append(_starts_with(filters.path_prefix))
    if filters.modified_from is not None:
        conditions.append(columns.modified_at >= filters.modified_from)
    if filters.modified_before is not None:
        conditions.append(columns.modified_at < filters.modified_before)
    return conditions


def _starts_with(prefix: str) -> ColumnElement[bool]:
    """A range, because it uses the index; LIKE would ignore case in SQLite."""
    start = DOCUMENTS.c.path >= prefix
    end = successor(prefix)
    return start if end is None else and_(start, DOCUMENTS.c.path < end)


def successor(prefix: str) -> str | None:
    """The first text, by code points, behind every text that starts with `prefix`; None when there is none."""
    kept = prefix.rstrip(LAST_CODE_POINT)
    if not kept:
        return None
    following = ord(kept[-1]) + 1
    return kept[:-1] + chr(SURROGATES.stop if following in SURROGATES else following)

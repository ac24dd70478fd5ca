"""What rows can be filtered by, as two small tables: a row names one entry of each, and many rows share an entry.

`documents` holds source, path, date and metadata; `kinds` holds block types and language. A filter is evaluated once per entry and
carried to the rows with one numpy look-up each (1 ms per million rows). Entries are only added, so a reader may use the tables while the
owner extends them, as long as it looks at the entries its snapshot knows.
"""

import json
import math
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from semantic_memory.core.filters import Filters, Scalar
from semantic_memory.core.model import Attributes, BlockType

Mask: TypeAlias = NDArray[np.bool_]
Term: TypeAlias = tuple[str, bool, Scalar]
"""Metadata key, whether the value is a truth value (True and 1 differ), value."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
NO_DATE = np.iinfo(np.int64).min


def document_line(attributes: Attributes) -> str:
    """The entry of the documents table, as one line of JSON (ASCII, so any text survives)."""
    moment = None if attributes.modified_at is None else microseconds(attributes.modified_at)
    return json.dumps((attributes.source, attributes.path, moment, _metadata_pairs(attributes)))


@lru_cache(maxsize=1024)
def kind_line(types: frozenset[BlockType], language: str | None) -> str:
    """The entry of the kinds table, as one line of JSON."""
    return json.dumps([sorted(types), language])


def microseconds(moment: datetime) -> int:
    """Since 1970 in UTC, exact."""
    return (moment - EPOCH) // timedelta(microseconds=1)


def _metadata_pairs(attributes: Attributes) -> list[tuple[str, Scalar]]:
    """Everything a metadata filter can equal; a list offers each of its members."""
    listed = [(key, value if isinstance(value, list) else (value,)) for key, value in attributes.metadata.items()]
    return [(key, item) for key, items in listed for item in items if isinstance(item, str | int | float)]


def term(key: str, value: Scalar) -> Term:
    return key, isinstance(value, bool), value


class Documents:
    """Sources, paths, dates and metadata by entry number."""

    def __init__(self) -> None:
        self._sources: dict[str, list[int]] = {}
        self._paths: list[str] = []
        self._moments: list[int] = []
        self._terms: dict[Term, list[int]] = {}
        self._by_path: list[tuple[str, int]] = []
        self._unread: list[str] = []

    def __len__(self) -> int:
        return len(self._paths) + len(self._unread)

    def extend(self, lines: Iterable[str]) -> None:
        """The lines are read by the first filter: 100,000 take 0.4 s, which most openings of an index can save."""
        self._unread += lines

    def _read(self) -> None:
        lines, self._unread = self._unread, []
        for line in lines:
            source, path, moment, terms = json.loads(line)
            number = len(self._paths)
            self._sources.setdefault(source, []).append(number)
            self._moments.append(NO_DATE if moment is None else moment)
            for key, value in terms:
                self._terms.setdefault(term(key, value), []).append(number)
            self._paths.append(path)

    def chosen(self, filters: Filters) -> Mask | None:
        """Which entries the filters let through; None when they say nothing about documents. Not safe for concurrent use."""
        if not _asks_of_documents(filters):
            return None
        self._read()
        masks: list[Mask] = []
        if filters.sources:
            masks.append(self._mask([number for source in filters.sources for number in self._sources.get(source, ())]))
        if filters.path_prefix:
            masks.append(self._mask(self._below(filters.path_prefix)))
        if filters.modified_from is not None or filters.modified_before is not None:
            masks.append(self._within(filters))
        masks += [self._mask(self._having(term(key, value))) for key, value in filters.metadata.items()]
        chosen: Mask = np.logical_and.reduce(masks)
        return chosen

    def _mask(self, numbers: Sequence[int]) -> Mask:
        mask = np.zeros(len(self), dtype=np.bool_)
        mask[np.asarray(numbers, dtype=np.intp)] = True
        return mask

    def _below(self, prefix: str) -> list[int]:
        known = len(self._by_path)
        if known < len(self):
            self._by_path += zip(self._paths[known:], range(known, len(self)), strict=True)
            self._by_path.sort()
        start = bisect_left(self._by_path, (prefix, 0))
        end = bisect_left(self._by_path, 1, lo=start, key=lambda entry: not entry[0].startswith(prefix))
        return [number for _, number in self._by_path[start:end]]

    def _within(self, filters: Filters) -> Mask:
        moments = np.asarray(self._moments, dtype=np.int64)
        mask: Mask = moments != NO_DATE
        if filters.modified_from is not None:
            mask &= moments >= microseconds(filters.modified_from)
        if filters.modified_before is not None:
            mask &= moments < microseconds(filters.modified_before)
        return mask

    def _having(self, wanted: Term) -> Sequence[int]:
        value = wanted[2]
        # NaN equals nothing, itself included, though a dict finds the same object.
        return () if isinstance(value, float) and math.isnan(value) else self._terms.get(wanted, ())


class Kinds:
    """Block types and languages by entry number; there are few."""

    def __init__(self) -> None:
        self._entries: list[tuple[frozenset[str], str | None]] = []

    def __len__(self) -> int:
        return len(self._entries)

    def extend(self, lines: Iterable[str]) -> None:
        parsed: list[Any] = [json.loads(line) for line in lines]
        self._entries += [(frozenset(types), language) for types, language in parsed]

    def chosen(self, filters: Filters) -> Mask | None:
        """Which entries the filters let through; None when they say nothing about kinds."""
        if not filters.types and not filters.languages:
            return None
        return np.array([_fits(types, language, filters) for types, language in self._entries], dtype=np.bool_)


def _asks_of_documents(filters: Filters) -> bool:
    has_dates = filters.modified_from is not None or filters.modified_before is not None
    return has_dates or bool(filters.sources or filters.path_prefix or filters.metadata)


def _fits(types: frozenset[str], language: str | None, filters: Filters) -> bool:
    return (not filters.types or bool(filters.types & types)) and (not filters.languages or language in filters.languages)

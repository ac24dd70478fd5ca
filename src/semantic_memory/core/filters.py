"""What a search is narrowed to; every index must agree with `matches`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias

from semantic_memory.core.errors import InvalidFilterError
from semantic_memory.core.model import Attributes, BlockType, JsonValue

Scalar: TypeAlias = str | int | float | bool

MAX_METADATA_TERMS = 16
"""Bounds the work of one filter."""


@dataclass(frozen=True, slots=True)
class Filters:
    """Empty fields do not narrow; values within a field are alternatives, fields must all hold.

    `modified_from` is inclusive, `modified_before` exclusive; a passage without a date matches no date filter.
    `metadata` compares document metadata by equality; a list in the document matches when it contains the value.
    """

    collections: frozenset[str] = frozenset()
    languages: frozenset[str] = frozenset()
    types: frozenset[BlockType] = frozenset()
    sources: frozenset[str] = frozenset()
    path_prefix: str = ""
    modified_from: datetime | None = None
    modified_before: datetime | None = None
    metadata: Mapping[str, Scalar] = field(default_factory=dict[str, Scalar])

    def __post_init__(self) -> None:
        if len(self.metadata) > MAX_METADATA_TERMS:
            raise InvalidFilterError(f"at most {MAX_METADATA_TERMS} metadata terms, not {len(self.metadata)}")
        if any(moment is not None and moment.tzinfo is None for moment in (self.modified_from, self.modified_before)):
            raise InvalidFilterError("dates in filters need a time zone")

    @property
    def is_empty(self) -> bool:
        return self == Filters()


def described(filters: Filters) -> dict[str, JsonValue]:
    """The fields that narrow, in a form JSON can show; equal filters are described alike."""
    fields: dict[str, JsonValue] = {
        "collections": sorted(filters.collections),
        "languages": sorted(filters.languages),
        "types": sorted(filters.types),
        "sources": sorted(filters.sources),
        "path_prefix": filters.path_prefix,
        "modified_from": filters.modified_from.isoformat() if filters.modified_from else None,
        "modified_before": filters.modified_before.isoformat() if filters.modified_before else None,
        "metadata": dict(filters.metadata),
    }
    return {name: value for name, value in fields.items() if value}


def matches(filters: Filters, attributes: Attributes) -> bool:
    """The reference meaning of a filter."""
    return (
        _chosen(attributes.collection, filters.collections)
        and _chosen(attributes.language, filters.languages)
        and _chosen(attributes.source, filters.sources)
        and (not filters.types or bool(filters.types & attributes.types))
        and attributes.path.startswith(filters.path_prefix)
        and _within(attributes.modified_at, filters)
        and all(_has(attributes, key, value) for key, value in filters.metadata.items())
    )


def _chosen(value: str | None, choices: frozenset[str]) -> bool:
    return not choices or value in choices


def _within(moment: datetime | None, filters: Filters) -> bool:
    if filters.modified_from is None and filters.modified_before is None:
        return True
    if moment is None:
        return False
    after_start = filters.modified_from is None or moment >= filters.modified_from
    return after_start and (filters.modified_before is None or moment < filters.modified_before)


def _has(attributes: Attributes, key: str, value: Scalar) -> bool:
    found = attributes.metadata.get(key)
    if isinstance(found, list):
        return any(_equal(item, value) for item in found)
    return _equal(found, value)


def _equal(found: object, value: Scalar) -> bool:
    """Equality that keeps True and 1 apart, as JSON does."""
    return isinstance(found, bool) is isinstance(value, bool) and found == value

"""Changes to feed an index with, and random attributes and filters for them."""

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import NAMESPACE_OID, UUID, uuid5

import numpy as np
from hypothesis import strategies as st

from semantic_memory.core.access import Access, Role
from semantic_memory.core.filters import Filters
from semantic_memory.core.model import Attributes, BlockType, Change, IndexEntry, Vector

READER = Access("acme", "reader", Role.READER)
DIMENSION = 12
"""Not a multiple of 8, so that no adapter relies on round numbers."""


def passage(number: int) -> UUID:
    return uuid5(NAMESPACE_OID, f"passage {number}")


def unit(*numbers: float) -> Vector:
    """A vector of length 1 that starts with the numbers."""
    vector = np.zeros(DIMENSION, dtype=np.float32)
    vector[: len(numbers)] = numbers
    return vector / np.linalg.norm(vector)


def random_units(count: int, *, seed: int, dimension: int = DIMENSION) -> np.ndarray:
    vectors = np.random.default_rng(seed).standard_normal((count, dimension)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def attributes(**given: Any) -> Attributes:
    known: dict[str, Any] = {
        "collection": "notes",
        "source": "upload",
        "path": "a.md",
        "types": frozenset({BlockType.PARAGRAPH}),
        "language": "en",
        "modified_at": None,
        "metadata": {},
    }
    return Attributes(**(known | given))


def put(
    sequence: int, number: int, vector: "Vector | None" = None, *, words: str = "", tenant: str = "acme", like: Attributes | None = None
) -> Change:
    """The passage's newest state."""
    like = like or attributes()
    entry = IndexEntry(passage(number), uuid5(NAMESPACE_OID, like.path), words, unit(1) if vector is None else vector, like)
    return Change(sequence, tenant, like.collection, entry.passage_id, entry)


def drop(sequence: int, number: int, *, tenant: str = "acme", collection: str = "notes") -> Change:
    return Change(sequence, tenant, collection, passage(number), None)


NOON = datetime(2024, 2, 29, 12, tzinfo=UTC)
NAMES = ["", "a", "A", "ä", "日本", "a/b", "x" * 1200, "a.b*", "1", "True"]
PATHS = ["", "/", "a", "a/", "a/b", "a/b.md", "a/bc/d.md", "ab/c", "a//b", "ä/ö.md", "a/b\nc", "a+b(c)[d]/e", "\U0010ffff/x"]
NUMBERS = [0, 1, -1, 1.0, 0.5, 2**53 + 1, float(2**53), 1e300, float("inf"), float("nan")]
_NAMES = st.sampled_from(NAMES)
_PATHS = st.sampled_from(PATHS)
_DATES = st.integers(-3, 3).map(lambda days: NOON + timedelta(days=days, microseconds=days))
_SCALARS = st.one_of(_NAMES, st.booleans(), st.sampled_from(NUMBERS))
_VALUES = st.one_of(_SCALARS, st.none(), st.lists(_SCALARS, max_size=2), st.just({"a": 1}))
_KEYS = st.sampled_from(["k", "key", "ключ", "k:"])

any_attributes = st.builds(
    Attributes,
    collection=st.just("notes"),
    source=_NAMES,
    path=_PATHS,
    types=st.frozensets(st.sampled_from(BlockType), max_size=3),
    language=st.one_of(st.none(), _NAMES),
    modified_at=st.one_of(st.none(), _DATES),
    metadata=st.dictionaries(_KEYS, _VALUES, max_size=2),
)
any_filters = st.builds(
    Filters,
    languages=st.frozensets(_NAMES, max_size=2),
    types=st.frozensets(st.sampled_from(BlockType), max_size=2),
    sources=st.frozensets(_NAMES, max_size=2),
    path_prefix=st.one_of(st.just(""), _PATHS),
    modified_from=st.one_of(st.none(), _DATES),
    modified_before=st.one_of(st.none(), _DATES),
    metadata=st.dictionaries(_KEYS, _SCALARS, max_size=1),
)


def odd_attributes() -> list[Attributes]:
    """Sixty with values of every kind, the same each time: for stores too slow for random ones."""
    some = random.Random(3)
    values = [*NAMES, *NUMBERS, True, False, None, ["a", 1], {"a": 1}]
    return [
        attributes(
            source=NAMES[i % 3],
            path=PATHS[i % len(PATHS)],
            types=frozenset(some.sample(list(BlockType), i % 3)),
            language=some.choice([None, *NAMES[:4]]),
            modified_at=some.choice([None, NOON - timedelta(days=1), NOON, NOON + timedelta(microseconds=1)]),
            metadata={"k": values[i % len(values)], "ключ": some.choice(values)},
        )
        for i in range(60)
    ]


def odd_filters() -> list[Filters]:
    """Filters that ask for what `odd_attributes` hold, one field at a time and together."""
    single = [
        *(Filters(metadata={"k": value}) for value in [*NAMES, *NUMBERS, True, False]),
        *(Filters(path_prefix=path) for path in [*PATHS, "a/b.", "\U0010ffff"]),
        Filters(languages=frozenset({"", "ä"})),
        Filters(sources=frozenset({"a"})),
        Filters(types=frozenset({BlockType.CODE, BlockType.LIST})),
        Filters(modified_from=NOON),
        Filters(modified_before=NOON),
        Filters(modified_from=NOON, modified_before=NOON + timedelta(microseconds=1)),
        Filters(collections=frozenset({"notes", "other"})),
    ]
    both = [replace(single[some], types=frozenset({BlockType.CODE}), languages=frozenset({"a", "A"})) for some in (0, 5, 20, 30)]
    return [Filters(metadata={"ключ": "日本", "k": 1}, path_prefix="a"), *both, *single]

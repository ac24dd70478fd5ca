"""What a server keeps of a passage and what it is asked for."""

from dataclasses import replace
from datetime import UTC, datetime
from uuid import uuid4

import numpy as np
import pytest

from semantic_memory.core.access import Access
from semantic_memory.core.filters import Filters
from semantic_memory.core.model import Attributes, BlockType
from semantic_memory.store.remote.rows import NO_FACT, Found, Row, Scope, is_readable, is_wanted, row, scope
from tests.contracts.changes import NOON, READER, attributes, passage, put, unit

FULL = attributes(
    source="git",
    path="src/lib/ä.py",
    types=frozenset({BlockType.CODE, BlockType.TABLE}),
    language="de",
    modified_at=NOON,
    metadata={"tag": ["a", "b"], "draft": True},
)


def sent(like: Attributes, words: str = "") -> Row:
    change = put(1, 1, unit(1), words=words, like=like)
    assert change.entry is not None
    return row(change, change.entry)


def back(like: Attributes) -> Found:
    """The row as a server returns it."""
    it = sent(like)
    return Found(it.tenant, it.collection, it.passage_id, it.attributes, score=1.0)


def passes(like: Attributes, filters: Filters) -> bool:
    """Whether a server that only knows facts and dates would let the row through."""
    it, asked = sent(like), scope(READER, filters)
    has_all = all(set(group) & set(it.facts) for group in asked.groups)
    after = asked.modified_from is None or (it.modified is not None and it.modified >= asked.modified_from)
    before = asked.modified_before is None or (it.modified is not None and it.modified < asked.modified_before)
    return has_all and after and before


def test_a_row_carries_what_a_server_must_know() -> None:
    it = sent(FULL, words="Fünf Häuser")

    assert (it.tenant, it.collection, it.passage_id, it.language) == ("acme", "notes", passage(1), "de")
    assert it.modified == 1_709_208_000_000_000
    assert np.array_equal(it.vector, unit(1))
    assert it.terms == ["funf", "haus"]


def test_facts_are_short_and_in_order_whatever_the_text() -> None:
    facts = sent(replace(FULL, source="x" * 5000, metadata={"k" * 5000: "日本" * 5000})).facts

    assert list(facts) == sorted(facts)
    assert {len(fact) for fact in facts} == {16}


def test_attributes_are_ascii() -> None:
    assert sent(FULL).attributes.isascii()


@pytest.mark.parametrize(
    "filters",
    [
        Filters(),
        Filters(languages=frozenset({"de", "fr"})),
        Filters(types=frozenset({BlockType.TABLE})),
        Filters(sources=frozenset({"git", "upload"})),
        Filters(path_prefix="src/"),
        Filters(path_prefix="src/lib/ä"),
        Filters(modified_from=NOON),
        Filters(modified_before=datetime(2024, 3, 1, tzinfo=UTC)),
        Filters(metadata={"tag": "b", "draft": True}),
    ],
)
def test_what_fits_passes_the_server_and_the_second_look(filters: Filters) -> None:
    assert passes(FULL, filters)
    assert is_wanted(back(FULL), filters)


@pytest.mark.parametrize(
    "filters",
    [
        Filters(languages=frozenset({"fr"})),
        Filters(types=frozenset({BlockType.LIST})),
        Filters(sources=frozenset({"upload"})),
        Filters(path_prefix="lib/"),
        Filters(modified_from=datetime(2024, 3, 1, tzinfo=UTC)),
        Filters(modified_before=NOON),
        Filters(metadata={"draft": 1}),
        Filters(metadata={"tag": float("nan")}),
    ],
)
def test_what_does_not_fit_passes_neither(filters: Filters) -> None:
    assert not passes(FULL, filters)
    assert not is_wanted(back(FULL), filters)


def test_only_the_second_look_sees_the_middle_of_a_name() -> None:
    filters = Filters(path_prefix="src/lib/b")

    assert passes(FULL, filters)
    assert not is_wanted(back(FULL), filters)


def test_a_value_that_nothing_equals_is_met_by_no_row() -> None:
    assert scope(READER, Filters(metadata={"k": float("nan")})).groups == [[NO_FACT]]


@pytest.mark.parametrize(
    ("granted", "asked", "looked_at"),
    [
        (None, set(), None),
        (None, {"a"}, {"a"}),
        ({"a", "b"}, set(), {"a", "b"}),
        ({"a", "b"}, {"b", "c"}, {"b"}),
        ({"a"}, {"c"}, set()),
        (set(), set(), set()),
    ],
)
def test_only_collections_that_are_granted_and_asked_for_are_looked_at(
    granted: set[str] | None, asked: set[str], looked_at: set[str] | None
) -> None:
    access = replace(READER, collections=None if granted is None else frozenset(granted))

    assert scope(access, Filters(collections=frozenset(asked))).collections == looked_at


@pytest.mark.parametrize(
    ("looked_at", "is_narrowed"),
    [
        (Scope("acme", None), False),
        (Scope("acme", frozenset({"notes"})), False),
        (Scope("acme", None, groups=[["a"]]), True),
        (Scope("acme", None, modified_from=0), True),
        (Scope("acme", None, modified_before=0), True),
    ],
)
def test_a_scope_knows_whether_more_than_tenant_and_collections_narrows_it(looked_at: Scope, is_narrowed: bool) -> None:
    assert looked_at.is_narrowed is is_narrowed


def test_a_row_of_another_tenant_or_collection_is_not_readable() -> None:
    it = Found("acme", "notes", uuid4(), "[]", score=1.0)
    granted: Access = replace(READER, collections=frozenset({"notes"}))

    assert is_readable(it, READER)
    assert is_readable(it, granted)
    assert not is_readable(replace(it, tenant="other"), READER)
    assert not is_readable(replace(it, collection="secret"), granted)

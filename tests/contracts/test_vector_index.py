"""What every adapter of `VectorIndex` must do."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from semantic_memory.core.access import Access
from semantic_memory.core.errors import EmbedderMismatchError
from semantic_memory.core.filters import Filters, matches
from semantic_memory.core.model import Attributes, BlockType, Change
from semantic_memory.core.ports import VectorIndex
from semantic_memory.core.settings import Settings
from semantic_memory.store.vectors import embedded, memory
from semantic_memory.store.vectors.embedded.search import Tuning
from tests.contracts.changes import (
    READER,
    any_attributes,
    any_filters,
    attributes,
    drop,
    odd_attributes,
    odd_filters,
    passage,
    put,
    random_units,
    unit,
)
from tests.contracts.stores import VECTOR_SERVERS, local, opener, servers

CODED = Tuning(exact_rows=16, tail_rows=4)
"""Sends even tiny collections through the product-quantiser codes."""

BUILDERS: dict[str, Callable[[Settings], VectorIndex]] = {
    "embedded": embedded.build,
    "embedded, coded": lambda settings: embedded.build(settings, CODED),
    "memory": memory.build,
}
PERSISTENT = ["embedded", "embedded, coded"]
SERVERS = servers(VECTOR_SERVERS)

History = list[list[tuple[int, bool, int, Attributes]]]
"""Batches of: passage, whether it is kept, its vector, its attributes."""
Open = Callable[[], VectorIndex]
slow = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def opened(request: pytest.FixtureRequest, folder: Path) -> Open:
    if request.param in BUILDERS:
        return lambda: BUILDERS[request.param](local(folder))
    return opener(request, "store.vectors", request.param)


@pytest.fixture(params=[*BUILDERS, *SERVERS])
async def index(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[VectorIndex]:
    index = opened(request, tmp_path)()
    yield index
    await index.close()


@pytest.fixture(params=BUILDERS)
async def local_index(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[VectorIndex]:
    """One that is quickly emptied: for properties that are tried many times."""
    index = opened(request, tmp_path)()
    yield index
    await index.close()


@pytest.fixture(params=[*PERSISTENT, *SERVERS])
def build(request: pytest.FixtureRequest, tmp_path: Path) -> Open:
    return opened(request, tmp_path)


@pytest.fixture(params=PERSISTENT)
def build_local(request: pytest.FixtureRequest, tmp_path: Path) -> Open:
    return opened(request, tmp_path)


async def found(index: VectorIndex, vector: np.ndarray | None = None, filters: Filters | None = None, access: Access = READER) -> list[int]:
    """Numbers of the passages, best first."""
    numbers = {passage(number): number for number in range(200)}
    matches = await index.search(unit(1) if vector is None else vector, access=access, filters=filters or Filters(), limit=100)
    return [numbers[match.passage_id] for match in matches]


def filler(start: int, *, sequence: int) -> list[Change]:
    """Thirty passages far from `unit(1)`, so that the coded tier has something to learn from."""
    vectors = random_units(30, seed=3)
    vectors[:, 0] = -1
    return [put(sequence + i, start + i, vector / np.linalg.norm(vector)) for i, vector in enumerate(vectors)]


async def test_an_empty_index_finds_nothing_and_stands_at_position_0(index: VectorIndex) -> None:
    assert await found(index) == []
    assert await index.position() == 0


async def test_hits_come_best_first_with_their_cosines(index: VectorIndex) -> None:
    await index.apply([put(1, 1, unit(1, 1)), put(2, 2, unit(1)), put(3, 3, unit(-1)), put(4, 4, unit(1, 0.1))])

    hits = await index.search(unit(1), access=READER, filters=Filters(), limit=3)

    assert [hit.passage_id for hit in hits] == [passage(2), passage(4), passage(1)]
    assert [hit.score for hit in hits] == pytest.approx([1, 0.99504, 0.70711], abs=1e-4)


@pytest.mark.parametrize("limit", [-1, 0, 1, 5])
async def test_no_more_than_limit_hits_are_given(index: VectorIndex, limit: int) -> None:
    await index.apply([put(i, i) for i in range(1, 4)])

    hits = await index.search(unit(1), access=READER, filters=Filters(), limit=limit)

    assert len(hits) == max(0, min(limit, 3))


async def test_the_position_is_the_last_applied_sequence_number(index: VectorIndex) -> None:
    await index.apply([put(3, 1), drop(7, 1)])
    await index.apply([])

    assert await index.position() == 7


async def test_the_newest_of_several_changes_to_a_passage_counts(index: VectorIndex) -> None:
    await index.apply([put(1, 1, unit(0, 1)), put(2, 1, unit(1)), put(3, 2), drop(4, 2), drop(5, 3), put(6, 3, unit(1, 1))])

    assert await found(index) == [1, 3]


async def test_an_update_leaves_nothing_of_the_old_passage(index: VectorIndex) -> None:
    await index.apply([*filler(100, sequence=1), put(40, 1, unit(1), like=attributes(language="de"))])
    await index.apply([put(41, 1, unit(0, 1), like=attributes(language="en"))])

    assert await found(index, unit(0, 1), Filters(languages=frozenset({"de"}))) == []
    assert (await index.scores(unit(1), [passage(1)], access=READER))[passage(1)] == pytest.approx(0, abs=1e-6)


async def test_a_removed_passage_is_gone_and_no_other(index: VectorIndex) -> None:
    await index.apply([*filler(100, sequence=1), put(40, 1), put(41, 2, unit(1, 0.1))])
    await index.apply([drop(42, 1)])

    assert (await found(index))[0] == 2
    assert await index.passage_ids(access=READER) == {passage(2), *(passage(100 + i) for i in range(30))}


async def test_applying_the_same_changes_twice_changes_nothing(index: VectorIndex) -> None:
    changes = [*filler(100, sequence=1), put(40, 1), put(41, 2, unit(0, 1)), drop(42, 2)]
    await index.apply(changes)
    before = await found(index)
    await index.apply(changes)

    assert await found(index) == before
    assert len(await index.passage_ids(access=READER)) == 31


async def test_another_tenant_sees_nothing(index: VectorIndex) -> None:
    await index.apply([put(1, 1), put(2, 2, tenant="Acme")])
    stranger = replace(READER, tenant="stranger")

    assert await found(index) == [1]
    assert await found(index, access=stranger) == []
    assert await index.scores(unit(1), [passage(1)], access=stranger) == {}
    assert await index.passage_ids(access=stranger) == frozenset()


async def test_only_granted_collections_are_searched(index: VectorIndex) -> None:
    await index.apply([put(i, i, like=attributes(collection=name)) for i, name in enumerate(["a", "b", "c"], 1)])
    granted = replace(READER, collections=frozenset({"a", "b", "../c"}))

    assert sorted(await found(index, access=granted)) == [1, 2]
    assert await found(index, access=granted, filters=Filters(collections=frozenset({"b", "c"}))) == [2]
    assert set(await index.scores(unit(1), [passage(1), passage(3)], access=granted)) == {passage(1)}
    assert await index.passage_ids(access=granted) == {passage(1), passage(2)}
    assert await found(index, access=replace(READER, collections=frozenset())) == []


async def test_the_best_of_several_collections_are_merged(index: VectorIndex) -> None:
    await index.apply([put(i, i, unit(1, i / 10), like=attributes(collection=f"c{i % 3}")) for i in range(1, 9)])

    assert await found(index) == [1, 2, 3, 4, 5, 6, 7, 8]


async def test_names_of_any_script_and_shape_are_kept_apart(index: VectorIndex) -> None:
    names = ["notes", "Notes", "no/tes", "..", ".", "%2e", "~n", "日本", "n" * 300, "n" * 301, " "]
    await index.apply([put(i, i, like=attributes(collection=name)) for i, name in enumerate(names, 1)])

    assert [await found(index, filters=Filters(collections=frozenset({name}))) for name in names] == [[i] for i in range(1, len(names) + 1)]


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        (Filters(languages=frozenset({"de", "fr"})), {2}),
        (Filters(types=frozenset({BlockType.CODE})), {2, 3}),
        (Filters(sources=frozenset({"git"})), {3}),
        (Filters(path_prefix="src/"), {2, 3}),
        (Filters(path_prefix="src/li"), {3}),
        (Filters(modified_from=datetime(2024, 1, 2, tzinfo=UTC)), {2, 3}),
        (Filters(modified_before=datetime(2024, 1, 2, tzinfo=UTC)), {1}),
        (Filters(metadata={"tag": "b"}), {2, 3}),
        (Filters(metadata={"tag": "b", "draft": True}), {3}),
        (Filters(metadata={"draft": 1}), set()),
    ],
)
async def test_each_kind_of_filter_narrows_the_search(index: VectorIndex, filters: Filters, expected: set[int]) -> None:
    text, code = frozenset({BlockType.PARAGRAPH}), frozenset({BlockType.CODE, BlockType.TABLE})
    first = attributes(modified_at=datetime(2024, 1, 1, tzinfo=UTC), types=text, metadata={"tag": "a"})
    second = attributes(
        modified_at=datetime(2024, 1, 2, tzinfo=UTC), types=code, path="src/a.py", language="de", metadata={"tag": ["a", "b"]}
    )
    third = replace(second, source="git", path="src/lib/b.py", language=None, metadata={"tag": "b", "draft": True})
    await index.apply([*filler(100, sequence=1), put(40, 1, like=first), put(41, 2, like=second), put(42, 3, like=third)])

    assert set(await found(index, filters=filters)) - set(range(100, 130)) == expected


@slow
@given(st.lists(any_attributes, min_size=1, max_size=30), st.lists(any_filters, min_size=1, max_size=8))
async def test_filters_mean_what_the_reference_says(local_index: VectorIndex, held: list[Attributes], asked: list[Filters]) -> None:
    await local_index.reset()
    await local_index.apply([put(i + 1, i, like=like) for i, like in enumerate(held)])

    for filters in asked:
        assert set(await found(local_index, filters=filters)) == {i for i, like in enumerate(held) if matches(filters, like)}


async def test_filters_over_values_of_every_kind_mean_what_the_reference_says(index: VectorIndex) -> None:
    held = odd_attributes()
    await index.apply([put(i + 1, i, like=like) for i, like in enumerate(held)])

    for filters in odd_filters():
        assert set(await found(index, filters=filters)) == {i for i, like in enumerate(held) if matches(filters, like)}, filters


async def test_scores_are_given_for_known_passages_only(index: VectorIndex) -> None:
    await index.apply([put(1, 1), put(2, 2, unit(0, 1)), put(3, 3), drop(4, 3)])

    scores = await index.scores(unit(1), [passage(2), passage(1), passage(3), passage(9)], access=READER)

    assert scores == pytest.approx({passage(1): 1, passage(2): 0})
    assert await index.scores(unit(1), [], access=READER) == {}


async def test_reset_forgets_everything(index: VectorIndex) -> None:
    await index.apply([put(1, 1)])
    await index.reset()

    assert await index.position() == 0
    assert await found(index) == []
    await index.apply([put(1, 1)])
    assert await found(index) == [1]


async def test_searches_beside_writes_see_whole_batches(index: VectorIndex) -> None:
    async def write() -> None:
        for batch in range(20):
            await index.apply([put(batch * 10 + i, i, unit(1, batch / 10)) for i in range(1, 9)])

    writing = asyncio.create_task(write())
    sizes = {len(await found(index)) for _ in range(60)}
    await writing

    assert sizes <= {0, 8}
    assert sorted(await found(index)) == list(range(1, 9))


async def test_many_searches_at_once_agree(index: VectorIndex) -> None:
    await index.apply([put(i, i, unit(1, i / 10)) for i in range(1, 60)])

    results = await asyncio.gather(*(found(index) for _ in range(30)))

    assert all(result == results[0] for result in results)


async def test_a_restart_keeps_position_and_passages(build: Open) -> None:
    first = build()
    await first.apply([*filler(100, sequence=1), put(40, 1), put(41, 2), drop(42, 2)])
    before = await found(first)
    await first.close()

    second = build()
    assert await second.position() == 42
    assert await found(second) == before
    await second.apply([put(43, 1, unit(0, 1), like=attributes(path="b.md"))])
    assert (await found(second, unit(0, 1), Filters(path_prefix="b"))) == [1]
    await second.close()


async def test_a_collection_refuses_queries_of_another_length(build: Open) -> None:
    index = build()
    await index.apply([put(1, 1)])

    with pytest.raises(EmbedderMismatchError, match="12 dimensions, the query has 3"):
        await index.search(np.ones(3, dtype=np.float32), access=READER, filters=Filters(), limit=1)
    await index.close()


@slow
@given(
    st.lists(st.lists(st.tuples(st.integers(0, 40), st.booleans(), st.integers(0, 99), any_attributes), max_size=30), max_size=4),
    any_filters,
)
async def test_random_histories_agree_with_the_memory_adapter(build_local: Open, history: History, filters: Filters) -> None:
    index = build_local()
    await index.reset()

    await agrees_with_memory(index, history, [filters], within=1e-5)
    await index.close()


async def test_a_random_history_agrees_with_the_memory_adapter(index: VectorIndex) -> None:
    some, held = random.Random(7), odd_attributes()
    history = [[(some.randrange(40), some.random() < 0.7, some.randrange(100), some.choice(held)) for _ in range(30)] for _ in range(4)]

    await agrees_with_memory(index, history, [Filters(), *odd_filters()[:10]], within=2e-3)


async def agrees_with_memory(index: VectorIndex, history: History, asked: list[Filters], *, within: float) -> None:
    """Also the congruence test of a server: the same passages with the same cosines, whatever came before."""
    sequence, vectors, reference = count(1), random_units(100, seed=1), memory.build(Settings())
    for batch in history:
        changes = [put(next(sequence), n, vectors[v], like=like) if keep else drop(next(sequence), n) for n, keep, v, like in batch]
        await asyncio.gather(index.apply(changes), reference.apply(changes))
    for filters in asked:
        expected = await reference.search(vectors[0], access=READER, filters=filters, limit=100)
        hits = await index.search(vectors[0], access=READER, filters=filters, limit=100)

        assert [hit.score for hit in hits] == pytest.approx([hit.score for hit in expected], abs=within)
        assert {hit.passage_id for hit in hits} == {hit.passage_id for hit in expected}
    assert await index.passage_ids(access=READER) == await reference.passage_ids(access=READER)


@pytest.mark.slow
async def test_of_ten_thousand_passages_the_nearest_are_found(index: VectorIndex) -> None:
    vectors = random_units(10_000, seed=5, dimension=64)
    kinds = [attributes(language=code) for code in ("en", "de", "fr", "es")]
    await index.apply([put(i + 1, i, vector, like=kinds[i % 4]) for i, vector in enumerate(vectors)])
    asked = random_units(20, seed=6, dimension=64)

    recall = [await shared(index, vectors, query, Filters()) for query in asked]
    filtered = [await shared(index, vectors, query, Filters(languages=frozenset({"de"})), every=4, start=1) for query in asked]

    assert np.mean(recall) >= 0.9
    assert np.mean(filtered) >= 0.9
    assert len(await index.passage_ids(access=READER)) == 10_000


async def shared(index: VectorIndex, vectors: np.ndarray, query: np.ndarray, filters: Filters, *, every: int = 1, start: int = 0) -> float:
    """Recall at 10 against comparing all."""
    exact = start + every * np.argsort(-(vectors[start::every] @ query))[:10]
    hits = await index.search(query, access=READER, filters=filters, limit=10)
    return len({passage(int(i)) for i in exact} & {hit.passage_id for hit in hits}) / 10

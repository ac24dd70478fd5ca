"""The ports over an engine: batches, position, retries, and the second look at every row that comes back."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from uuid import UUID

import pytest

from semantic_memory.core.errors import BackendResponseError, BackendUnavailableError
from semantic_memory.core.filters import Filters
from semantic_memory.core.model import Vector
from semantic_memory.core.words import analyse
from semantic_memory.store.remote.index import GROWTH, MOST_ASKED, STATE_LIFE_S, RemoteKeywords, RemoteVectors
from semantic_memory.store.remote.rows import Found, Gone, Row, Scope
from tests.contracts.changes import READER, attributes, drop, passage, put, unit

BATCH = 3


class MemoryEngine:
    """Rows in a dictionary. `calls` names what was asked; `failures` are raised by the next calls, first one first."""

    name = "Memory"
    batch = BATCH

    def __init__(self) -> None:
        self.rows: dict[tuple[str, str, UUID], Row] = {}
        self.kept: str | None = None
        self.calls: list[str] = []
        self.sizes: list[int] = []
        self.asked: list[int] = []
        self.failures: list[Exception] = []
        self.is_open = True

    @contextmanager
    def errors(self) -> Iterator[None]:
        yield

    async def state(self) -> str | None:
        self._called("state")
        return self.kept

    async def keep_state(self, state: str) -> None:
        self._called("keep_state")
        self.kept = state

    async def put(self, rows: Sequence[Row]) -> None:
        self._called("put")
        self.sizes.append(len(rows))
        self.rows.update({(row.tenant, row.collection, row.passage_id): row for row in rows})

    async def remove(self, rows: Sequence[Gone]) -> None:
        self._called("remove")
        self.sizes.append(len(rows))
        for row in rows:
            self.rows.pop((row.tenant, row.collection, row.passage_id), None)

    async def ids(self, scope: Scope) -> set[UUID]:
        self._called("ids")
        return {row.passage_id for row in self._within(scope)}

    async def clear(self) -> None:
        self._called("clear")
        self.rows, self.kept = {}, None

    async def close(self) -> None:
        self.is_open = False

    async def nearest(self, vector: Vector, scope: Scope, limit: int) -> Sequence[Found]:
        self._called("nearest")
        self.asked.append(limit)
        scored = [found(row, float(row.vector @ vector)) for row in self._within(scope)]
        return sorted(scored, key=lambda one: -one.score)[:limit]

    async def vectors(self, ids: Sequence[UUID], scope: Scope) -> Mapping[UUID, tuple[Found, Vector]]:
        self._called("vectors")
        return {row.passage_id: (found(row, 0), row.vector) for row in self._within(scope) if row.passage_id in ids}

    async def matching(self, terms: Sequence[str], scope: Scope, limit: int) -> Sequence[Found]:
        self._called("matching")
        self.asked.append(limit)
        scored = [found(row, float(sum(row.terms.count(term) for term in terms))) for row in self._within(scope)]
        return sorted((one for one in scored if one.score), key=lambda one: -one.score)[:limit]

    def _within(self, scope: Scope) -> list[Row]:
        """Dates are left to the second look."""
        return [
            row
            for (tenant, collection, _), row in self.rows.items()
            if tenant == scope.tenant
            and (scope.collections is None or collection in scope.collections)
            and all(set(group) & set(row.facts) for group in scope.groups)
        ]

    def _called(self, name: str) -> None:
        self.calls.append(name)
        if self.failures:
            raise self.failures.pop(0)


def found(row: Row, score: float) -> Found:
    return Found(row.tenant, row.collection, row.passage_id, row.attributes, score, row.words)


@pytest.fixture
def engine() -> MemoryEngine:
    return MemoryEngine()


@pytest.fixture
def vectors(engine: MemoryEngine) -> RemoteVectors:
    return RemoteVectors(engine, timeout_s=1)


@pytest.fixture
def keywords(engine: MemoryEngine) -> RemoteKeywords:
    return RemoteKeywords(engine, timeout_s=1)


def forge(engine: MemoryEngine, number: int, **changes: str) -> None:
    """Alters what a row says of itself, and leaves where it lies."""
    key = ("acme", "notes", passage(number))
    engine.rows[key] = replace(engine.rows[key], **changes)


async def hits(index: RemoteVectors, *, limit: int = 10, filters: Filters | None = None) -> list[UUID]:
    return [match.passage_id for match in await index.search(unit(1), access=READER, filters=filters or Filters(), limit=limit)]


async def test_changes_go_in_batches_that_the_engine_takes_well(engine: MemoryEngine, vectors: RemoteVectors) -> None:
    await vectors.apply([put(i + 1, i) for i in range(2 * BATCH + 1)])
    await vectors.apply([drop(i + 10, i) for i in range(BATCH + 1)])

    assert engine.sizes == [BATCH, BATCH, 1, BATCH, 1]
    assert len(engine.rows) == BATCH


async def test_a_passage_is_sent_once_however_often_it_changed(engine: MemoryEngine, vectors: RemoteVectors) -> None:
    await vectors.apply([put(1, 1, unit(0, 1)), put(2, 1), drop(3, 2), put(4, 2), put(5, 3), drop(6, 3)])

    assert await hits(vectors) == [passage(1), passage(2)]
    assert engine.sizes == [1, 2]


async def test_the_position_is_kept_after_the_last_row(engine: MemoryEngine, vectors: RemoteVectors) -> None:
    await vectors.apply([drop(1, 9), *(put(i + 2, i) for i in range(BATCH + 1))])

    assert [call for call in engine.calls if call != "state"] == ["remove", "put", "put", "keep_state"]
    assert await vectors.position() == BATCH + 2


async def test_the_position_stays_when_a_batch_fails(engine: MemoryEngine, vectors: RemoteVectors) -> None:
    await vectors.apply([put(1, 1)])
    engine.failures = [BackendResponseError()]
    with pytest.raises(BackendResponseError):
        await vectors.apply([put(2, 2)])

    assert await RemoteVectors(engine, timeout_s=1).position() == 1


async def test_a_batch_is_sent_again_after_a_hiccup(engine: MemoryEngine, vectors: RemoteVectors) -> None:
    engine.failures = [BackendUnavailableError()]
    await vectors.apply([put(1, 1)])

    assert await hits(vectors) == [passage(1)]
    assert engine.calls.count("put") == 2


async def test_no_changes_ask_nothing(engine: MemoryEngine, vectors: RemoteVectors) -> None:
    await vectors.apply([])

    assert engine.calls == []


async def test_a_position_is_believed_for_half_a_second(engine: MemoryEngine, vectors: RemoteVectors) -> None:
    other = RemoteVectors(engine, timeout_s=1)
    assert [await vectors.position() for _ in range(3)] == [0, 0, 0]
    assert engine.calls == ["state"]
    await other.apply([put(7, 1)])
    await asyncio.sleep(STATE_LIFE_S)

    assert await vectors.position() == 7


async def test_one_process_sees_its_own_position_at_once(vectors: RemoteVectors) -> None:
    await vectors.position()
    await vectors.apply([put(3, 1)])

    assert await vectors.position() == 3


@pytest.mark.parametrize("kept", ["", "[]", "{}", '{"position": null, "languages": []}', '{"position": 1}'])
async def test_a_state_that_is_not_ours_is_an_error(engine: MemoryEngine, vectors: RemoteVectors, kept: str) -> None:
    engine.kept = kept

    with pytest.raises(BackendResponseError, match="not ours"):
        await vectors.position()


async def test_reset_forgets_rows_and_position(engine: MemoryEngine, vectors: RemoteVectors) -> None:
    await vectors.apply([put(3, 1)])
    await vectors.reset()

    assert await vectors.position() == 0
    assert await hits(vectors) == []


async def test_closing_closes_the_engine(engine: MemoryEngine, vectors: RemoteVectors) -> None:
    await vectors.close()

    assert not engine.is_open


async def test_every_process_may_write(vectors: RemoteVectors) -> None:
    assert await vectors.writable()
    assert vectors.is_shared


@pytest.mark.parametrize("changes", [{"tenant": "other"}, {"collection": "secret"}])
async def test_a_row_that_the_caller_may_not_read_is_dropped_and_counted(
    engine: MemoryEngine, vectors: RemoteVectors, changes: dict[str, str]
) -> None:
    access = replace(READER, collections=frozenset({"notes"}))
    await vectors.apply([put(1, 1), put(2, 2, unit(1, 0.1))])
    forge(engine, 1, **changes)
    matches = await vectors.search(unit(1), access=access, filters=Filters(), limit=10)
    scores = await vectors.scores(unit(1), [passage(1), passage(2)], access=access)

    assert [match.passage_id for match in matches] == [passage(2)] == list(scores)
    assert vectors.dropped == 2


async def test_more_is_asked_for_when_the_second_look_drops_rows(engine: MemoryEngine, vectors: RemoteVectors) -> None:
    near = [put(i + 1, i, unit(1, i / 100), like=attributes(path="src/b.md")) for i in range(10)]
    await vectors.apply([*near, *(put(i + 20, i + 50, unit(0.5, i + 1), like=attributes(path="src/a.md")) for i in range(2))])

    assert await hits(vectors, limit=2, filters=Filters(path_prefix="src/a")) == [passage(50), passage(51)]
    assert engine.asked == [2, 2 * GROWTH, 2 * GROWTH**2]


async def test_no_more_is_asked_for_when_the_engine_has_no_more(engine: MemoryEngine, vectors: RemoteVectors) -> None:
    await vectors.apply([put(1, 1, like=attributes(path="src/b.md"))])

    assert await hits(vectors, limit=2, filters=Filters(path_prefix="src/a")) == []
    assert engine.asked == [2]


async def test_what_is_asked_for_stays_bounded(engine: MemoryEngine, vectors: RemoteVectors) -> None:
    await vectors.apply([put(1, 1, like=attributes(path="src/b.md"))])
    row = next(iter(engine.rows.values()))
    engine.rows = {("acme", "notes", passage(i)): replace(row, passage_id=passage(i)) for i in range(MOST_ASKED + 1)}

    assert await hits(vectors, limit=5000, filters=Filters(path_prefix="src/a")) == []
    assert engine.asked == [5000, MOST_ASKED]


async def test_a_caller_without_collections_asks_nothing(engine: MemoryEngine, vectors: RemoteVectors) -> None:
    nobody = replace(READER, collections=frozenset())

    assert await vectors.search(unit(1), access=nobody, filters=Filters(), limit=10) == []
    assert await vectors.scores(unit(1), [passage(1)], access=nobody) == {}
    assert await vectors.passage_ids(access=nobody) == frozenset()
    assert engine.calls == []


async def test_words_are_found_in_the_languages_that_were_put(engine: MemoryEngine, keywords: RemoteKeywords) -> None:
    await keywords.apply([put(1, 1, words="zwei Häuser", like=attributes(language="de")), put(2, 2, words="a house")])
    other = RemoteKeywords(engine, timeout_s=1)

    matches = await other.search("Haus", access=READER, filters=Filters(), limit=10)

    assert [match.passage_id for match in matches] == [passage(1)]


async def test_languages_are_kept_from_batch_to_batch(engine: MemoryEngine, keywords: RemoteKeywords) -> None:
    await keywords.apply([put(1, 1, words="zwei Häuser", like=attributes(language="de"))])
    await keywords.apply([put(2, 2, words="two houses"), put(3, 3, words="?", like=attributes(language=None))])

    assert (await RemoteKeywords(engine, timeout_s=1).state()).languages == {"de", "en"}


async def test_a_quoted_phrase_is_checked_on_the_words_that_come_back(engine: MemoryEngine, keywords: RemoteKeywords) -> None:
    together, apart = "the quick fox", "a fox is quick, quick, quick"
    await keywords.apply([put(1, 1, words=apart), put(2, 2, words=together)])

    matches = await keywords.search('"quick fox"', access=READER, filters=Filters(), limit=1)

    assert [match.passage_id for match in matches] == [passage(2)]
    assert analyse(apart, "en").terms.count("quick") > 1
    assert len(engine.asked) > 1


@pytest.mark.parametrize(("query", "limit"), [("", 10), ("?!", 10), ("fox", 0), ("fox", -1)])
async def test_a_query_for_nothing_does_not_reach_the_engine(
    engine: MemoryEngine, keywords: RemoteKeywords, query: str, limit: int
) -> None:
    assert await keywords.search(query, access=READER, filters=Filters(languages=frozenset({"en"})), limit=limit) == []
    assert engine.calls == []

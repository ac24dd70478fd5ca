"""What every adapter of `KeywordIndex` must do."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from semantic_memory.core.access import Access
from semantic_memory.core.filters import Filters, matches
from semantic_memory.core.model import Attributes, BlockType
from semantic_memory.core.ports import KeywordIndex
from semantic_memory.core.settings import Settings
from semantic_memory.store.keywords import embedded, memory
from tests.contracts.changes import READER, any_attributes, any_filters, attributes, drop, odd_attributes, odd_filters, passage, put
from tests.contracts.stores import KEYWORD_SERVERS, local, opener, servers

BUILDERS: dict[str, Callable[[Settings], KeywordIndex]] = {"embedded": embedded.build, "memory": memory.build}
slow = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def opened(request: pytest.FixtureRequest, folder: Path) -> Callable[[], KeywordIndex]:
    if request.param in BUILDERS:
        return lambda: BUILDERS[request.param](local(folder))
    return opener(request, "store.keywords", request.param)


@pytest.fixture(params=[*BUILDERS, *servers(KEYWORD_SERVERS)])
async def index(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[KeywordIndex]:
    index = opened(request, tmp_path)()
    yield index
    await index.close()


@pytest.fixture(params=BUILDERS)
async def local_index(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[KeywordIndex]:
    """One that is quickly emptied: for properties that are tried many times."""
    index = opened(request, tmp_path)()
    yield index
    await index.close()


async def found(index: KeywordIndex, query: str, filters: Filters | None = None, access: Access = READER) -> list[int]:
    """Numbers of the passages, best first."""
    numbers = {passage(number): number for number in range(200)}
    return [numbers[hit.passage_id] for hit in await index.search(query, access=access, filters=filters or Filters(), limit=100)]


async def test_an_empty_index_finds_nothing_and_stands_at_position_0(index: KeywordIndex) -> None:
    assert await found(index, "anything") == []
    assert await index.position() == 0


async def test_passages_that_share_words_are_found_best_first(index: KeywordIndex) -> None:
    texts = ["reset your password", "password password reset page", "the weather is fine today", "a word about passwords, once"]
    await index.apply([put(i, i, words=words) for i, words in enumerate(texts, 1)])

    hits = await index.search("reset password", access=READER, filters=Filters(), limit=10)

    assert {hit.passage_id for hit in hits} == {passage(1), passage(2), passage(4)}
    assert hits[-1].passage_id == passage(4)
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)


async def test_rare_words_weigh_more_than_common_ones(index: KeywordIndex) -> None:
    await index.apply([*(put(i, i, words=f"common filler{i}") for i in range(1, 20)), put(20, 20, words="rare filler")])

    assert (await found(index, "common rare"))[0] == 20


@pytest.mark.parametrize("query", ["", " ", "?!", '""', "🙂", "zzz"])
async def test_a_query_without_known_words_finds_nothing(index: KeywordIndex, query: str) -> None:
    await index.apply([put(1, 1, words="hello world")])

    assert await found(index, query) == []


@pytest.mark.parametrize("limit", [-1, 0, 1, 5])
async def test_no_more_than_limit_hits_are_given(index: KeywordIndex, limit: int) -> None:
    await index.apply([put(i, i, words="same") for i in range(1, 4)])

    assert len(await index.search("same", access=READER, filters=Filters(), limit=limit)) == max(0, min(limit, 3))


async def test_quoted_phrases_must_occur(index: KeywordIndex) -> None:
    texts = ["the quick brown fox", "the brown quick fox", "quick", "Quick-Brown"]
    await index.apply([put(i, i, words=words) for i, words in enumerate(texts, 1)])

    assert set(await found(index, '"quick brown"')) == {1, 4}
    assert set(await found(index, 'fox "quick"')) == {1, 2, 3, 4}
    assert await found(index, 'brown "quick fox" "the brown"') == [2]
    assert await found(index, '"fox quick"') == []


async def test_exact_identifiers_come_before_their_parts(index: KeywordIndex) -> None:
    texts = ["read the file name and the path name", "def read_file_path(name): ...", "file path read", "read_path_file"]
    await index.apply([put(i, i, words=words, like=attributes(language="python")) for i, words in enumerate(texts, 1)])

    assert (await found(index, "read_file_path"))[0] == 2


@pytest.mark.parametrize(
    ("language", "text", "query"),
    [
        ("en", "she was running home", "run"),
        ("de", "die Häuser am Fluss", "Haus"),
        ("hi", "हिन्दी में लिखा गया", "हिन्दी"),
        ("zh", "数据库的密码重置", "密码"),
        ("th", "รหัสผ่านใหม่", "รหัส"),
        (None, "ÉCOLE straße", "école"),
        ("tlh", "a\x00b tlhIngan", "tlhingan"),
    ],
)
async def test_words_of_many_languages_are_found(index: KeywordIndex, language: str | None, text: str, query: str) -> None:
    await index.apply([put(1, 1, words=text, like=attributes(language=language)), put(2, 2, words="unrelated")])

    assert await found(index, query) == [1]


async def test_passages_of_several_languages_are_found_by_one_query(index: KeywordIndex) -> None:
    await index.apply([put(i, i, words="running houses", like=attributes(language=code)) for i, code in enumerate(["de", "en", None], 1)])

    assert set(await found(index, "running")) == {1, 2, 3}


async def test_the_position_is_the_last_applied_sequence_number(index: KeywordIndex) -> None:
    await index.apply([put(3, 1, words="a"), drop(7, 1)])
    await index.apply([])

    assert await index.position() == 7


async def test_the_newest_of_several_changes_to_a_passage_counts(index: KeywordIndex) -> None:
    await index.apply(
        [put(1, 1, words="old"), put(2, 1, words="new"), put(3, 2, words="new"), drop(4, 2), drop(5, 3), put(6, 3, words="new")]
    )

    assert set(await found(index, "old new")) == {1, 3}


async def test_an_update_leaves_nothing_of_the_old_words(index: KeywordIndex) -> None:
    await index.apply([put(1, 1, words="ancient secret", like=attributes(path="old"))])
    await index.apply([put(2, 1, words="fresh words", like=attributes(path="new"))])

    assert await found(index, "ancient secret") == []
    assert await found(index, "fresh", Filters(path_prefix="old")) == []
    assert await found(index, "fresh", Filters(path_prefix="n")) == [1]


async def test_a_removed_passage_is_gone_and_no_other(index: KeywordIndex) -> None:
    await index.apply([put(1, 1, words="same"), put(2, 2, words="same")])
    await index.apply([drop(3, 1)])

    assert await found(index, "same") == [2]
    assert await index.passage_ids(access=READER) == {passage(2)}


async def test_applying_the_same_changes_twice_changes_nothing(index: KeywordIndex) -> None:
    changes = [put(1, 1, words="same"), put(2, 2, words="same"), drop(3, 2)]
    await index.apply(changes)
    await index.apply(changes)

    assert await found(index, "same") == [1]


async def test_another_tenant_sees_nothing_and_weighs_nothing(index: KeywordIndex) -> None:
    await index.apply([put(1, 1, words="shared word"), put(2, 2, words="other")])
    alone = await index.search("shared", access=READER, filters=Filters(), limit=9)
    await index.apply([put(10 + i, i, words="shared", tenant="Acme") for i in range(50)])
    stranger = replace(READER, tenant="stranger")

    assert await index.search("shared", access=READER, filters=Filters(), limit=9) == alone
    assert await found(index, "shared", access=stranger) == []
    assert await index.passage_ids(access=stranger) == frozenset()


async def test_only_granted_collections_are_searched(index: KeywordIndex) -> None:
    await index.apply([put(i, i, words="word", like=attributes(collection=name)) for i, name in enumerate(["a", "b", "c"], 1)])
    granted = replace(READER, collections=frozenset({"a", "b", "../c"}))

    assert sorted(await found(index, "word", access=granted)) == [1, 2]
    assert await found(index, "word", Filters(collections=frozenset({"b", "c"})), granted) == [2]
    assert await index.passage_ids(access=granted) == {passage(1), passage(2)}
    assert await found(index, "word", access=replace(READER, collections=frozenset())) == []


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
async def test_each_kind_of_filter_narrows_the_search(index: KeywordIndex, filters: Filters, expected: set[int]) -> None:
    text, code = frozenset({BlockType.PARAGRAPH}), frozenset({BlockType.CODE, BlockType.TABLE})
    first = attributes(modified_at=datetime(2024, 1, 1, tzinfo=UTC), types=text, metadata={"tag": "a"})
    second = attributes(
        modified_at=datetime(2024, 1, 2, tzinfo=UTC), types=code, path="src/a.py", language="de", metadata={"tag": ["a", "b"]}
    )
    third = replace(second, source="git", path="src/lib/b.py", language=None, metadata={"tag": "b", "draft": True})
    await index.apply([put(i, i, words="word", like=like) for i, like in enumerate([first, second, third], 1)])

    assert set(await found(index, "word", filters)) == expected


async def test_filters_do_not_change_scores(index: KeywordIndex) -> None:
    await index.apply([put(i, i, words="word " * i, like=attributes(path=f"{i % 2}/x")) for i in range(1, 5)])
    every = {hit.passage_id: hit.score for hit in await index.search("word", access=READER, filters=Filters(), limit=9)}

    hits = await index.search("word", access=READER, filters=Filters(path_prefix="0"), limit=9)

    assert {hit.passage_id: hit.score for hit in hits} == {passage(i): every[passage(i)] for i in (2, 4)}


@slow
@given(st.lists(any_attributes, min_size=1, max_size=25), st.lists(any_filters, min_size=1, max_size=12))
async def test_filters_mean_what_the_reference_says(local_index: KeywordIndex, held: list[Attributes], asked: list[Filters]) -> None:
    await local_index.reset()
    await local_index.apply([put(i + 1, i, words="42", like=like) for i, like in enumerate(held)])

    for filters in asked:
        assert set(await found(local_index, "42", filters)) == {i for i, like in enumerate(held) if matches(filters, like)}


async def test_filters_over_values_of_every_kind_mean_what_the_reference_says(index: KeywordIndex) -> None:
    held = odd_attributes()
    await index.apply([put(i + 1, i, words="42", like=like) for i, like in enumerate(held)])

    for filters in odd_filters():
        assert set(await found(index, "42", filters)) == {i for i, like in enumerate(held) if matches(filters, like)}, filters


async def test_reset_forgets_everything(index: KeywordIndex) -> None:
    await index.apply([put(1, 1, words="word")])
    await index.reset()

    assert await index.position() == 0
    assert await found(index, "word") == []
    await index.apply([put(1, 1, words="word")])
    assert await found(index, "word") == [1]


async def test_searches_beside_writes_see_whole_batches(index: KeywordIndex) -> None:
    async def write() -> None:
        for batch in range(8):
            await index.apply([put(batch * 10 + i, i, words=f"word {batch}") for i in range(1, 9)])

    writing = asyncio.create_task(write())
    sizes = {len(await found(index, "word")) for _ in range(60)}
    await writing

    assert sizes <= {0, 8}
    assert sorted(await found(index, "word")) == list(range(1, 9))


async def test_many_searches_at_once_agree(index: KeywordIndex) -> None:
    await index.apply([put(i, i, words="word " * i) for i in range(1, 60)])

    results = await asyncio.gather(*(found(index, "word") for _ in range(30)))

    assert all(result == results[0] for result in results)


async def test_a_restart_keeps_position_and_passages(tmp_path: Path) -> None:
    first = embedded.build(Settings(data_dir=tmp_path))
    await first.apply([put(1, 1, words="kept"), put(2, 2, words="gone"), drop(3, 2)])
    await first.close()

    second = embedded.build(Settings(data_dir=tmp_path))
    assert (await second.position(), await found(second, "kept gone")) == (3, [1])
    await second.apply([put(4, 1, words="changed")])
    assert await found(second, "kept changed") == [1]
    await second.close()


_TEXTS = st.text(alphabet=st.sampled_from('ab cdé_."日本Z9-'), max_size=12)


@slow
@given(st.lists(st.lists(st.tuples(st.integers(0, 9), st.booleans(), _TEXTS), max_size=10), max_size=3), st.lists(_TEXTS, max_size=6))
async def test_random_histories_find_what_the_memory_adapter_finds(
    tmp_path: Path, history: list[list[tuple[int, bool, str]]], queries: list[str]
) -> None:
    index, reference = embedded.build(Settings(data_dir=tmp_path)), memory.build(Settings())
    await index.reset()
    sequence = count(1)
    for batch in history:
        changes = [put(next(sequence), number, words=text) if keep else drop(next(sequence), number) for number, keep, text in batch]
        await asyncio.gather(index.apply(changes), reference.apply(changes))
    outcomes = [(set(await found(index, query)), set(await found(reference, query))) for query in queries]
    await index.close()

    assert [ours for ours, _ in outcomes] == [theirs for _, theirs in outcomes]

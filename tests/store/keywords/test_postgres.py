"""What PostgreSQL adds to the contract: the very scores of BM25, however many passages hold a word, and counts that stay true."""

import asyncio
import random
from collections.abc import AsyncIterator

import pytest

from semantic_memory.core.access import Access
from semantic_memory.core.filters import Filters
from semantic_memory.core.model import Change
from semantic_memory.core.ports import KeywordIndex
from semantic_memory.core.settings import Settings
from semantic_memory.store.keywords import memory
from tests.contracts.changes import READER, attributes, drop, passage, put

psycopg = pytest.importorskip("psycopg", reason="needs the extra `postgres`")

from semantic_memory.store.keywords.postgres import build  # noqa: E402 - behind the check for psycopg
from semantic_memory.store.vectors import pgvector  # noqa: E402

pytestmark = pytest.mark.stores

WORDS = [f"word{chr(97 + i)}" for i in range(26)]


@pytest.fixture
async def index(postgres_settings: Settings) -> AsyncIterator[KeywordIndex]:
    index = build(postgres_settings)
    yield index
    await index.close()


async def scores(index: KeywordIndex, query: str, access: Access = READER, filters: Filters | None = None) -> dict[object, float]:
    hits = await index.search(query, access=access, filters=filters or Filters(), limit=100)
    return {hit.passage_id: hit.score for hit in hits}


def run(settings: Settings, statement: str) -> list[tuple[object, ...]]:
    with psycopg.connect(settings.pgvector_url.get_secret_value().replace("+psycopg", ""), autocommit=True) as connection:
        cursor = connection.execute(statement.format(ns=settings.store_namespace))
        return cursor.fetchall() if cursor.description else []


def random_changes(count: int, passages: int = 60) -> list[Change]:
    """Puts, updates and removals of texts in which the first words of the alphabet are the most common."""
    some = random.Random(11)
    changes = []
    for sequence in range(1, count + 1):
        number, collection = some.randrange(passages), some.choice(["notes", "mail"])
        words = " ".join(WORDS[min(int(some.expovariate(0.3)), 25)] for _ in range(some.randrange(30)))
        removed = some.random() < 0.2
        changes.append(drop(sequence, number) if removed else put(sequence, number, words=words, like=attributes(collection=collection)))
    return changes


@pytest.mark.parametrize("collections", [None, frozenset({"mail"})])
async def test_scores_are_those_of_the_formula_after_any_history(index: KeywordIndex, collections: frozenset[str] | None) -> None:
    reference, reader = memory.build(Settings()), Access("acme", "reader", READER.role, collections)
    changes = random_changes(300)
    for start in range(0, 300, 50):
        await asyncio.gather(index.apply(changes[start : start + 50]), reference.apply(changes[start : start + 50]))

    for query in ("worda", "worda wordb wordz", "wordk wordx absent", " ".join(WORDS)):
        assert await scores(index, query, reader) == pytest.approx(await scores(reference, query, reader))


async def test_counts_are_those_of_the_passages_that_are_there(index: KeywordIndex, postgres_settings: Settings) -> None:
    for start in range(0, 300, 50):
        await index.apply(random_changes(300)[start : start + 50])

    kept = "SELECT tenant, collection, term, rows FROM {ns}_keywords_terms"
    there = "SELECT tenant, collection, term, count(*) FROM {ns}_keywords_rows, unnest(terms) AS term GROUP BY 1, 2, 3"
    assert set(run(postgres_settings, kept)) == set(run(postgres_settings, there)) != set()
    await index.apply([drop(301 + i, i) for i in range(60)])
    assert run(postgres_settings, "SELECT 1 FROM {ns}_keywords_terms") == []
    assert run(postgres_settings, "SELECT sum(rows), sum(length) FROM {ns}_keywords_sums") == [(0, 0)]


@pytest.mark.parametrize("most_scored", [5, 30])
async def test_rare_words_and_passages_with_all_words_come_first_where_not_all_can_be_scored(
    postgres_settings: Settings, most_scored: int
) -> None:
    index = build(postgres_settings, most_scored)
    texts = [*["common filler"] * 30, *["usual filler"] * 30, *["common usual"] * 3, "rare common", "rare and more words"]
    await index.apply([put(i + 1, i, words=words) for i, words in enumerate(texts)])

    found = [list(await scores(index, query)) for query in ("common usual", "common rare", "common", "rare")]
    await index.close()

    assert set(found[0][:3]) == {passage(60), passage(61), passage(62)}
    assert found[1][:2] == [passage(63), passage(64)]
    assert len(found[2]) == most_scored
    assert set(found[3]) == {passage(63), passage(64)}


async def test_of_a_very_long_query_the_rarest_words_count(index: KeywordIndex) -> None:
    query = " ".join(f"name{i}x" for i in range(400))
    await index.apply([put(1, 1, words=query), put(2, 2, words="name7x"), put(3, 3, words="unrelated")])

    assert set(await scores(index, query)) == {passage(1)}


async def test_two_writers_keep_the_counts_true(postgres_settings: Settings) -> None:
    both = [build(postgres_settings), build(postgres_settings)]
    changes = random_changes(100)
    await asyncio.gather(*(index.apply(some) for index in both for some in (changes, changes[::-1])))
    there = await both[0].passage_ids(access=READER)
    await asyncio.gather(*(index.close() for index in both))

    assert run(postgres_settings, "SELECT sum(rows) FROM {ns}_keywords_sums") == [(len(there),)]


async def test_an_empty_text_is_kept_and_not_found(index: KeywordIndex) -> None:
    await index.apply([put(1, 1, words=""), put(2, 2, words="word")])

    assert set(await scores(index, "word")) == {passage(2)}
    assert await index.passage_ids(access=READER) == {passage(1), passage(2)}


async def test_vectors_beside_it_are_another_store(index: KeywordIndex, postgres_settings: Settings) -> None:
    vectors = pgvector.build(postgres_settings)
    await asyncio.gather(index.apply([put(1, 1, words="word")]), vectors.apply([put(7, 1)]))
    await vectors.reset()

    assert (await index.position(), await vectors.position()) == (1, 0)
    assert set(await scores(index, "word")) == {passage(1)}
    await vectors.close()


async def test_words_of_other_tenants_are_not_even_looked_at(index: KeywordIndex, postgres_settings: Settings) -> None:
    await index.apply([put(1, 1, words="word"), put(2, 2, words="word", tenant="Acme")])

    terms = run(postgres_settings, "SELECT tenant, terms FROM {ns}_keywords_rows")
    assert len({str(numbers) for _, numbers in terms}) == 2

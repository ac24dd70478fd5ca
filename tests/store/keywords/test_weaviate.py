"""What only Weaviate has: its BM25, over terms that it must not analyse again. The server's troubles are tested with its vectors."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from semantic_memory.core.filters import Filters
from semantic_memory.core.ports import KeywordIndex
from semantic_memory.core.settings import Settings
from semantic_memory.store.keywords import memory
from semantic_memory.store.keywords.memory import K1
from semantic_memory.store.keywords.weaviate import build
from semantic_memory.store.vectors import weaviate as vectors
from tests.contracts.changes import READER, attributes, drop, passage, put, unit

pytestmark = pytest.mark.stores

TEXTS = ["the cat sat on the mat", "a cat", "the the the", "dogs and cats, cats and dogs", "Not a word about pets", "x" * 300 + " mat"]


@pytest.fixture
async def index(weaviate_settings: Settings) -> AsyncIterator[KeywordIndex]:
    index = build(weaviate_settings)
    yield index
    await index.close()


@pytest.mark.parametrize("query", ["cat", "the cat", "on a mat", "dogs and cats", "not a word", "x" * 300])
async def test_scores_are_those_of_the_formula(index: KeywordIndex, query: str) -> None:
    """But for a factor: Weaviate leaves out the constant `k1 + 1`."""
    reference = memory.build(Settings())
    changes = [put(i, i, words=words) for i, words in enumerate(TEXTS, 1)]
    await index.apply(changes)
    await reference.apply(changes)

    hits = {hit.passage_id: (K1 + 1) * hit.score for hit in await index.search(query, access=READER, filters=Filters(), limit=9)}

    expected = await reference.search(query, access=READER, filters=Filters(), limit=9)
    assert hits == pytest.approx({hit.passage_id: hit.score for hit in expected}, rel=1e-5)


async def test_statistics_are_those_of_the_tenant(index: KeywordIndex) -> None:
    await index.apply([put(1, 1, words="rare common"), put(2, 2, words="common")])
    other = replace(READER, tenant="other")
    alone = await index.search("rare", access=READER, filters=Filters(), limit=1)
    await index.apply([put(10 + i, 10 + i, words="rare", tenant="other") for i in range(30)])

    assert await index.search("rare", access=READER, filters=Filters(), limit=1) == alone
    assert len(await index.search("rare", access=other, filters=Filters(), limit=50)) == 30


async def test_words_and_vectors_share_a_server_without_meeting(index: KeywordIndex, weaviate_settings: Settings) -> None:
    beside = vectors.build(weaviate_settings)
    await index.apply([put(1, 1, words="word")])
    await beside.apply([put(1, 1), put(5, 2)])
    await beside.reset()

    assert (await index.position(), await beside.position()) == (1, 0)
    assert [hit.passage_id for hit in await index.search("word", access=READER, filters=Filters(), limit=9)] == [passage(1)]
    assert await beside.search(unit(1), access=READER, filters=Filters(), limit=9) == []
    await beside.close()


async def test_a_restart_keeps_position_languages_and_words(index: KeywordIndex, weaviate_settings: Settings) -> None:
    await index.apply([put(1, 1, words="die Häuser", like=attributes(language="de")), put(2, 2, words="gone"), drop(3, 2)])

    second = build(weaviate_settings)
    assert await second.position() == 3
    hits = await second.search("Haus", access=READER, filters=Filters(), limit=9)
    assert [hit.passage_id for hit in hits] == [passage(1)]
    await second.close()

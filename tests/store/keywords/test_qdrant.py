"""What only Qdrant's words have: terms as numbers, and statistics of one tenant inside a collection of all."""

import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from semantic_memory.core.filters import Filters
from semantic_memory.core.model import Match
from semantic_memory.core.settings import Settings
from semantic_memory.store.keywords.qdrant import LENGTH, build, number
from semantic_memory.store.remote.index import RemoteKeywords
from tests.contracts.changes import READER, passage, put

pytestmark = pytest.mark.stores


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[RemoteKeywords]:
    index = build(settings)
    assert isinstance(index, RemoteKeywords)
    yield index
    await index.close()


async def found(index: RemoteKeywords, query: str, tenant: str = "acme") -> list[Match]:
    return await index.search(query, access=replace(READER, tenant=tenant), filters=Filters(), limit=10)


@pytest.fixture(params=["qdrant_settings", "qdrant_server_settings"])
def settings(request: pytest.FixtureRequest) -> Settings:
    chosen: Settings = request.getfixturevalue(request.param)
    return chosen


async def test_the_score_of_a_passage_of_middling_length_is_bm25(settings: Settings) -> None:
    text = " ".join(["twice", "twice", *(f"w{i}" for i in range(LENGTH // 3))])
    async with opened(settings) as index:
        await index.apply([put(1, 1, words=text), put(2, 2, words="other")])
        (hit,) = await found(index, "twice")
        length = LENGTH // 3 * 3 + 2  # `w1` is also `w` and `1`

    rarity = math.log(1 + (2 - 1 + 0.5) / (1 + 0.5))
    assert hit.score == pytest.approx(rarity * 2 * 1.9 / (2 + 0.9 * (0.6 + 0.4 * length / LENGTH)), rel=1e-4)


async def test_tenants_of_one_collection_have_statistics_of_their_own(settings: Settings) -> None:
    """`rare` is rare to one and common to the other; a third has no words at all."""
    async with opened(settings) as index:
        ours = [put(i, i, words="rare common" if i == 1 else "common") for i in range(1, 10)]
        theirs = [put(20 + i, i, words="rare common" if i == 1 else "rare", tenant="stranger") for i in range(1, 10)]
        await index.apply([*ours, *theirs])
        scores = {(who, word): (await found(index, word, who))[0].score for who in ("acme", "stranger") for word in ("rare", "common")}

        assert scores["acme", "rare"] == pytest.approx(scores["stranger", "common"])
        assert scores["acme", "common"] == pytest.approx(scores["stranger", "rare"])
        assert scores["acme", "rare"] > scores["acme", "common"]
        assert await found(index, "rare", "nobody") == []


async def test_a_row_without_words_is_kept_and_never_found(settings: Settings) -> None:
    async with opened(settings) as index:
        await index.apply([put(1, 1, words="?!"), put(2, 2, words="word")])

        assert [hit.passage_id for hit in await found(index, "word ?!")] == [passage(2)]
        assert await index.passage_ids(access=READER) == {passage(1), passage(2)}


def test_numbers_of_terms_are_the_same_everywhere_and_fit_a_sparse_index() -> None:
    """Rows written by one process are found by another, so the first is fixed."""
    numbers = [number(term) for term in ("password", "日本", "", "\ud800")]

    assert numbers[0] == 515_265_974
    assert len(set(numbers)) == 4
    assert all(0 <= n < 2**32 for n in numbers)

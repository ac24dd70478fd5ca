"""Milvus as a keyword store: what the contract does not ask of every engine."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from semantic_memory.core.filters import Filters
from semantic_memory.core.settings import Settings
from semantic_memory.store.keywords import milvus
from semantic_memory.store.remote.index import RemoteKeywords
from semantic_memory.store.remote.milvus.layout import LONGEST, encoded
from semantic_memory.store.remote.rows import scope
from tests.contracts.changes import READER, attributes, drop, passage, put

pytestmark = pytest.mark.stores


@pytest.fixture
async def index(milvus_settings: Settings) -> AsyncIterator[RemoteKeywords]:
    index = milvus.build(milvus_settings)
    assert isinstance(index, RemoteKeywords)
    yield index
    await index.close()


async def test_the_last_word_of_a_text_longer_than_a_string_of_milvus_is_found(index: RemoteKeywords) -> None:
    await index.apply([put(1, 1, words="the same words again " * 5_000 + "last word"), put(2, 2, words="short")])

    hits = await index.search('"last word"', access=READER, filters=Filters(), limit=9)

    assert [hit.passage_id for hit in hits] == [passage(1)]
    assert hits[0].score > 0


async def test_the_server_itself_gives_no_row_outside_the_scope(index: RemoteKeywords) -> None:
    german, secret = attributes(language="de"), attributes(language="de", collection="secret")
    await index.apply(
        [put(1, 1, words="word", like=german), put(2, 2, words="word"), put(3, 3, words="word", like=secret), put(4, 4, words="no")]
    )
    asked = scope(replace(READER, collections=frozenset({"notes"})), Filters(languages=frozenset({"de"})))

    assert [one.passage_id for one in await index.engine.matching(["word"], asked, 9)] == [passage(1)]
    assert await index.engine.ids(asked) == {passage(1)}


def test_a_text_that_is_too_long_loses_repeats_before_words() -> None:
    terms = ["common"] * 20_000 + [f"word{number}" for number in range(5_000)]

    text = encoded(terms)

    assert len(text.encode()) <= LONGEST
    assert set(encoded([f"word{number}" for number in range(5_000)]).split()) <= set(text.split())
    assert text.split().count(encoded(["common"])) > 1


async def test_rows_removed_from_a_tenant_that_never_was_are_no_error(index: RemoteKeywords) -> None:
    await index.apply([drop(1, 1, tenant="nobody")])

    assert await index.position() == 1

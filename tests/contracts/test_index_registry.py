"""What every registry of engines keeps: one active engine of a kind, and others that may follow it."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from semantic_memory.core.errors import ConflictError
from semantic_memory.core.ports import IndexRegistry, IndexState
from semantic_memory.core.settings import Settings
from semantic_memory.store.catalogue.sql import build

ACTIVE, READY = IndexState.ACTIVE, IndexState.READY


@pytest.fixture
async def indexes(database_url: str) -> AsyncIterator[IndexRegistry]:
    catalogue = build(Settings(database_url=database_url))
    yield catalogue.indexes
    await catalogue.close()


async def test_at_first_there_are_none(indexes: IndexRegistry) -> None:
    assert await indexes.states("vectors") == {}


async def test_the_engine_that_was_active_becomes_ready(indexes: IndexRegistry) -> None:
    await indexes.activate("vectors", "embedded")
    await indexes.activate("vectors", "qdrant")

    assert await indexes.states("vectors") == {"embedded": READY, "qdrant": ACTIVE}


async def test_an_engine_becomes_active_again(indexes: IndexRegistry) -> None:
    for name in ("embedded", "qdrant", "embedded", "embedded"):
        await indexes.activate("vectors", name)

    assert await indexes.states("vectors") == {"embedded": ACTIVE, "qdrant": READY}


async def test_kinds_do_not_touch_each_other(indexes: IndexRegistry) -> None:
    await indexes.activate("vectors", "embedded")
    await indexes.activate("keywords", "embedded")
    await indexes.activate("keywords", "milvus")

    assert await indexes.states("vectors") == {"embedded": ACTIVE}
    assert await indexes.states("keywords") == {"embedded": READY, "milvus": ACTIVE}


async def test_an_engine_is_marked_ready_and_an_active_one_stays_active(indexes: IndexRegistry) -> None:
    await indexes.activate("vectors", "embedded")
    for name in ("embedded", "qdrant", "qdrant"):
        await indexes.mark_ready("vectors", name)

    assert await indexes.states("vectors") == {"embedded": ACTIVE, "qdrant": READY}


async def test_a_forgotten_engine_is_gone(indexes: IndexRegistry) -> None:
    await indexes.activate("vectors", "embedded")
    await indexes.mark_ready("vectors", "qdrant")
    for name in ("qdrant", "never there"):
        await indexes.forget("vectors", name)

    assert await indexes.states("vectors") == {"embedded": ACTIVE}


async def test_the_active_engine_is_not_forgotten(indexes: IndexRegistry) -> None:
    await indexes.activate("vectors", "embedded")

    with pytest.raises(ConflictError, match="'embedded' is the active one"):
        await indexes.forget("vectors", "embedded")
    assert await indexes.states("vectors") == {"embedded": ACTIVE}


async def test_of_engines_activated_at_once_one_is_active(database_url: str) -> None:
    catalogues = [build(Settings(database_url=database_url)) for _ in range(4)]
    await asyncio.gather(*(each.indexes.activate("vectors", str(name)) for name, each in enumerate(catalogues)))

    assert sorted((await catalogues[0].indexes.states("vectors")).values()) == [ACTIVE, READY, READY, READY]
    await asyncio.gather(*(each.close() for each in catalogues))

"""The indexer against the real catalogue and in-memory indexes."""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path

from semantic_memory.core.errors import BackendUnavailableError
from semantic_memory.core.indexing import Indexer, Turn
from semantic_memory.core.model import Change
from semantic_memory.core.settings import Settings
from semantic_memory.store.vectors.memory import MemoryVectorIndex
from semantic_memory.wiring import adapter, open_memory

Write = Callable[..., Path]


class Unreachable(MemoryVectorIndex):
    """An index whose backend is down for writing."""

    async def apply(self, changes: Sequence[Change]) -> None:
        raise BackendUnavailableError(f"{len(changes)} changes not applied")


async def _filled(settings: Settings, write: Write) -> None:
    async with open_memory(settings) as memory:
        await memory.ingest(write("a.md", "# A\n\nThe first text."), write("b.md", "# B\n\nThe second text."))


async def test_catching_up_brings_an_empty_index_level(settings: Settings, write: Write) -> None:
    await _filled(settings, write)
    changes = adapter("store.catalogue", "sql")(settings).changes
    index = MemoryVectorIndex()

    applied = await Indexer(changes, {"vectors": index}).catch_up()

    assert applied
    assert await index.position() == await changes.head()


async def test_a_level_index_is_left_alone(settings: Settings, write: Write) -> None:
    await _filled(settings, write)
    indexer = Indexer(adapter("store.catalogue", "sql")(settings).changes, {"vectors": MemoryVectorIndex()})
    await indexer.catch_up()

    assert not await indexer.catch_up()


async def test_an_index_that_fails_is_named_and_does_not_hold_up_the_others(settings: Settings, write: Write) -> None:
    await _filled(settings, write)
    healthy = MemoryVectorIndex()
    indexer = Indexer(adapter("store.catalogue", "sql")(settings).changes, {"broken": Unreachable(), "healthy": healthy})

    await indexer.catch_up()

    assert set(indexer.problems) == {"broken"}
    assert (await indexer.lag())["healthy"] == 0
    assert (await indexer.lag())["broken"] > 0


async def test_waiting_for_a_position_ends_in_time_when_nobody_moves(settings: Settings, write: Write) -> None:
    await _filled(settings, write)
    indexer = Indexer(adapter("store.catalogue", "sql")(settings).changes, {"vectors": MemoryVectorIndex()})

    assert not await indexer.reached(1, timeout_s=0.05)


class Down(MemoryVectorIndex):
    """An index that cannot even be asked."""

    async def position(self) -> int:
        raise BackendUnavailableError("no answer")


async def test_nobody_waits_for_an_index_that_is_down(settings: Settings, write: Write) -> None:
    await _filled(settings, write)
    changes = adapter("store.catalogue", "sql")(settings).changes
    indexer = Indexer(changes, {"vectors": Down(), "keywords": MemoryVectorIndex()})
    await indexer.catch_up()

    async with asyncio.timeout(1):
        assert not await indexer.reached(await changes.head(), timeout_s=60)
    assert indexer.problems == {"vectors": "no answer"}
    assert await indexer.lag() == {"vectors": await changes.head(), "keywords": 0}


async def test_writers_of_a_shared_index_take_turns(settings: Settings, write: Write) -> None:
    await _filled(settings, write)
    catalogue = adapter("store.catalogue", "sql")(settings)
    first, second = (
        Indexer(catalogue.changes, {"vectors": MemoryVectorIndex()}, {"vectors": Turn(catalogue.leases, "vectors x")}) for _ in range(2)
    )

    assert await first.catch_up()
    assert not await second.catch_up()
    assert not second.problems
    await first.end_turns()
    assert await second.catch_up()

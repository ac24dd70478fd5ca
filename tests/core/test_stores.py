"""Moving between engines, repairing them, and refusing a changed setting."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from semantic_memory.core.access import local_access
from semantic_memory.core.agreement import vectors_in_common
from semantic_memory.core.errors import ConfigurationError, ConflictError, InvalidInputError, UnknownAdapterError
from semantic_memory.core.filters import Filters
from semantic_memory.core.indexing import Turn
from semantic_memory.core.memory import Memory
from semantic_memory.core.model import Change, IndexState
from semantic_memory.core.settings import Settings
from semantic_memory.store.vectors.memory import MemoryVectorIndex
from semantic_memory.wiring import adapter, open_memory

Write = Callable[..., Path]
MOVED = {"vector_store": "memory"}


@pytest.fixture
def files(write: Write) -> list[Path]:
    return [write(f"{name}.md", f"# {name}\n\nWhat {name} says of the northern well.") for name in ("ann", "bob", "cyd")]


@asynccontextmanager
async def reopened(settings: Settings, **changed: object) -> AsyncIterator[Memory]:
    async with open_memory(settings.model_copy(update=changed)) as memory:
        yield memory


async def states(memory: Memory) -> dict[str, IndexState]:
    return {engine.name: engine.state for engine in await memory.stores.engines() if engine.kind == "vectors"}


async def test_another_engine_is_refused_until_it_was_filled(settings: Settings, files: list[Path]) -> None:
    async with reopened(settings) as memory:
        await memory.ingest(*files)

    with pytest.raises(ConfigurationError, match="semantic-memory store move --to memory"):
        async with reopened(settings, **MOVED):
            pass


async def test_an_empty_memory_takes_any_engine(settings: Settings, files: list[Path]) -> None:
    async with reopened(settings):
        pass
    async with reopened(settings, keyword_store="memory"):
        pass

    async with reopened(settings, keyword_store="memory", **MOVED) as memory:
        await memory.ingest(*files)
        assert (await memory.search("northern well")).hits


async def test_a_move_fills_the_engine_and_lets_the_setting_name_it(settings: Settings, files: list[Path]) -> None:
    told: list[tuple[int, int]] = []
    async with reopened(settings) as memory:
        await memory.ingest(*files)
        moved = await memory.stores.move("vectors", "memory", progress=lambda *at: told.append(at))
        assert (moved.passages, moved.agreement, moved.is_active) == (3, 1.0, False)
        assert told[-1][0] == told[-1][1] > 0
        assert await states(memory) == {"embedded": IndexState.ACTIVE, "memory": IndexState.READY}

    async with reopened(settings, **MOVED) as memory:
        assert await states(memory) == {"embedded": IndexState.READY, "memory": IndexState.ACTIVE}
        assert len((await memory.search("northern well")).hits) == 3


async def test_what_is_written_after_a_move_is_not_lost_by_the_switch(settings: Settings, files: list[Path]) -> None:
    async with reopened(settings) as memory:
        await memory.ingest(*files[:2])
        await memory.stores.move("vectors", "memory")
        await memory.ingest(files[2])

    async with reopened(settings, **MOVED) as memory:
        assert (await memory.fsck()).is_clean
        await memory.delete((await memory.documents())[0].id)

    async with reopened(settings) as memory:  # and back: the old engine reads what it missed
        assert (await memory.fsck()).is_clean
        assert len((await memory.search("northern well")).hits) == 2


async def test_an_engine_in_use_is_not_dropped_and_an_old_one_is(settings: Settings, files: list[Path]) -> None:
    async with reopened(settings) as memory:
        await memory.ingest(*files)
        await memory.stores.move("vectors", "memory")
        with pytest.raises(ConflictError, match="in use"):
            await memory.stores.drop("vectors", "embedded")

    async with reopened(settings, **MOVED) as memory:
        await memory.stores.drop("vectors", "embedded")
        assert await states(memory) == {"memory": IndexState.ACTIVE}

    assert await adapter("store.vectors", "embedded")(settings).position() == 0
    with pytest.raises(ConfigurationError, match="store move"):
        async with reopened(settings):
            pass


async def test_an_engine_another_process_has_open_is_not_dropped(settings: Settings, files: list[Path]) -> None:
    async with reopened(settings) as memory:
        await memory.ingest(*files)
        await memory.stores.move("vectors", "memory")
        async with reopened(settings, **MOVED) as other:
            with pytest.raises(ConflictError, match="another process"):
                await other.stores.drop("vectors", "embedded")


async def test_moving_to_the_engine_in_use_only_compares(settings: Settings, files: list[Path]) -> None:
    async with reopened(settings) as memory:
        await memory.ingest(*files)
        moved = await memory.stores.move("vectors", "embedded")

    assert (moved.passages, moved.agreement, moved.is_active) == (3, 1.0, True)


async def test_a_second_move_at_the_same_time_is_refused(settings: Settings, files: list[Path]) -> None:
    class Shared(MemoryVectorIndex):
        is_shared = True

    async with reopened(settings) as memory:
        await memory.ingest(*files)
        stores = memory.stores
        stores._open_index = lambda kind, name: Shared()
        turn = Turn(stores._catalogue.leases, "vectors memory")
        assert await turn.is_mine()

        with pytest.raises(ConflictError, match="another process writes"):
            await stores.move("vectors", "memory")
        await turn.end()
        assert (await stores.move("vectors", "memory")).passages == 3


@pytest.mark.parametrize(("kind", "name", "error"), [("vectors", "mivlus", UnknownAdapterError), ("words", "memory", InvalidInputError)])
async def test_what_is_not_there_is_named(memory: Memory, kind: str, name: str, error: type[Exception]) -> None:
    with pytest.raises(error, match=name if kind == "vectors" else kind):
        await memory.stores.move(kind, name)


async def test_reconciling_puts_back_what_an_engine_lost_and_takes_out_what_it_kept(settings: Settings, files: list[Path]) -> None:
    async with reopened(settings, **MOVED) as memory:
        await memory.ingest(*files)
        index = memory._parts.indexes["vectors"]
        assert isinstance(index, MemoryVectorIndex)
        lost, kept = list(index._passages.items())[:2]
        del index._passages[lost[0]]
        await memory.delete(kept[1].document_id)
        index._passages[kept[0]] = kept[1]

        assert len((await memory.fsck()).findings) == 2
        assert await memory.stores.reconcile() == {"vectors": 2, "keywords": 0}
        assert await memory.level()
        assert (await memory.fsck()).is_clean
        assert await memory.stores.reconcile() == {"vectors": 0, "keywords": 0}


async def test_rebuilding_fills_an_index_anew(settings: Settings, files: list[Path]) -> None:
    async with reopened(settings) as memory:
        await memory.ingest(*files)
        await memory.stores.rebuild("vectors")
        await memory.stores.rebuild("keywords")
        assert await memory.level()

        assert (await memory.fsck()).is_clean
        assert len((await memory.search("northern well")).hits) == 3


async def test_engines_that_find_different_things_do_not_agree(settings: Settings, files: list[Path]) -> None:
    class Turned(MemoryVectorIndex):
        """Gives the farthest first."""

        async def search(self, vector, *, access, filters, limit):
            return (await super().search(vector, access=access, filters=filters, limit=100))[::-1][:limit]

    async with reopened(settings) as memory:
        await memory.ingest(*files)
        changes: list[Change] = await memory._parts.catalogue.changes.read(after=0, limit=10)
        right, wrong = MemoryVectorIndex(), Turned()
        await right.apply(changes)
        await wrong.apply(changes)
        used = memory._parts.indexes["vectors"]

        assert await vectors_in_common(used, right, changes) == 1.0
        first = (await wrong.search(changes[0].entry.vector, access=local_access(), filters=Filters(), limit=1))[0]  # type: ignore[union-attr]
        assert first.score < 0.999

"""What only the embedded keyword index promises: one owner, many readers, and recovery."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from semantic_memory.core.errors import BackendUnavailableError, CorruptDataError
from semantic_memory.core.filters import Filters
from semantic_memory.core.model import Change
from semantic_memory.core.ports import KeywordIndex
from semantic_memory.core.settings import Settings
from semantic_memory.store.keywords import embedded
from tests.contracts.changes import READER, attributes, drop, passage, put


@pytest.fixture
def build(tmp_path: Path) -> Callable[[], KeywordIndex]:
    return lambda: embedded.build(Settings(data_dir=tmp_path))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Of the collection that the changes go to."""
    return tmp_path / "index" / "keywords" / "acme" / "notes"


def many(count: int) -> list[Change]:
    return [put(i + 1, i, words=f"word number {i}") for i in range(count)]


async def size(index: KeywordIndex) -> int:
    return len(await index.search("word", access=READER, filters=Filters(), limit=1000))


async def test_only_one_object_may_write(build: Callable[[], KeywordIndex]) -> None:
    owner, other = build(), build()

    assert await owner.writable()
    assert not await other.writable()
    with pytest.raises(BackendUnavailableError, match="another process writes"):
        await other.apply(many(1))
    await owner.close()
    assert await other.writable()
    await other.close()


async def test_a_reader_sees_each_write_of_the_owner(build: Callable[[], KeywordIndex]) -> None:
    owner, reader = build(), build()
    await owner.apply(many(5))
    assert await size(reader) == 5
    await owner.apply([drop(6, 1), put(7, 9, words="word")])

    assert await size(reader) == 5
    assert await reader.position() == 7
    await owner.close()
    await reader.close()


@pytest.mark.parametrize("kind", ["*.term", "*.idx", "*.pos", "*.fast", "meta.json", "../../position.json"])
@pytest.mark.parametrize("damage", ["delete", "cut"])
async def test_a_damaged_file_means_a_rebuild(build: Callable[[], KeywordIndex], folder: Path, kind: str, damage: str) -> None:
    index = build()
    await index.apply(many(20))
    await index.close()
    for file in list(folder.glob(kind)):
        file.unlink() if damage == "delete" else file.write_bytes(file.read_bytes()[:-9])

    index = build()
    assert await index.position() == 0
    assert await index.writable()
    assert await size(index) == 0
    await index.apply(many(20))
    assert (await index.position(), await size(index)) == (20, 20)
    await index.close()


async def test_a_lost_collection_means_a_rebuild(build: Callable[[], KeywordIndex], folder: Path) -> None:
    index = build()
    await index.apply(many(20))
    await index.close()
    shutil.rmtree(folder)

    index = build()
    assert await index.position() == 0
    await index.close()


async def test_damage_found_while_running_is_reported_and_repaired(build: Callable[[], KeywordIndex], folder: Path) -> None:
    owner, reader = build(), build()
    await owner.apply(many(20))
    (folder / "meta.json").write_text("{}")

    with pytest.raises(CorruptDataError, match="cannot be read"):
        await size(reader)
    assert await reader.position() == 0
    assert await owner.position() == 0
    assert await owner.writable()
    await owner.apply(many(20))
    assert (await reader.position(), await size(reader)) == (20, 20)
    await owner.close()
    await reader.close()


async def test_more_collections_than_open_writers_can_be_written(build: Callable[[], KeywordIndex]) -> None:
    index = build()
    for sequence in range(1, 19):
        await index.apply([put(sequence, sequence, words="word", like=attributes(collection=f"c{sequence % 6}"))])

    assert await size(index) == 18
    await index.close()


async def test_a_passage_of_one_word_can_be_a_phrase(build: Callable[[], KeywordIndex]) -> None:
    index = build()
    await index.apply(many(3))

    hits = await index.search('"2"', access=READER, filters=Filters(), limit=5)
    assert [hit.passage_id for hit in hits] == [passage(2)]
    await index.close()

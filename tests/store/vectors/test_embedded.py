"""What only the embedded vector index promises: one owner, many readers, recovery, and codes that lose nothing."""

import asyncio
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from semantic_memory.core.errors import BackendUnavailableError, CorruptDataError
from semantic_memory.core.filters import Filters
from semantic_memory.core.model import Change
from semantic_memory.core.ports import VectorIndex
from semantic_memory.core.settings import Settings
from semantic_memory.store.vectors import embedded
from semantic_memory.store.vectors.embedded.search import Tuning
from tests.contracts.changes import READER, attributes, drop, passage, put, random_units, unit

SMALL = Tuning(exact_rows=64, tail_rows=16, rescored=64)


@pytest.fixture
def build(tmp_path: Path) -> Callable[..., VectorIndex]:
    return lambda tuning=SMALL: embedded.build(Settings(data_dir=tmp_path), tuning)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Of the collection that the changes go to."""
    return tmp_path / "index" / "vectors" / "acme" / "notes"


def many(count: int, *, first: int = 0) -> list[Change]:
    vectors = random_units(count, seed=first + 1)
    return [put(first + i + 1, first + i, vectors[i], like=attributes(path=f"{i % 10}/a")) for i in range(count)]


async def nearest(index: VectorIndex, vector: np.ndarray | None = None, filters: Filters | None = None) -> list[int]:
    hits = await index.search(unit(1) if vector is None else vector, access=READER, filters=filters or Filters(), limit=10)
    numbers = {passage(number): number for number in range(500)}
    return [numbers[hit.passage_id] for hit in hits]


async def test_only_one_object_may_write(build: Callable[..., VectorIndex]) -> None:
    owner, other = build(), build()

    assert await owner.writable()
    assert not await other.writable()
    with pytest.raises(BackendUnavailableError, match="another process writes"):
        await other.apply(many(1))
    await owner.close()
    assert await other.writable()
    await other.close()


async def test_another_process_follows_the_owner(build: Callable[..., VectorIndex], tmp_path: Path) -> None:
    script = """
import asyncio, sys
from pathlib import Path
from semantic_memory.core.settings import Settings
from semantic_memory.store.vectors import embedded
from tests.contracts.changes import READER
async def main():
    index = embedded.build(Settings(data_dir=Path(sys.argv[1])))
    for line in sys.stdin:
        print(await index.writable(), await index.position(), len(await index.passage_ids(access=READER)), flush=True)
asyncio.run(main())
"""
    owner = build()
    reader = await asyncio.create_subprocess_exec(
        sys.executable, "-c", script, str(tmp_path), stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=Path.cwd()
    )
    assert reader.stdin is not None
    assert reader.stdout is not None
    seen = []
    for changes in (many(20), many(200, first=20), [drop(300 + i, i) for i in range(150)]):
        await owner.apply(changes)
        reader.stdin.write(b"\n")
        seen.append((await reader.stdout.readline()).decode().split())
    reader.stdin.close()
    await reader.wait()
    await owner.close()

    assert seen == [["False", "20", "20"], ["False", "220", "220"], ["False", "449", "70"]]


async def test_a_reader_sees_each_write_of_the_owner(build: Callable[..., VectorIndex]) -> None:
    owner, reader = build(), build()
    await owner.apply([put(1, 1)])
    assert await nearest(reader) == [1]
    await owner.apply([put(2, 2, like=attributes(path="new.md")), drop(3, 1)])

    assert await nearest(reader, filters=Filters(path_prefix="new")) == [2]
    assert await reader.position() == 3
    await owner.close()
    await reader.close()


@pytest.mark.parametrize("name", ["vectors", "ids", "document_of_row", "kind_of_row", "documents", "kinds", "removed", "codes"])
@pytest.mark.parametrize("damage", ["delete", "cut", "flip"])
async def test_a_damaged_file_means_a_rebuild(build: Callable[..., VectorIndex], folder: Path, name: str, damage: str) -> None:
    changes = [*many(200), drop(300, 5)]
    index = build()
    await index.apply(changes[:200])
    await index.apply(changes[200:])
    await index.close()
    spoil(next((folder / "g1").glob(f"{name}*")), damage)

    index = build()
    assert await index.position() == 0
    assert await index.writable()
    assert await index.passage_ids(access=READER) == frozenset()
    await index.apply(changes)
    assert len(await index.passage_ids(access=READER)) == 199
    await index.close()


@pytest.mark.parametrize("name", ["manifest.json", "../../position.json"])
@pytest.mark.parametrize("damage", ["delete", "cut", "flip"])
async def test_a_damaged_manifest_means_a_rebuild(build: Callable[..., VectorIndex], folder: Path, name: str, damage: str) -> None:
    index = build()
    await index.apply(many(20))
    await index.close()
    spoil(folder / name, damage)

    index = build()
    assert await index.writable()
    assert await index.position() == 0
    assert await index.passage_ids(access=READER) == frozenset()
    await index.close()


async def test_a_lost_collection_means_a_rebuild(build: Callable[..., VectorIndex], folder: Path) -> None:
    index = build()
    await index.apply(many(20))
    await index.close()
    shutil.rmtree(folder)

    index = build()
    assert await index.position() == 0
    await index.close()


async def test_files_of_another_layout_are_rebuilt(build: Callable[..., VectorIndex], folder: Path) -> None:
    index = build()
    await index.apply(many(20))
    await index.close()
    manifest = folder / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"layout": 1', '"layout": 0'))

    index = build()
    assert await index.position() == 0
    await index.close()


async def test_damage_found_while_running_is_reported_and_repaired(build: Callable[..., VectorIndex], folder: Path) -> None:
    owner, reader = build(), build()
    await owner.apply(many(20))
    spoil(folder / "g1" / "vectors", "cut")

    assert await owner.writable()
    with pytest.raises(CorruptDataError, match="vectors"):
        await nearest(reader)
    assert await reader.position() == 0
    await owner.reset()
    await owner.apply(many(20))
    assert (await reader.position(), len(await nearest(reader))) == (20, 10)
    await owner.close()
    await reader.close()


async def test_bytes_of_an_unfinished_write_are_ignored_and_overwritten(build: Callable[..., VectorIndex], folder: Path) -> None:
    index = build()
    await index.apply(many(20))
    await index.close()
    for file in (folder / "g1").iterdir():
        file.write_bytes(file.read_bytes() + b"torn" * 7)

    index = build()
    await index.apply([*many(20), put(21, 100, unit(1), like=attributes(path="new"))])
    assert await nearest(index, filters=Filters(path_prefix="new")) == [100]
    assert len(await index.passage_ids(access=READER)) == 21
    await index.close()


async def test_replay_writes_nothing_new(build: Callable[..., VectorIndex], folder: Path) -> None:
    index = build()
    await index.apply(many(200))
    before = {file: file.stat().st_size for file in folder.rglob("*")}
    await index.apply(many(200))
    await index.close()

    assert {file: file.stat().st_size for file in folder.rglob("*")} == before


async def test_compaction_drops_dead_rows_and_keeps_the_rest(build: Callable[..., VectorIndex], folder: Path) -> None:
    index = build()
    await index.apply(many(400))
    size = (folder / "g1" / "vectors").stat().st_size
    await index.apply([drop(500 + i, i) for i in range(200)])

    assert [path.name for path in folder.iterdir() if path.is_dir()] == ["g2"]
    assert (folder / "g2" / "vectors").stat().st_size == size // 2
    assert await nearest(index, random_units(400, seed=1)[333]) == exact(many(400)[200:], random_units(400, seed=1)[333])
    assert set(await nearest(index, filters=Filters(path_prefix="3/"))) <= set(range(203, 400, 10))
    await index.apply(many(50, first=400))
    assert len(await index.passage_ids(access=READER)) == 250
    await index.close()


async def test_a_collection_that_was_emptied_takes_vectors_of_another_model(build: Callable[..., VectorIndex]) -> None:
    index = build()
    await index.apply(many(20))
    with pytest.raises(CorruptDataError, match="a vector of 3 dimensions came for a collection of 12"):
        await index.apply([put(21, 30, np.ones(3, dtype=np.float32))])
    await index.apply([drop(22 + i, i) for i in range(20)])
    await index.apply([put(50, 30, np.array([0, 1, 0], dtype=np.float32))])

    assert await nearest(index, np.array([0, 1, 0], dtype=np.float32)) == [30]
    await index.close()


async def test_codes_find_what_an_exact_scan_finds(build: Callable[..., VectorIndex]) -> None:
    """30,000 clustered vectors: the ten nearest, with and without filters, also when the filter shuns the query's surroundings."""
    groups = np.arange(30_000) % 300
    centres = random_units(300, seed=1, dimension=64)
    vectors = normed(centres[groups] + 0.5 * random_units(30_000, seed=2, dimension=64))
    queries = normed(centres[:40] + 0.3 * random_units(40, seed=3, dimension=64))
    index = build(Tuning(exact_rows=2_000))
    await index.apply([put(i + 1, i, vector, like=attributes(path=f"{groups[i]:03}")) for i, vector in enumerate(vectors)])
    numbers = {passage(number): number for number in range(30_000)}

    for prefix, mask in {"": groups >= 0, "0": groups < 100, "2": groups >= 200, "29": groups >= 290}.items():
        found = [await index.search(query, access=READER, filters=Filters(path_prefix=prefix), limit=10) for query in queries]
        best = [np.argsort(-np.where(mask, vectors @ query, -2))[:10].tolist() for query in queries]
        shared = [len({numbers[hit.passage_id] for hit in hits} & set(rows)) for hits, rows in zip(found, best, strict=True)]
        assert np.mean(shared) / 10 >= 0.97, prefix
    await index.close()


def normed(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def exact(changes: list[Change], query: np.ndarray) -> list[int]:
    scores = [float(change.entry.vector @ query) if change.entry else -2.0 for change in changes]
    return [changes[place].sequence - 1 for place in np.argsort(-np.array(scores))[:10]]


def spoil(file: Path, damage: str) -> None:
    data = file.read_bytes()
    if damage == "delete":
        file.unlink()
    elif damage == "cut":
        file.write_bytes(data[:-1])
    else:
        file.write_bytes(data[: len(data) // 2] + bytes([data[len(data) // 2] ^ 0xFF]) + data[len(data) // 2 + 1 :])

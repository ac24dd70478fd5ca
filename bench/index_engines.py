"""The engines that `bench/index.py` compares. Each is built in one process and searched in another, so its memory is its own."""

import asyncio
import importlib
from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal
from uuid import UUID

import numpy as np

from bench.index_data import TOP, folder_of, source_of
from semantic_memory.core.access import local_access
from semantic_memory.core.filters import Filters
from semantic_memory.core.model import Attributes, BlockType, Change, IndexEntry
from semantic_memory.core.settings import Settings

BATCH = 2_000
Narrowing = Literal["none", "10 %", "1 %"]


class Engine(ABC):
    """`build` writes to the folder; a new object then answers from it."""

    modules: tuple[str, ...]
    """Imported before anything is timed or weighed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for module in self.modules:
            importlib.import_module(module)

    @abstractmethod
    def build(self, vectors: np.ndarray) -> None: ...

    @abstractmethod
    def open(self) -> None: ...

    @abstractmethod
    def search(self, vector: np.ndarray, narrowing: Narrowing) -> list[int]:
        """Rows of the ten nearest."""

    def close(self) -> None:
        return


def _batches(vectors: np.ndarray) -> Iterator[tuple[range, np.ndarray]]:
    for start in range(0, len(vectors), BATCH):
        yield range(start, min(start + BATCH, len(vectors))), np.array(vectors[start : start + BATCH])


class Ours(Engine):
    """Through the port, as the product calls it: change log entries in, event loop and thread included."""

    modules = ("semantic_memory.store.vectors.embedded.index", "faiss")
    filters = {
        "none": Filters(),
        "10 %": Filters(sources=frozenset({"source 3"})),
        "1 %": Filters(path_prefix="folder 37/"),
    }

    def build(self, vectors: np.ndarray) -> None:
        self.open()
        for rows, batch in _batches(vectors):
            changes = [_change(row, vector) for row, vector in zip(rows, batch, strict=True)]
            self._loop.run_until_complete(self._index.apply(changes))
        self.close()

    def open(self) -> None:
        from semantic_memory.store.vectors import embedded

        self._loop = asyncio.new_event_loop()
        self._index = embedded.build(Settings(data_dir=self.folder))
        self._access = local_access()
        self._loop.run_until_complete(self._index.position())

    def search(self, vector: np.ndarray, narrowing: Narrowing) -> list[int]:
        call = self._index.search(vector, access=self._access, filters=self.filters[narrowing], limit=TOP)
        return [hit.passage_id.int for hit in self._loop.run_until_complete(call)]

    def close(self) -> None:
        self._loop.run_until_complete(self._index.close())
        self._loop.close()


class BruteForce(Engine):
    """numpy on a mapped file; a filter is a list of rows."""

    modules = ("numpy",)

    def build(self, vectors: np.ndarray) -> None:
        np.save(self.folder / "vectors.npy", vectors)

    def open(self) -> None:
        self._vectors = np.asarray(np.load(self.folder / "vectors.npy", mmap_mode="r"))
        rows = np.arange(len(self._vectors))
        self._rows = {"none": None, "10 %": np.flatnonzero(source_of(rows) == 3), "1 %": np.flatnonzero(folder_of(rows) == 37)}

    def search(self, vector: np.ndarray, narrowing: Narrowing) -> list[int]:
        rows = self._rows[narrowing]
        scores = (self._vectors if rows is None else self._vectors[rows]) @ vector
        best = np.argpartition(-scores, TOP)[:TOP]
        found = best if rows is None else rows[best]
        return found[np.argsort(-scores[best])].tolist()


class Chroma(Engine):
    """Persistent client, cosine HNSW with its defaults."""

    modules = ("chromadb",)
    where: dict[str, Any] = {"none": None, "10 %": {"source": "source 3"}, "1 %": {"folder": 37}}

    def build(self, vectors: np.ndarray) -> None:
        collection = self._client().create_collection("bench", metadata={"hnsw:space": "cosine"})
        for rows, batch in _batches(vectors):
            metadatas: list[Any] = [{"source": f"source {source_of(row)}", "folder": folder_of(row)} for row in rows]
            collection.add(ids=[str(row) for row in rows], embeddings=batch, metadatas=metadatas)

    def open(self) -> None:
        self._collection = self._client().get_collection("bench")

    def search(self, vector: np.ndarray, narrowing: Narrowing) -> list[int]:
        found = self._collection.query(vector[np.newaxis], n_results=TOP, where=self.where[narrowing], include=["distances"])
        return [int(row) for row in found["ids"][0]]

    def _client(self) -> Any:
        import chromadb

        return chromadb.PersistentClient(str(self.folder), chromadb.Settings(anonymized_telemetry=False))


class Lance(Engine):
    """IVF_PQ over sqrt(n) partitions, 96 sub-vectors, 50 probes, 30 × as many candidates re-ranked; scalar indexes for the filters."""

    modules = ("lancedb", "pyarrow")
    where = {"none": None, "10 %": "source = 'source 3'", "1 %": "folder = 37"}

    def build(self, vectors: np.ndarray) -> None:
        table = self._database().create_table("bench", data=self._tables(vectors))
        partitions = max(1, int(len(vectors) ** 0.5))
        table.create_index(metric="cosine", num_partitions=partitions, num_sub_vectors=vectors.shape[1] // 4, index_type="IVF_PQ")
        table.create_scalar_index("source", index_type="BITMAP")
        table.create_scalar_index("folder", index_type="BITMAP")

    def open(self) -> None:
        self._table = self._database().open_table("bench")

    def search(self, vector: np.ndarray, narrowing: Narrowing) -> list[int]:
        query = self._table.search(vector).metric("cosine").limit(TOP).nprobes(50).refine_factor(30).select(["row", "_distance"])
        narrowed = query if self.where[narrowing] is None else query.where(self.where[narrowing], prefilter=True)
        return narrowed.to_arrow()["row"].to_pylist()

    def _database(self) -> Any:
        import lancedb

        return lancedb.connect(str(self.folder))

    @staticmethod
    def _tables(vectors: np.ndarray) -> Iterator[Any]:
        import pyarrow

        for rows, batch in _batches(vectors):
            flat = pyarrow.FixedSizeListArray.from_arrays(pyarrow.array(batch.ravel()), vectors.shape[1])
            columns = {
                "row": list(rows),
                "source": [f"source {source_of(row)}" for row in rows],
                "folder": [folder_of(row) for row in rows],
            }
            yield pyarrow.RecordBatch.from_pydict({**columns, "vector": flat})


ENGINES: dict[str, type[Engine]] = {"ours": Ours, "numpy": BruteForce, "chroma": Chroma, "lancedb": Lance}


def _change(row: int, vector: np.ndarray) -> Change:
    document = f"folder {folder_of(row)}/document {row // 10}.md"
    kinds = frozenset({BlockType.CODE if row % 5 == 0 else BlockType.PARAGRAPH})
    attributes = Attributes("default", f"source {source_of(row)}", document, kinds, "en", None, {"title": f"Document {row // 10}"})
    passage = UUID(int=row)
    return Change(row + 1, "default", "default", passage, IndexEntry(passage, passage, "", vector, attributes))

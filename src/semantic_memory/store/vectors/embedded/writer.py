"""One collection as its owner writes it: append, publish, encode, compact. Called by one thread at a time."""

import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import structlog
from numpy.typing import NDArray

from semantic_memory.core.errors import CorruptDataError
from semantic_memory.core.model import Change, IndexEntry
from semantic_memory.store.vectors.embedded.attributes import document_line, kind_line
from semantic_memory.store.vectors.embedded.collection import Collection, State
from semantic_memory.store.vectors.embedded.engine import Codes, Rows, train
from semantic_memory.store.vectors.embedded.files import (
    COLUMNS,
    MANIFEST,
    CodesFile,
    Column,
    Extent,
    Manifest,
    append,
    empty_manifest,
    read_range,
)
from semantic_memory.store.vectors.embedded.search import Snapshot, Tuning

log = structlog.get_logger()

SMALLEST_WASTE = 100
"""Fewer dead rows than these are not worth a compaction."""
COPIED_AT_ONCE = 16_384
"""Rows held in memory at a time while compacting, 25 MB at 384 dimensions."""


class Numbers:
    """Numbers lines by first appearance, and keeps the new ones for the table's file."""

    def __init__(self, lines: Iterable[str] = ()) -> None:
        self._numbers = {line: number for number, line in enumerate(lines)}
        self._fresh: list[str] = []

    def of(self, line: str) -> int:
        if line not in self._numbers:
            self._numbers[line] = len(self._numbers)
            self._fresh.append(line)
        return self._numbers[line]

    def take_fresh(self) -> bytes:
        fresh, self._fresh = self._fresh, []
        return "".join(f"{line}\n" for line in fresh).encode("ascii")


@dataclass(frozen=True, slots=True)
class Tables:
    documents: Numbers
    kinds: Numbers


@dataclass(frozen=True, slots=True)
class Row:
    passage: bytes
    entry: IndexEntry
    document: int
    kind: int


class CollectionWriter:
    """Adds to the files of a collection and publishes what it added by replacing the manifest."""

    def __init__(self, collection: Collection, tuning: Tuning) -> None:
        self._collection = collection
        self._folder = collection.folder
        self._tuning = tuning
        if not (self._folder / MANIFEST).exists():
            self._start(empty_manifest(generation=1))
        manifest = collection.state().manifest
        self._tables = _read_tables(self._folder, manifest)
        self._remove_other_generations(manifest)

    def apply(self, changes: Sequence[Change]) -> None:
        """Makes the changes visible. Raises: CorruptDataError for a vector of another length than the collection's."""
        newest = {change.passage_id.bytes: change.entry for change in changes}
        before = self._collection.state()
        held = dict(zip(newest, self._collection.rows_of(list(newest)), strict=True))
        rows = [row for row in self._rows(newest) if not _is_same(before.snapshot, held[row.passage], row)]
        fresh = {row.passage for row in rows}
        removed = [row for passage, row in held.items() if row is not None and (passage in fresh or newest[passage] is None)]
        if rows or removed:
            self._publish(self._extended(before.manifest, rows, removed))
            self._tidy()

    def _rows(self, newest: Mapping[bytes, IndexEntry | None]) -> list[Row]:
        numbers = self._tables
        return [
            Row(
                passage,
                entry,
                numbers.documents.of(document_line(entry.attributes)),
                numbers.kinds.of(kind_line(entry.attributes.types, entry.attributes.language)),
            )
            for passage, entry in newest.items()
            if entry is not None
        ]

    def _extended(self, manifest: Manifest, rows: Sequence[Row], removed: Sequence[int]) -> Manifest:
        dimension = manifest.dimension or (len(rows[0].entry.vector) if rows else 0)
        data: dict[Column, bytes] = {
            "vectors": _vectors(rows, dimension).tobytes(),
            "ids": b"".join([row.passage for row in rows]),
            "document_of_row": np.array([row.document for row in rows], dtype="<u4").tobytes(),
            "kind_of_row": np.array([row.kind for row in rows], dtype="<u4").tobytes(),
            "removed": np.array(removed, dtype="<u4").tobytes(),
            "documents": self._tables.documents.take_fresh(),
            "kinds": self._tables.kinds.take_fresh(),
        }
        return replace(manifest, dimension=dimension, columns=self._append(manifest, data))

    def _append(self, manifest: Manifest, data: Mapping[Column, bytes]) -> dict[Column, Extent]:
        folder = self._folder / manifest.folder
        return {name: append(folder / name, manifest.columns[name], data[name]) for name in COLUMNS}

    def _publish(self, manifest: Manifest) -> None:
        manifest.write(self._folder)

    def _start(self, manifest: Manifest) -> None:
        (self._folder / manifest.folder).mkdir(parents=True, exist_ok=True)
        self._publish(manifest)

    def _tidy(self) -> None:
        """Compacts when many rows are dead; gives codes to rows that wait for them."""
        state = self._collection.state()
        if state.snapshot.dead == state.snapshot.rows:
            self._replace_generation(empty_manifest(state.manifest.generation + 1))
        elif state.snapshot.dead > max(self._tuning.dead_share * state.snapshot.rows, SMALLEST_WASTE):
            self._replace_generation(self._compacted(state))
        self._encode(self._collection.state())

    def _encode(self, state: State) -> None:
        codes = self._new_codes(state.snapshot)
        if codes is not None:
            file = _write_codes(self._folder / state.manifest.folder, codes)
            self._collection.adopt(file, codes)
            self._publish(replace(state.manifest, codes=file))
            if state.manifest.codes is not None:
                (self._folder / state.manifest.folder / state.manifest.codes.name).unlink(missing_ok=True)

    def _new_codes(self, snapshot: Snapshot) -> Codes | None:
        """Codes for every row, if it is time for them."""
        codes, tuning = snapshot.codes, self._tuning
        if codes is None:
            return train(snapshot.vectors, sample=tuning.trained_rows) if snapshot.rows > tuning.exact_rows else None
        if snapshot.rows - codes.rows <= max(tuning.tail_rows, tuning.tail_share * codes.rows):
            return None
        if snapshot.rows > tuning.retrain_growth * codes.trained_rows:
            return train(snapshot.vectors, sample=tuning.trained_rows)
        return codes.extended(snapshot.vectors[codes.rows :])

    def _compacted(self, state: State) -> Manifest:
        """A new generation's files with the live rows only, in the same order."""
        snapshot, manifest = state.snapshot, empty_manifest(state.manifest.generation + 1)
        folder = self._folder / manifest.folder
        folder.mkdir(parents=True, exist_ok=True)
        columns = dict(manifest.columns)
        live = np.flatnonzero(snapshot.live)
        for start in range(0, len(live), COPIED_AT_ONCE):
            rows = live[start : start + COPIED_AT_ONCE]
            columns["vectors"] = append(folder / "vectors", columns["vectors"], snapshot.vectors[rows].tobytes())
        columns["ids"] = append(folder / "ids", columns["ids"], snapshot.ids[live].tobytes())
        columns |= self._compacted_attributes(state, live, folder)
        log.info("vector collection compacted", rows=len(live), removed=snapshot.dead)
        fresh = replace(manifest, dimension=state.manifest.dimension, columns=columns)
        return fresh if snapshot.codes is None else self._recoded(fresh, snapshot.codes, folder)

    def _compacted_attributes(self, state: State, live: Rows, folder: Path) -> dict[Column, Extent]:
        """Drops the documents no row names any more and numbers the others anew."""
        old = self._folder / state.manifest.folder
        lines = read_range(old / "documents", state.manifest.columns["documents"], 0, check=True).splitlines(keepends=True)
        used, numbers = np.unique(state.snapshot.document_of_row[live], return_inverse=True)
        kept: list[int] = used.tolist()
        kinds = read_range(old / "kinds", state.manifest.columns["kinds"], 0, check=True)
        data: dict[Column, bytes] = {
            "document_of_row": numbers.astype("<u4").tobytes(),
            "kind_of_row": state.snapshot.kind_of_row[live].tobytes(),
            "documents": b"".join(lines[number] for number in kept),
            "kinds": kinds,
        }
        return {name: append(folder / name, Extent(), content) for name, content in data.items()}

    def _recoded(self, manifest: Manifest, codes: Codes, folder: Path) -> Manifest:
        if manifest.rows <= self._tuning.exact_rows:
            return manifest
        extent = manifest.columns["vectors"]
        vectors = np.memmap(folder / "vectors", dtype="<f4", mode="r", shape=(manifest.rows, manifest.dimension)) if extent.size else None
        return manifest if vectors is None else replace(manifest, codes=_write_codes(folder, codes.recoded(np.asarray(vectors))))

    def _replace_generation(self, manifest: Manifest) -> None:
        self._start(manifest)
        self._tables = _read_tables(self._folder, manifest)
        self._remove_other_generations(manifest)

    def _remove_other_generations(self, manifest: Manifest) -> None:
        """Readers that mapped their files keep them until they let go."""
        for folder in self._folder.iterdir():
            if folder.is_dir() and folder.name != manifest.folder:
                shutil.rmtree(folder)


def _vectors(rows: Sequence[Row], dimension: int) -> NDArray[np.float32]:
    for row in rows:
        if len(row.entry.vector) != dimension:
            raise CorruptDataError(f"a vector of {len(row.entry.vector)} dimensions came for a collection of {dimension}")
    return np.array([row.entry.vector for row in rows], dtype="<f4").reshape(len(rows), dimension)


def _is_same(snapshot: Snapshot, held: int | None, row: Row) -> bool:
    return (
        held is not None
        and int(snapshot.document_of_row[held]) == row.document
        and int(snapshot.kind_of_row[held]) == row.kind
        and np.array_equal(snapshot.vectors[held], row.entry.vector)
    )


def _read_tables(folder: Path, manifest: Manifest) -> Tables:
    def lines(name: Column) -> list[str]:
        return read_range(folder / manifest.folder / name, manifest.columns[name], 0, check=True).decode("ascii").splitlines()

    return Tables(Numbers(lines("documents")), Numbers(lines("kinds")))


def _write_codes(folder: Path, codes: Codes) -> CodesFile:
    name = f"codes-{codes.rows}-{codes.trained_rows}"
    return CodesFile(name, codes.rows, codes.trained_rows, append(folder / name, Extent(), codes.to_bytes()))

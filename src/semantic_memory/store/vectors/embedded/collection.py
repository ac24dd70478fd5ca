"""One collection as a reader sees it: follows the manifest and answers from immutable snapshots."""

import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from semantic_memory.core.errors import CorruptDataError, EmbedderMismatchError
from semantic_memory.core.filters import Filters
from semantic_memory.core.model import Vector
from semantic_memory.store.index_folder import Stamp, stamp
from semantic_memory.store.vectors.embedded.attributes import Documents, Kinds, Mask
from semantic_memory.store.vectors.embedded.engine import Codes, codes_from_bytes, inner_products_of
from semantic_memory.store.vectors.embedded.files import MANIFEST, CodesFile, Column, Manifest, map_column, read_manifest, read_range
from semantic_memory.store.vectors.embedded.ids import RowLookup
from semantic_memory.store.vectors.embedded.search import Found, Snapshot, Tuning, best

KEPT_MASKS = 8
"""Candidate sets remembered per snapshot (1 byte a row each): the same filter tends to come again."""

FilterKey: TypeAlias = tuple[object, ...]
Adopted: TypeAlias = tuple[CodesFile, Codes]


@dataclass(frozen=True, slots=True)
class Generation:
    """What grows while the files of one generation grow; made anew after a compaction."""

    documents: Documents
    kinds: Kinds
    lookup: RowLookup


@dataclass(frozen=True, slots=True)
class State:
    """A manifest, opened."""

    stamp: Stamp | None
    manifest: Manifest
    generation: Generation
    snapshot: Snapshot
    masks: OrderedDict[FilterKey, Mask]


class Collection:
    """Safe to use from several threads."""

    def __init__(self, folder: Path, tuning: Tuning) -> None:
        self.folder = folder
        self._tuning = tuning
        self._lock = threading.Lock()
        self._state: State | None = None
        self._adopted: Adopted | None = None

    def search(self, vector: Vector, filters: Filters, limit: int) -> tuple[Snapshot, Found]:
        """The best rows for the vector, and the snapshot they belong to. Raises: CorruptDataError, EmbedderMismatchError."""
        with self._lock:
            state = self._current()
            candidates = _candidates(state, filters)
        _require_dimension(state, vector)
        return state.snapshot, best(state.snapshot, candidates, vector, limit, self._tuning)

    def scores(self, vector: Vector, ids: Sequence[bytes]) -> dict[bytes, float]:
        """Cosines of the passages held here. Raises: CorruptDataError, EmbedderMismatchError."""
        with self._lock:
            state = self._current()
            found = _rows_of(state, ids)
        held = {passage: row for passage, row in zip(ids, found, strict=True) if row is not None}
        if not held:
            return {}
        _require_dimension(state, vector)
        rows = np.fromiter(held.values(), dtype=np.int64, count=len(held))
        return dict(zip(held, inner_products_of(state.snapshot.vectors, rows, vector).tolist(), strict=True))

    def passage_ids(self) -> list[bytes]:
        snapshot = self.state().snapshot
        data = snapshot.ids[snapshot.live].tobytes()
        return [data[at : at + 16] for at in range(0, len(data), 16)]

    def rows_of(self, ids: Sequence[bytes]) -> list[int | None]:
        """Live rows of the passages."""
        with self._lock:
            return _rows_of(self._current(), ids)

    def check(self) -> None:
        """Raises: CorruptDataError."""
        self.state()

    def adopt(self, file: CodesFile, codes: Codes) -> None:
        """Spares the owner reading the codes it just wrote, for the next manifest."""
        self._adopted = (file, codes)

    def state(self) -> State:
        """The newest state. Raises: CorruptDataError when a file is missing or wrong."""
        with self._lock:
            return self._current()

    def _current(self) -> State:
        found = stamp(self.folder / MANIFEST)
        if self._state is None or found != self._state.stamp:
            self._state = _opened_with_retry(self.folder, self._state, self._adopted)
            self._adopted = None
        return self._state


def _opened_with_retry(folder: Path, before: State | None, adopted: Adopted | None) -> State:
    """A compaction may delete the generation between reading the manifest and opening its files; then a newer manifest is there."""
    try:
        return _opened(folder, before, adopted)
    except (FileNotFoundError, CorruptDataError):
        return _opened_anew(folder)


def _opened_anew(folder: Path) -> State:
    try:
        return _opened(folder, None, None)
    except FileNotFoundError as error:
        raise CorruptDataError(f"{error.filename!r} is missing") from error


def _opened(folder: Path, before: State | None, adopted: Adopted | None) -> State:
    found = stamp(folder / MANIFEST)
    manifest = read_manifest(folder)
    same = before if before is not None and before.manifest.generation == manifest.generation else None
    generation = same.generation if same else Generation(Documents(), Kinds(), RowLookup())
    snapshot = _snapshot(folder / manifest.folder, manifest, same, adopted)
    _extend_tables(folder / manifest.folder, manifest, generation, same)
    return State(found, manifest, generation, snapshot, OrderedDict())


def _snapshot(folder: Path, manifest: Manifest, same: State | None, adopted: Adopted | None) -> Snapshot:
    def column(name: Column, dtype: str) -> NDArray[Any]:
        return map_column(folder / name, manifest.columns[name], dtype, check=same is None)

    live = np.ones(manifest.rows, dtype=np.bool_)
    live[column("removed", "<u4")] = False
    return Snapshot(
        vectors=column("vectors", "<f4").reshape(-1, max(manifest.dimension, 1)),
        ids=column("ids", "u1").reshape(-1, 16),
        document_of_row=column("document_of_row", "<u4"),
        kind_of_row=column("kind_of_row", "<u4"),
        live=live,
        dead=manifest.rows - int(np.count_nonzero(live)),
        codes=_codes(folder, manifest, same, adopted),
    )


def _codes(folder: Path, manifest: Manifest, same: State | None, adopted: Adopted | None) -> Codes | None:
    file = manifest.codes
    if file is None:
        return None
    if same is not None and same.manifest.codes == file:
        return same.snapshot.codes
    if adopted is not None and adopted[0] == file:
        return adopted[1]
    return codes_from_bytes(read_range(folder / file.name, file.extent, 0, check=True), trained_rows=file.trained_rows)


def _extend_tables(folder: Path, manifest: Manifest, generation: Generation, same: State | None) -> None:
    """Reads the lines that were added since; the tables change last, so a failure leaves them as they were."""
    tables = {name: _lines(folder / name, manifest, name, same) for name in ("documents", "kinds")}
    generation.documents.extend(tables["documents"])
    generation.kinds.extend(tables["kinds"])


def _lines(file: Path, manifest: Manifest, name: Column, same: State | None) -> list[str]:
    start = same.manifest.columns[name].size if same else 0
    return read_range(file, manifest.columns[name], start, check=same is None).decode("ascii").splitlines()


def _candidates(state: State, filters: Filters) -> Mask | None:
    """Rows that are live and pass the filters; None when all do."""
    key = _key(filters)
    if key not in state.masks:
        mask = _filtered(state, filters)
        if mask is None:
            return state.snapshot.live if state.snapshot.dead else None
        state.masks[key] = mask
        if len(state.masks) > KEPT_MASKS:
            state.masks.popitem(last=False)
    state.masks.move_to_end(key)
    return state.masks[key]


def _filtered(state: State, filters: Filters) -> Mask | None:
    snapshot, generation = state.snapshot, state.generation
    documents, kinds = generation.documents.chosen(filters), generation.kinds.chosen(filters)
    if documents is None and kinds is None:
        return None
    mask = snapshot.live.copy()
    if documents is not None:
        mask &= documents[snapshot.document_of_row]
    if kinds is not None:
        mask &= kinds[snapshot.kind_of_row]
    return mask


def _key(filters: Filters) -> FilterKey:
    metadata = frozenset((name, type(value), value) for name, value in filters.metadata.items())
    moments = (filters.modified_from, filters.modified_before)
    return filters.languages, filters.types, filters.sources, filters.path_prefix, moments, metadata


def _rows_of(state: State, ids: Sequence[bytes]) -> list[int | None]:
    return state.generation.lookup.rows_of(ids, state.snapshot.ids, state.snapshot.live)


def _require_dimension(state: State, vector: Vector) -> None:
    held = state.manifest.dimension
    if held and len(vector) != held:
        raise EmbedderMismatchError(f"the collection holds vectors of {held} dimensions, the query has {len(vector)}")

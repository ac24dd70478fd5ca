"""The files of one collection: append-only columns in a generation folder, and a manifest that says how much of them counts.

A column's bytes beyond its extent belong to a write that was not finished and are overwritten by the next one. The manifest is replaced
atomically and last, so a reader that follows it sees whole batches only.
"""

import json
import os
import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from semantic_memory.core.errors import CorruptDataError
from semantic_memory.store.index_folder import read_json, write_atomically

LAYOUT = 1
"""Number of this file format."""
MANIFEST = "manifest.json"
CHECKED_BYTES = 64 * 2**20
"""Columns up to this size are read and checked when opened (about 25 ms); longer ones are synced to disk before the manifest names them."""

Column: TypeAlias = Literal["vectors", "ids", "document_of_row", "kind_of_row", "removed", "documents", "kinds"]
"""Per row: vector (float32), passage id (16 bytes), number of its document's and of its own attributes (uint32).
Apart from that: removed rows (uint32) and the two attribute tables (JSON lines)."""
COLUMNS: tuple[Column, ...] = ("vectors", "ids", "document_of_row", "kind_of_row", "removed", "documents", "kinds")


@dataclass(frozen=True, slots=True)
class Extent:
    """The first `size` bytes of a file and their CRC-32."""

    size: int = 0
    crc: int = 0


@dataclass(frozen=True, slots=True)
class CodesFile:
    """Codes of the first `rows` rows; `trained_rows` were there when their codebook was learnt."""

    name: str
    rows: int
    trained_rows: int
    extent: Extent


@dataclass(frozen=True, slots=True)
class Manifest:
    """One state of a collection. `dimension` is 0 until the first row."""

    generation: int
    dimension: int
    columns: Mapping[Column, Extent]
    codes: CodesFile | None = None

    @property
    def folder(self) -> str:
        return f"g{self.generation}"

    @property
    def rows(self) -> int:
        return self.columns["ids"].size // 16

    def write(self, folder: Path) -> None:
        write_atomically(folder / MANIFEST, json.dumps({"layout": LAYOUT, **asdict(self)}).encode())


def empty_manifest(generation: int) -> Manifest:
    return Manifest(generation, dimension=0, columns={name: Extent() for name in COLUMNS})


def read_manifest(folder: Path) -> Manifest:
    """Raises: FileNotFoundError; CorruptDataError for anything but a manifest of this layout."""
    stored: Any = read_json(folder / MANIFEST)
    try:
        return _manifest(stored)
    except (KeyError, TypeError, ValueError) as error:
        raise CorruptDataError(f"{str(folder / MANIFEST)!r} is no manifest of layout {LAYOUT}") from error


def append(file: Path, extent: Extent, data: bytes) -> Extent:
    """Writes `data` behind the extent, over anything an unfinished write left there."""
    if not data:
        return extent
    with file.open("r+b" if file.exists() else "w+b") as stream:
        stream.truncate(extent.size)
        stream.seek(extent.size)
        stream.write(data)
        stream.flush()
        if extent.size + len(data) > CHECKED_BYTES:
            os.fsync(stream.fileno())
    return Extent(extent.size + len(data), zlib.crc32(data, extent.crc))


def map_column(file: Path, extent: Extent, dtype: str, *, check: bool) -> NDArray[Any]:
    """The extent, mapped read-only. Raises: CorruptDataError when the file is shorter or, checked, does not fit its CRC."""
    if extent.size == 0:
        return np.empty(0, dtype=dtype)
    _require_size(file, extent)
    # A plain array over the mapping: np.memmap's own class makes every slice slower.
    column = np.asarray(np.memmap(file, dtype=dtype, mode="r", shape=(extent.size // np.dtype(dtype).itemsize,)))
    if check and extent.size <= CHECKED_BYTES:
        _require_crc(file, column.data, extent)
    return column


def read_range(file: Path, extent: Extent, start: int, *, check: bool) -> bytes:
    """Bytes [start, end of the extent); `check` needs start 0."""
    if extent.size <= start:
        return b""
    _require_size(file, extent)
    with file.open("rb") as stream:
        stream.seek(start)
        data = stream.read(extent.size - start)
    if check:
        _require_crc(file, data, extent)
    return data


def _require_size(file: Path, extent: Extent) -> None:
    if file.stat().st_size < extent.size:
        raise CorruptDataError(f"{str(file)!r} is shorter than its {extent.size} bytes")


def _require_crc(file: Path, data: "bytes | memoryview", extent: Extent) -> None:
    if zlib.crc32(data) != extent.crc:
        raise CorruptDataError(f"{str(file)!r} does not match its checksum")


def _manifest(stored: Any) -> Manifest:
    if stored["layout"] != LAYOUT:
        raise ValueError(stored["layout"])
    return Manifest(
        generation=int(stored["generation"]),
        dimension=int(stored["dimension"]),
        columns={name: Extent(**stored["columns"][name]) for name in COLUMNS},
        codes=_codes_file(stored["codes"]) if stored["codes"] else None,
    )


def _codes_file(stored: Any) -> CodesFile:
    return CodesFile(str(stored["name"]), int(stored["rows"]), int(stored["trained_rows"]), Extent(**stored["extent"]))

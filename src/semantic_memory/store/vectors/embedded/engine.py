"""The only place that calls faiss: exact inner products, and 4-bit product-quantiser codes scanned with SIMD shuffles.

Everything runs on the calling thread: with more OpenMP threads faiss collapses on busy cores. `use_one_thread` must be called once in
each thread that comes here, because OpenMP keeps that setting per thread. faiss releases the interpreter's lock while it works.
"""

import importlib
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from semantic_memory.core.model import Matrix, Vector

Rows = NDArray[np.int64]

DIMENSIONS_PER_CODE = 4
"""Four dimensions share one 4-bit code: 48 bytes per 384 dimensions, the size measured in ADR 0003."""
ENCODED_AT_ONCE = 16_384
"""Rows copied to memory at a time while encoding, 25 MB at 384 dimensions."""


def use_one_thread() -> None:
    _faiss().omp_set_num_threads(1)


def inner_products(matrix: Matrix, vector: Vector) -> Vector:
    """One product per row of a C-contiguous matrix."""
    faiss, products = _faiss(), np.empty(len(matrix), dtype=np.float32)
    if len(matrix):
        faiss.fvec_inner_products_ny(_pointer(products), _pointer(vector), _pointer(matrix), matrix.shape[1], len(matrix))
    return products


def inner_products_of(matrix: Matrix, rows: Rows, vector: Vector) -> Vector:
    """Products of the chosen rows only, in their order, without copying them."""
    faiss, products = _faiss(), np.empty(len(rows), dtype=np.float32)
    if len(rows):
        pointers = (_pointer(products), _pointer(vector), _pointer(matrix), _pointer(rows))
        faiss.fvec_inner_products_by_idx(*pointers, matrix.shape[1], 1, len(rows))
    return products


class Codes:
    """Codes of the first `rows` vectors of a collection; immutable once shared between threads."""

    def __init__(self, index: Any, *, trained_rows: int) -> None:
        self._index = index
        self.trained_rows = trained_rows

    @property
    def rows(self) -> int:
        return int(self._index.ntotal)

    def nearest(self, vector: Vector, count: int) -> Rows:
        """About the `count` nearest rows, roughly best first."""
        _, rows = self._index.search(_padded(vector[np.newaxis]), min(count, self.rows))
        found: Rows = rows[0]
        return found[found >= 0]

    def extended(self, vectors: Matrix) -> "Codes":
        """A copy that covers the further rows too, in the same codebook."""
        return _filled(_faiss().clone_index(self._index), vectors, self.trained_rows)

    def recoded(self, vectors: Matrix) -> "Codes":
        """Codes of these vectors alone, in the same codebook."""
        index = _faiss().clone_index(self._index)
        index.reset()
        return _filled(index, vectors, self.trained_rows)

    def to_bytes(self) -> bytes:
        data: NDArray[np.uint8] = _faiss().serialize_index(self._index)
        return data.tobytes()


def train(vectors: Matrix, *, sample: int) -> Codes:
    """Codes of all vectors, in a codebook learnt from `sample` of them, evenly spaced."""
    faiss = _faiss()
    chosen = np.linspace(0, len(vectors) - 1, num=min(sample, len(vectors)), dtype=np.int64)
    data = _padded(vectors[chosen])
    index = faiss.IndexPQFastScan(data.shape[1], data.shape[1] // DIMENSIONS_PER_CODE, 4, faiss.METRIC_INNER_PRODUCT)
    index.train(data)
    return _filled(index, vectors, len(vectors))


def codes_from_bytes(data: bytes, *, trained_rows: int) -> Codes:
    return Codes(_faiss().deserialize_index(np.frombuffer(data, dtype=np.uint8)), trained_rows=trained_rows)


def _filled(index: Any, vectors: Matrix, trained_rows: int) -> Codes:
    for start in range(0, len(vectors), ENCODED_AT_ONCE):
        index.add(_padded(vectors[start : start + ENCODED_AT_ONCE]))
    return Codes(index, trained_rows=trained_rows)


def _padded(vectors: Matrix) -> Matrix:
    """Zeros behind each row up to whole codes; they change no product."""
    missing = -vectors.shape[1] % DIMENSIONS_PER_CODE
    return np.pad(vectors, ((0, 0), (0, missing))) if missing else np.ascontiguousarray(vectors)


def _pointer(array: NDArray[Any]) -> Any:
    return _faiss().swig_ptr(array)


@cache
def _faiss() -> Any:
    return importlib.import_module("faiss")

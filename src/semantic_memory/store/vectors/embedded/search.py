"""Finding the best rows of one snapshot: exactly where that is cheap, else through the codes with exact scores at the end."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from semantic_memory.core.model import Matrix, Vector
from semantic_memory.store.vectors.embedded.attributes import Mask
from semantic_memory.store.vectors.embedded.engine import Codes, Rows, inner_products, inner_products_of

GROWTH = 4
"""By how much more rows are rescored when the first were too few."""
WATCHED = 10
"""The best hits that must not come from the far half of the rescored rows."""
PER_HIT = 6
"""Rows rescored at least for each hit asked for."""


@dataclass(frozen=True, slots=True)
class Tuning:
    """Numbers of the engine; the defaults were measured in ADR 0003."""

    exact_rows: int = 20_000
    """Up to this many candidates are compared in float32: 2.7 CPU ms at 384 dimensions."""
    rescored: int = 300
    """Best rows by their codes that get exact scores, at least."""
    rescored_share: float = 1 / 1_000
    """The same as a share of the rows: at a million, 1,000 cost no more than 300 and need a second scan less often."""
    tail_rows: int = 2_048
    """Rows behind the encoded ones that may wait for their codes (0.3 CPU ms of exact scan)."""
    tail_share: float = 1 / 64
    """The same as a share of the encoded rows, which are rewritten when the tail joins them."""
    trained_rows: int = 16_384
    """Rows a codebook is learnt from."""
    retrain_growth: float = 4.0
    """A codebook is learnt anew when the collection is this many times larger than when it was learnt."""
    dead_share: float = 0.25
    """Share of dead rows that starts a compaction."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One immutable state of a collection. `live` is False for rows that were replaced or removed; `dead` counts them."""

    vectors: Matrix
    ids: NDArray[np.uint8]
    document_of_row: NDArray[np.uint32]
    kind_of_row: NDArray[np.uint32]
    live: Mask
    dead: int
    codes: Codes | None

    @property
    def rows(self) -> int:
        return len(self.ids)


@dataclass(frozen=True, slots=True)
class Found:
    """Rows with their cosines, best first."""

    rows: Rows
    scores: Vector


def best(snapshot: Snapshot, candidates: Mask | None, vector: Vector, limit: int, tuning: Tuning) -> Found:
    """The `limit` best rows among the candidates (None: every row)."""
    count = snapshot.rows if candidates is None else int(np.count_nonzero(candidates))
    if snapshot.codes is None or count <= tuning.exact_rows:
        return _exact(snapshot, candidates, vector, limit)
    return _through_codes(snapshot, snapshot.codes, candidates, vector, limit, tuning)


def _exact(snapshot: Snapshot, candidates: Mask | None, vector: Vector, limit: int) -> Found:
    if candidates is None:
        return _top(np.arange(snapshot.rows), inner_products(snapshot.vectors, vector), limit)
    return _exact_rows(snapshot, np.flatnonzero(candidates), vector, limit)


def _exact_rows(snapshot: Snapshot, rows: Rows, vector: Vector, limit: int) -> Found:
    return _top(rows, inner_products_of(snapshot.vectors, rows, vector), limit)


def _through_codes(snapshot: Snapshot, codes: Codes, candidates: Mask | None, vector: Vector, limit: int, tuning: Tuning) -> Found:
    tail = _tail(snapshot, codes, candidates)
    available = codes.rows if candidates is None else int(np.count_nonzero(candidates[: codes.rows]))
    wanted = max(tuning.rescored, PER_HIT * limit, int(tuning.rescored_share * snapshot.rows))
    while (fetched := wanted * codes.rows // max(available, 1)) < available:
        rows = codes.nearest(vector, fetched)
        rows = rows if candidates is None else rows[candidates[rows]]
        found = _exact_rows(snapshot, np.concatenate((rows, tail)), vector, limit)
        if _is_settled(found, rows, wanted):
            return found
        wanted *= GROWTH
    return _exact(snapshot, candidates, vector, limit)


def _tail(snapshot: Snapshot, codes: Codes, candidates: Mask | None) -> Rows:
    """Candidates that have no codes yet."""
    tail = np.arange(codes.rows, snapshot.rows)
    return tail if candidates is None else tail[candidates[codes.rows :]]


def _is_settled(found: Found, rows: Rows, wanted: int) -> bool:
    """Whether more rows would hardly change the best hits.

    `rows` come in the order of their codes. Where that order is good, the best hits are early in it; where a filter leaves only rows far
    from the query, it tells little, the best hits lie anywhere, and better ones may lie behind the end.
    """
    # Sets, because np.isin takes 0.1 ms even for so few.
    return len(rows) >= wanted // 2 and set(rows[len(rows) // 2 :].tolist()).isdisjoint(found.rows[:WATCHED].tolist())


def _top(rows: Rows, scores: Vector, limit: int) -> Found:
    if len(rows) > limit:
        chosen = np.argpartition(scores, len(scores) - limit)[len(scores) - limit :]
        rows, scores = rows[chosen], scores[chosen]
    order = np.argsort(-scores, kind="stable")
    return Found(rows[order], scores[order])

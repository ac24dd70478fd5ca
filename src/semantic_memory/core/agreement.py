"""How far two engines filled from one change log find the same."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeAlias

from semantic_memory.core.access import Access, Role
from semantic_memory.core.filters import Filters
from semantic_memory.core.model import Change, IndexEntry

NEIGHBOURS = 10

COSINE_TOLERANCE = 2e-3
"""What 16-bit storage of a vector may change in a cosine. A neighbour this close to the farthest expected one is as good."""

WORDS = 12
"""Words of a passage that are asked for: about as many as a long question has."""

LEAST_AGREEMENT = {"vectors": 0.9, "keywords": 0.5}
"""Approximate vector indexes miss a few per cent. BM25 differs between engines in its constants and in what they count, so there the better
half must be the same; an engine that was filled wrongly shares next to nothing."""

Comparison: TypeAlias = Callable[[Any, Any, Sequence[Change]], Awaitable[float]]
"""Engine in use, engine to come, passages to ask for → share of the neighbours in common, 1 without passages."""


async def vectors_in_common(used: Any, target: Any, sample: Sequence[Change]) -> float:
    """By cosine, not by id: of equal passages any may come."""
    shares: list[float] = []
    for access, entry in _readers(sample):
        expected = await used.search(entry.vector, access=access, filters=Filters(), limit=NEIGHBOURS)
        given = await target.search(entry.vector, access=access, filters=Filters(), limit=NEIGHBOURS)
        least = expected[-1].score - COSINE_TOLERANCE if expected else 0.0
        shares.append(sum(match.score >= least for match in given) / max(len(expected), 1))
    return _mean(shares)


async def words_in_common(used: Any, target: Any, sample: Sequence[Change]) -> float:
    shares: list[float] = []
    for access, entry in _readers(sample):
        query = " ".join(entry.words.replace('"', " ").split()[:WORDS])
        expected = {match.passage_id for match in await used.search(query, access=access, filters=Filters(), limit=NEIGHBOURS)}
        given = {match.passage_id for match in await target.search(query, access=access, filters=Filters(), limit=NEIGHBOURS)}
        shares += [len(expected & given) / len(expected)] if expected else []
    return _mean(shares)


COMPARISONS: Mapping[str, Comparison] = {"vectors": vectors_in_common, "keywords": words_in_common}


def _readers(sample: Sequence[Change]) -> list[tuple[Access, IndexEntry]]:
    found = [(Access(tenant=change.tenant, principal="store move", role=Role.READER), change.entry) for change in sample]
    return [(access, entry) for access, entry in found if entry is not None]


def _mean(shares: Sequence[float]) -> float:
    return sum(shares) / len(shares) if shares else 1.0

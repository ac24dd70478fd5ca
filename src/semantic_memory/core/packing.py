"""Which hits an answer may draw on: each text once, no document alone, different passages rather than the same again."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from semantic_memory.core.model import Hit
from semantic_memory.core.words import analyse

OVERFETCH = 3
"""Hits searched for each that is wanted, so that something is left to choose from."""
SAME = 0.9
"""Share of common words from which two passages count as one text."""
REPETITION = 0.3
"""What repeating all the words of a passage chosen before takes from a score (Carbonell and Goldstein's MMR, SIGIR 1998)."""
SHARE_OF_ONE = 0.5
"""Most of the places that one document gets while others have something to say."""


@dataclass(frozen=True, slots=True)
class _Candidate:
    hit: Hit
    words: frozenset[str]


def pack(hits: Sequence[Hit], limit: int) -> list[Hit]:
    """Up to `limit` of the hits, best first; what one document holds beyond its share comes after everybody else's."""
    waiting = _distinct([_Candidate(hit, frozenset(analyse(hit.passage.text, hit.passage.language).terms)) for hit in hits])
    chosen: list[_Candidate] = []
    while waiting and len(chosen) < limit:
        best = max(waiting, key=lambda candidate: _worth(candidate, chosen, limit))
        waiting.remove(best)
        chosen.append(best)
    return [candidate.hit for candidate in chosen]


def within_budget(hits: Sequence[Hit], tokens: int) -> list[Hit]:
    """The hits that fit, best first; the best one always stays."""
    kept: list[Hit] = []
    for hit in hits:
        tokens -= hit.passage.token_count
        if tokens < 0 and kept:
            break
        kept.append(hit)
    return kept


def best_at_both_ends(count: int) -> list[int]:
    """Ranks (from 0) in the order to show them: models read the middle of a long text least (Liu et al., TACL 2024)."""
    return [*range(0, count, 2), *reversed(range(1, count, 2))]


def _distinct(candidates: Sequence[_Candidate]) -> list[_Candidate]:
    """The first of those that say the same."""
    kept: list[_Candidate] = []
    for candidate in candidates:
        if all(_common(candidate.words, other.words) < SAME for other in kept):
            kept.append(candidate)
    return kept


def _worth(candidate: _Candidate, chosen: Sequence[_Candidate], limit: int) -> float:
    repeated = max((_common(candidate.words, other.words) for other in chosen), default=0.0)
    taken = Counter(other.hit.document.id for other in chosen)[candidate.hit.document.id]
    is_over_its_share = taken >= max(1, int(limit * SHARE_OF_ONE))
    return candidate.hit.score - REPETITION * repeated - (1.0 + REPETITION) * is_over_its_share


def _common(one: frozenset[str], other: frozenset[str]) -> float:
    """The share of all their words that both hold (Jaccard)."""
    return len(one & other) / (len(one | other) or 1)

"""BM25 in this process's memory, computed as the formula says: for tests, demos and as the reference for the other adapters."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from semantic_memory.core.access import Access
from semantic_memory.core.filters import Filters, matches
from semantic_memory.core.model import Attributes, IndexEntry, Match
from semantic_memory.core.ports import KeywordIndex
from semantic_memory.core.settings import Settings
from semantic_memory.core.words import QueryAnalysis, analyse, analyse_query, contains
from semantic_memory.store.memory_index import MemoryIndex

K1, B = 0.9, 0.4
"""Saturation and length normalisation, as in Lin et al., Anserini's defaults for BM25."""


def build(settings: Settings) -> KeywordIndex:  # noqa: ARG001 - adapters are built alike
    """An empty index; nothing outlives the process."""
    return MemoryKeywordIndex()


@dataclass(frozen=True, slots=True)
class _Words:
    """A passage's words, counted."""

    passage_id: UUID
    attributes: Attributes
    terms: Counter[str]
    exact: list[str]

    @property
    def length(self) -> int:
        return self.terms.total()


class MemoryKeywordIndex(MemoryIndex[_Words]):
    def kept(self, entry: IndexEntry) -> _Words:
        words = analyse(entry.words, entry.attributes.language)
        return _Words(entry.passage_id, entry.attributes, Counter(words.terms), words.exact)

    async def search(self, query: str, *, access: Access, filters: Filters, limit: int) -> list[Match]:
        readable = self.readable(access)
        languages = filters.languages or {words.attributes.language for words in readable}
        asked = analyse_query(query, sorted(languages, key=str))
        scores = _bm25(asked.terms, readable)
        found = [Match(words.passage_id, score) for words, score in scores if _fits(words, asked, filters)]
        return sorted(found, key=lambda match: (-match.score, match.passage_id))[: max(limit, 0)]


def _fits(words: _Words, asked: QueryAnalysis, filters: Filters) -> bool:
    return matches(filters, words.attributes) and all(contains(words.exact, phrase) for phrase in asked.phrases)


def _bm25(terms: Sequence[str], passages: Sequence[_Words]) -> list[tuple[_Words, float]]:
    """Passages that hold any of the terms, with their scores."""
    holders = {term: sum(term in words.terms for words in passages) for term in terms}
    weights = {term: math.log(1 + (len(passages) - held + 0.5) / (held + 0.5)) for term, held in holders.items()}
    mean = sum(words.length for words in passages) / max(len(passages), 1)
    scored = [(words, sum(weights[term] * _saturated(words, term, mean) for term in terms)) for words in passages]
    return [(words, score) for words, score in scored if score > 0]


def _saturated(words: _Words, term: str, mean: float) -> float:
    count = words.terms[term]
    return count * (K1 + 1) / (count + K1 * (1 - B + B * words.length / mean)) if count else 0.0

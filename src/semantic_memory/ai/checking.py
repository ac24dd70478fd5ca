"""Whether a model's sentence is what its sources say: the server, not the model, decides what is cited.

A sentence is supported by a source that holds its every number, name and address, and either most of its words or, in other words, its
meaning. The quote is the piece of the source that holds most of it.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from semantic_memory.ai import refusal
from semantic_memory.ai.units import Unit, units
from semantic_memory.core.model import Hit
from semantic_memory.core.ports import Embedder
from semantic_memory.core.questions import content_words

WORDS = 0.6
"""Share of a sentence's words that the source it cites must hold."""
WORDS_UNCITED = 0.85
"""The same of a source that the sentence does not name: then only a near quote counts."""
MEANING = 0.75
"""Cosine from which a piece of the cited source says the same in other words; at least `PARAPHRASED` of the words must be there, too."""
PARAPHRASED = 0.35
MOST_CITED = 4
"""Sources looked at for one sentence."""

_FACT = re.compile(r"https?://\S+|\d[\d.,]*|(?<=[\w,;:] )[A-ZÀ-ÖØ-Þ]\w+")
"""What must not differ by a letter: addresses, numbers, and capitalised words inside the sentence."""


@dataclass(frozen=True, slots=True)
class _Claim:
    """What a sentence says, taken apart."""

    text: str
    words: frozenset[str]
    facts: tuple[str, ...]


class Checker:
    """Finds what supports a sentence."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder

    async def support(self, sentence: str, cited: Sequence[int], hits: Sequence[Hit], *, question: str) -> list[Unit]:
        """The pieces that support the sentence, best of each source; none when it is not supported.

        `cited` are the numbers of hits, from 1, that the model named; others are passed over. Names may come from the question.
        """
        named = [hits[number - 1] for number in dict.fromkeys(cited) if 1 <= number <= len(hits)][:MOST_CITED]
        claim = _claim(sentence, question)
        if not claim.words:
            return []
        found = [unit for hit in named if (unit := await self._supporting(claim, hit)) is not None]
        return found or [unit for hit in hits if (unit := _worded(claim, hit, WORDS_UNCITED)) is not None][:1]

    async def _supporting(self, claim: _Claim, hit: Hit) -> Unit | None:
        return _worded(claim, hit, WORDS) or (await self._meant(claim, hit) if _share(claim, hit) >= PARAPHRASED else None)

    async def _meant(self, claim: _Claim, hit: Hit) -> Unit | None:
        """The piece that says the same in other words."""
        best = _nearest(claim, hit)
        if best is None or not _holds_facts(claim, hit):
            return None
        sentence, piece = await self._embedder.embed_query(claim.text), await self._embedder.embed_query(best.text)
        return best if float(np.dot(sentence, piece)) >= MEANING else None


def _claim(sentence: str, question: str) -> _Claim:
    words = frozenset[str]().union(*(refusal.stems(word) for word in content_words(sentence)))
    asked = question.casefold()
    facts = tuple(fact for found in _FACT.findall(sentence) if (fact := found.rstrip(".,;:!?")).casefold() not in asked)
    return _Claim(sentence, words, facts)


def _worded(claim: _Claim, hit: Hit, least: float) -> Unit | None:
    return _nearest(claim, hit) if _share(claim, hit) >= least and _holds_facts(claim, hit) else None


def _share(claim: _Claim, hit: Hit) -> float:
    """Of the sentence's words, those the source holds."""
    return len(claim.words & refusal.stems(hit.passage.embedded_text, hit.passage.language)) / len(claim.words)


def _holds_facts(claim: _Claim, hit: Hit) -> bool:
    held = hit.passage.embedded_text.casefold()
    return all(re.search(rf"(?<!\w){re.escape(fact.casefold())}(?!\w)", held) for fact in claim.facts)


def _nearest(claim: _Claim, hit: Hit) -> Unit | None:
    """The piece with most of the sentence's words; the shorter of two with as many."""

    def worth(unit: Unit) -> tuple[int, int]:
        return len(claim.words & refusal.stems(unit.text, hit.passage.language)), -len(unit.text)

    return max(units([hit]), key=worth, default=None)

"""What the hits hold for a question: pieces scored by meaning and words, and how likely they answer it."""

import asyncio
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from semantic_memory.ai import refusal
from semantic_memory.ai.refusal import Signals, confidence
from semantic_memory.ai.units import Unit, units
from semantic_memory.core.model import Hit
from semantic_memory.core.ports import Embedder
from semantic_memory.core.questions import content_words
from semantic_memory.core.words import analyse

SHORTLIST = 24
"""Pieces that are embedded for one question: about 200 ms of one core."""

OVERLAP_WEIGHT = 0.5
"""Weight of shared words beside the cosine; measured with this embedder on SQuAD questions (docs/decisions/0006-answers.md)."""

HEADING_SHARE = 0.5
"""What a question's word counts that stands only in the headings above a piece."""


@dataclass(frozen=True, slots=True)
class Scored:
    unit: Unit
    score: float
    cosine: float
    overlap: float


@dataclass(frozen=True, slots=True)
class Appraisal:
    """The pieces, best first, and what they say about whether the question can be answered; `missing` are its words that no hit holds."""

    pieces: Sequence[Scored]
    signals: Signals
    missing: tuple[str, ...]

    @property
    def certainty(self) -> float:
        return confidence(self.signals) if self.pieces else 0.0


class Appraiser:
    """Judges what the hits hold for a question."""

    def __init__(self, embedder: Embedder) -> None:
        self.embedder = embedder

    async def appraise(self, question: str, hits: Sequence[Hit]) -> Appraisal:
        """Scores every piece worth scoring; no pieces when the hits hold nothing to quote."""
        asked = frozenset(analyse(question, None).terms)
        shortlist = await asyncio.to_thread(_shortlist, asked, hits)
        if not shortlist:
            return Appraisal((), Signals(), tuple(dict.fromkeys(content_words(question))))
        scored = await self._scored(question, shortlist)
        return await asyncio.to_thread(_appraised, question, hits, scored)

    async def _scored(self, question: str, shortlist: Sequence[tuple[Unit, float]]) -> list[Scored]:
        """Best first."""
        texts = self._fitting([unit.in_context for unit, _ in shortlist])
        matrix, query = await asyncio.gather(self.embedder.embed(texts), self.embedder.embed_query(question))
        cosines = np.clip(matrix @ query, -1.0, 1.0)
        scored = [
            Scored(unit, float(cosine) + OVERLAP_WEIGHT * overlap, float(cosine), overlap)
            for (unit, overlap), cosine in zip(shortlist, cosines, strict=True)
        ]
        return sorted(scored, key=lambda piece: -piece.score)

    def _fitting(self, texts: Sequence[str]) -> list[str]:
        """The texts cut to what the embedder reads: only their score depends on it, not what is quoted."""
        limit = self.embedder.model.max_tokens
        spans = self.embedder.tokenizer.spans(texts)
        return [text if len(tokens) <= limit else text[: tokens[limit - 1][1]] for text, tokens in zip(texts, spans, strict=True)]


def _shortlist(asked: frozenset[str], hits: Sequence[Hit]) -> list[tuple[Unit, float]]:
    """The pieces that share most words with the question, each with the share; a word counts the more the fewer pieces hold it."""
    pieces = units(hits)
    shared = [_shared(asked, piece) for piece in pieces]
    frequency = Counter(term for terms in shared for term in terms)
    weight = {term: math.log1p(len(pieces) / max(1, frequency[term])) for term in asked}
    total = sum(weight.values()) or 1.0
    overlaps = [
        (piece, sum(weight[term] * held for term, held in terms.items()) / total) for piece, terms in zip(pieces, shared, strict=True)
    ]
    return sorted(overlaps, key=lambda pair: -pair[1])[:SHORTLIST]


def _shared(asked: frozenset[str], unit: Unit) -> Mapping[str, float]:
    """The question's words that the piece holds; those only its headings hold count less, as every piece below them shares them."""
    language = unit.hit.passage.language
    headings = asked.intersection(analyse(" ".join(unit.hit.passage.heading_path), language).terms)
    return dict.fromkeys(headings, HEADING_SHARE) | dict.fromkeys(asked.intersection(analyse(unit.text, language).terms), 1.0)


def _appraised(question: str, hits: Sequence[Hit], scored: Sequence[Scored]) -> Appraisal:
    words = content_words(question)
    held = frozenset[str]().union(*(_stems(hit.passage.embedded_text, hit) for hit in hits))
    missing = tuple(dict.fromkeys(word for word in words if not refusal.stems(word) <= held))
    return Appraisal(scored, _signals(question, words, hits, scored), missing)


def _signals(question: str, words: Sequence[str], hits: Sequence[Hit], scored: Sequence[Scored]) -> Signals:
    best, sentence = scored[0], scored[0].unit
    rarity = _rarity(frozenset[str]().union(*(refusal.stems(word) for word in words)), hits)
    asked, found = refusal.numbers(question), refusal.numbers(sentence.text)
    denies, denied = refusal.is_negated(question), refusal.is_negated(sentence.text)
    cosines = sorted((hit.lanes["dense"].score for hit in hits if "dense" in hit.lanes), reverse=True)
    return Signals(
        sentence_cosine=best.cosine,
        best_cosine=max(piece.cosine for piece in scored),
        lead=cosines[0] - cosines[1] if len(cosines) > 1 else 0.0,
        missing_in_sentence=_share(rarity, _stems(sentence.text, sentence.hit)),
        missing_in_passage=_share(rarity, _stems(sentence.hit.passage.embedded_text, sentence.hit)),
        numbers=min(len(asked), refusal.MOST),
        missing_numbers=min(sum(number not in found for number in asked), refusal.MOST),
        asks_negated=float(denies),
        says_negated=float(denied),
        negation_differs=float(denies != denied),
        kind_found=float(refusal.adds_kind_asked_for(question, sentence.text)),
    )


def _rarity(asked: frozenset[str], hits: Sequence[Hit]) -> Mapping[str, float]:
    """The question's words, each with a weight that is the greater the fewer pieces of the hits hold it."""
    pieces = [_stems(piece.text, piece.hit) for piece in units(hits)]
    frequency = Counter(term for held in pieces for term in asked & held)
    return {term: math.log1p(len(pieces) / max(1, frequency[term])) for term in asked}


def _share(rarity: Mapping[str, float], held: frozenset[str]) -> float:
    """How much of the words' weight is missing."""
    return sum(weight for term, weight in rarity.items() if term not in held) / (sum(rarity.values()) or 1.0)


def _stems(text: str, hit: Hit) -> frozenset[str]:
    return refusal.stems(text, hit.passage.language)

"""Answers without a chat model: the sentences that answer best, quoted letter for letter."""

import asyncio
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from semantic_memory.ai.grounding import cite
from semantic_memory.ai.refusal import Signals, confidence, is_answerable, unanswerable
from semantic_memory.ai.units import Unit, units
from semantic_memory.core.model import Answer, Hit, Sentence
from semantic_memory.core.ports import Embedder
from semantic_memory.core.words import analyse

SHORTLIST = 24
"""Pieces that are embedded for one question: about 200 ms of one core."""

OVERLAP_WEIGHT = 0.5
"""Weight of shared words beside the cosine; measured with this embedder on SQuAD questions (docs/decisions/0006-answers.md)."""

HEADING_SHARE = 0.5
"""What a question's word counts that stands only in the headings above a piece."""

SENTENCES = 3
"""Most pieces an answer quotes."""

CLOSE = 0.92
"""A further piece must score this share of the best one's."""


@dataclass(frozen=True, slots=True)
class _Scored:
    unit: Unit
    score: float
    cosine: float
    overlap: float


@dataclass(frozen=True, slots=True)
class Appraisal:
    """The pieces, best first, and what they say about whether the question can be answered."""

    pieces: Sequence[_Scored]
    signals: Signals


class ExtractiveAnswerer:
    """Quotes the pieces nearest to the question by meaning and words, or declines."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder

    async def answer(self, question: str, hits: Sequence[Hit]) -> Answer:
        """Up to three quotes in reading order; unanswerable when the calibrated confidence is too low."""
        appraisal = await self.appraise(question, hits)
        certainty = confidence(appraisal.signals)
        return self.quote(appraisal, hits, certainty) if is_answerable(certainty) else unanswerable(certainty)

    async def appraise(self, question: str, hits: Sequence[Hit]) -> Appraisal:
        """Scores every piece worth scoring; no pieces and all-zero signals when the hits hold nothing to quote."""
        asked = frozenset(analyse(question, None).terms)
        shortlist = await asyncio.to_thread(_shortlist, asked, hits)
        if not shortlist:
            return Appraisal((), Signals())
        scored = await self._scored(question, shortlist)
        return Appraisal(scored, _signals(asked, hits, scored))

    def quote(self, appraisal: Appraisal, hits: Sequence[Hit], certainty: float = 1.0) -> Answer:
        """The best pieces in the order of the hits and, within a hit, of its text."""
        if not appraisal.pieces:
            return unanswerable()
        ranks = {hit.passage.id: rank for rank, hit in enumerate(hits)}
        chosen = sorted(_chosen(appraisal.pieces, hits), key=lambda unit: (ranks[unit.hit.passage.id], unit.start))
        citations = [cite(unit.hit, number, unit.start, unit.end) for number, unit in enumerate(chosen, start=1)]
        said = [Sentence(citation.quote, (citation.number,)) for citation in citations]
        text = "\n".join(quote.text for quote in said)
        return Answer(text=text, sentences=said, citations=citations, answerable=True, confidence=certainty)

    async def _scored(self, question: str, shortlist: Sequence[tuple[Unit, float]]) -> list[_Scored]:
        """Best first."""
        texts = self._fitting([unit.in_context for unit, _ in shortlist])
        matrix, query = await asyncio.gather(self._embedder.embed(texts), self._embedder.embed_query(question))
        cosines = np.clip(matrix @ query, -1.0, 1.0)
        scored = [
            _Scored(unit, float(cosine) + OVERLAP_WEIGHT * overlap, float(cosine), overlap)
            for (unit, overlap), cosine in zip(shortlist, cosines, strict=True)
        ]
        return sorted(scored, key=lambda piece: -piece.score)

    def _fitting(self, texts: Sequence[str]) -> list[str]:
        """The texts cut to what the embedder reads: only their score depends on it, not what is quoted."""
        limit = self._embedder.model.max_tokens
        spans = self._embedder.tokenizer.spans(texts)
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


def _signals(asked: frozenset[str], hits: Sequence[Hit], scored: Sequence[_Scored]) -> Signals:
    held = {term for hit in hits for term in analyse(hit.passage.embedded_text, hit.passage.language).terms}
    dense = [hit.lanes["dense"].score for hit in hits if "dense" in hit.lanes]
    return Signals(
        passage_cosine=max(dense, default=0.0),
        piece_cosine=max(piece.cosine for piece in scored),
        piece_overlap=scored[0].overlap,
        best_overlap=max(piece.overlap for piece in scored),
        known_words=len(asked & held) / max(1, len(asked)),
    )


def _chosen(scored: Sequence[_Scored], hits: Sequence[Hit]) -> list[Unit]:
    """The best pieces, each text once; where the very best leads into a list or table, that comes with it: steps belong to the sentence
    above them."""
    floor, best = scored[0].score * CLOSE, scored[0].unit
    following = next((unit for unit in units(hits) if unit.hit is best.hit and unit.start >= best.end), best)
    close = [piece.unit for piece in scored[:SENTENCES] if piece.score >= floor]
    wanted = [*close, following] if following.is_whole_list else close
    return list({unit.text: unit for unit in reversed(wanted)}.values())

"""Answers without a chat model: the sentences that answer best, quoted letter for letter."""

from collections.abc import Iterator, Sequence

from semantic_memory.ai import refusal
from semantic_memory.ai.appraisal import Appraisal, Appraiser, Scored
from semantic_memory.ai.drafting import Draft
from semantic_memory.ai.refusal import Strictness
from semantic_memory.ai.units import Unit, units
from semantic_memory.core.access import Access
from semantic_memory.core.answers import Cited, Done, Events, Question, Said
from semantic_memory.core.model import Hit

SENTENCES = 3
"""Most pieces an answer quotes."""

CLOSE = 0.92
"""A further piece must score this share of the best one's."""


class ExtractiveAnswerer:
    """Quotes the pieces nearest to the question by meaning and words, in reading order, or declines."""

    def __init__(self, appraiser: Appraiser, strictness: Strictness = "balanced") -> None:
        self._appraiser = appraiser
        self._threshold = refusal.THRESHOLDS[strictness]

    async def answer(self, question: Question, hits: Sequence[Hit], *, access: Access) -> Events:  # noqa: ARG002 - part of the port
        """Up to three quotes; unanswerable when the calibrated confidence is too low."""
        appraisal = await self._appraiser.appraise(question.text, hits)
        if appraisal.certainty < self._threshold:
            for event in refusal.declined(appraisal.certainty, appraisal.missing):
                yield event
            return
        draft = Draft()
        for event in quoted(draft, appraisal, hits):
            yield event
        yield Done(draft.answer(appraisal.certainty))


def quoted(draft: Draft, appraisal: Appraisal, hits: Sequence[Hit]) -> Iterator[Said | Cited]:
    """The best pieces in the order of the hits and, within a hit, of its text, each its own citation."""
    ranks = {hit.passage.id: rank for rank, hit in enumerate(hits)}
    for unit in sorted(_chosen(appraisal.pieces, hits), key=lambda unit: (ranks[unit.hit.passage.id], unit.start)):
        yield from draft.say(unit.text, [unit], gap="\n")


def _chosen(scored: Sequence[Scored], hits: Sequence[Hit]) -> list[Unit]:
    """The best pieces, each text once; where the very best leads into a list or table, that comes with it: steps belong to the sentence
    above them."""
    floor, best = scored[0].score * CLOSE, scored[0].unit
    following = next((unit for unit in units(hits) if unit.hit is best.hit and unit.start >= best.end), best)
    close = [piece.unit for piece in scored[:SENTENCES] if piece.score >= floor]
    wanted = [*close, following] if following.is_whole_list else close
    return list({unit.text: unit for unit in reversed(wanted)}.values())

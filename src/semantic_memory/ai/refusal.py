"""When to say "I don't know.": a confidence from several signals, calibrated on labelled questions."""

import math
from dataclasses import astuple, dataclass

from semantic_memory.core.model import Answer

DONT_KNOW = "I don't know."


@dataclass(frozen=True, slots=True)
class Signals:
    """What speaks for an answer; shares in [0, 1], cosines in [-1, 1].

    passage_cosine: the best hit's. piece_cosine: the best single sentence's. piece_overlap: share of the question's words in the chosen
    sentence, rare words counting more. best_overlap: that of the sentence with most of them. known_words: share of the question's words
    found anywhere in the hits.
    """

    passage_cosine: float = 0.0
    piece_cosine: float = 0.0
    piece_overlap: float = 0.0
    best_overlap: float = 0.0
    known_words: float = 0.0


BIAS = -3.549
WEIGHTS = Signals(passage_cosine=2.019, piece_cosine=2.335, piece_overlap=0.911, best_overlap=0.715, known_words=0.033)
"""Logistic regression on 375 labelled questions, checked on as many others (`python -m eval.answers --fit`; the cosines are those of the
default embedder)."""

THRESHOLD = 0.2
"""Answers 97.6 % of the answerable questions kept aside and declines 96.8 % of the off-topic ones. Questions on the corpus's own topics
that it does not answer are declined in 3 % only: nothing in similarity tells them apart (docs/decisions/0006-answers.md)."""


def confidence(signals: Signals) -> float:
    """The estimated chance that the hits answer the question."""
    weighed = sum(weight * signal for weight, signal in zip(astuple(WEIGHTS), astuple(signals), strict=True))
    return 1 / (1 + math.exp(-(BIAS + weighed)))


def is_answerable(certainty: float) -> bool:
    return certainty >= THRESHOLD


def unanswerable(certainty: float = 0.0) -> Answer:
    return Answer(text=DONT_KNOW, sentences=(), citations=(), answerable=False, confidence=certainty)

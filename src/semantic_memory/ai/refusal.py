"""When to say "I don't know.": a confidence from several signals, calibrated on labelled questions.

Similarity alone does not tell a question that the text answers from one that it only resembles. What helps beside it: does the best
sentence hold the question's words and numbers, does one of the two say "not", and does it hold the kind of thing that is asked for. Figures
and what was tried: docs/decisions/0020-refusal.md.
"""

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass
from typing import Literal, TypeAlias

from semantic_memory.core.answers import DONT_KNOW, Answer, Done, Event, Said
from semantic_memory.core.questions import WORD
from semantic_memory.core.words import analyse

Strictness: TypeAlias = Literal["lenient", "balanced", "strict"]


@dataclass(frozen=True, slots=True)
class Signals:
    """What speaks for or against an answer; cosines in [-1, 1], shares and yes or no in [0, 1], counts to 3.

    sentence_cosine: the best sentence's. best_cosine: that of the sentence nearest by meaning. lead: how far the best passage's cosine is
    ahead of the second's. missing_in_sentence, missing_in_passage: share of the question's words, rare ones counting more, that the best
    sentence or its passage lacks. numbers, missing_numbers: those of the question, and those of them that the sentence lacks. asks_negated,
    says_negated, negation_differs: whether question and sentence deny something, and whether only one does. kind_found: whether the
    sentence adds a number, date or name where one is asked for.
    """

    sentence_cosine: float = 0.0
    best_cosine: float = 0.0
    lead: float = 0.0
    missing_in_sentence: float = 0.0
    missing_in_passage: float = 0.0
    numbers: float = 0.0
    missing_numbers: float = 0.0
    asks_negated: float = 0.0
    says_negated: float = 0.0
    negation_differs: float = 0.0
    kind_found: float = 0.0


BIAS = -3.633
WEIGHTS = Signals(
    sentence_cosine=2.81,
    best_cosine=2.474,
    lead=1.268,
    missing_in_sentence=-1.756,
    missing_in_passage=1.25,
    numbers=-0.37,
    missing_numbers=-0.943,
    asks_negated=-1.814,
    says_negated=1.09,
    negation_differs=-1.095,
    kind_found=0.672,
)
"""Logistic regression on labelled questions (`python -m eval.answers --fit`); the cosines are those of the default embedder."""

THRESHOLDS: dict[Strictness, float] = {"lenient": 0.14, "balanced": 0.27, "strict": 0.4}
"""The least confidence of an answer: `lenient` declines little but what is off topic, `balanced` keeps nine tenths of what retrieval found,
`strict` declines more than half of the questions that mislead, and a quarter of those that do not."""

MOST = 3
"""Counts above this say no more."""


def confidence(signals: Signals) -> float:
    """The estimated chance that the hits answer the question."""
    weighed = sum(weight * signal for weight, signal in zip(astuple(WEIGHTS), astuple(signals), strict=True))
    return 1 / (1 + math.exp(-(BIAS + weighed)))


def unanswerable(certainty: float = 0.0, missing: Sequence[str] = ()) -> Answer:
    return Answer(DONT_KNOW, (), (), answerable=False, confidence=certainty, missing=tuple(missing))


def declined(certainty: float, missing: Sequence[str]) -> Iterator[Event]:
    """The events of an answer that says no more than that."""
    yield Said(DONT_KNOW, ())
    yield Done(unanswerable(certainty, missing))


# ── the words of a question ──────────────────────────────────────────────────────────────────────────────────────────────────────────

_NUMBER = re.compile(r"\d[\d.,]*")
_NEGATION = re.compile(
    r"\b(?:not|no|never|none|cannot|without|neither|nor|unlike|other than|except|besides|fail|failed|lack|unable|impossible)\b|n['’]t\b",
    re.IGNORECASE,
)
_KINDS: dict[str, re.Pattern[str]] = {
    "number": re.compile(
        r"\bhow (?:many|much|long|old|far|tall|large|big|often|high|wide|fast|few)\b"
        r"|\bwhat (?:percent|percentage|number|amount|proportion|fraction)\b"
    ),
    "date": re.compile(r"\bwhen\b|\b(?:what|which) (?:year|century|decade|date|day|month|time)\b"),
    "name": re.compile(
        r"\bwho(?:m|se)?\b|\bwhere\b"
        r"|\b(?:what|which) (?:country|city|state|place|location|region|continent|county|town|river)\b"
    ),
}
_COUNTING = """zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen
nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred thousand million billion half dozen once twice first second third"""
_COUNTED = frozenset(_COUNTING.split())
_CALENDAR = "january february march april may june july august september october november december"
_MONTHS = frozenset(_CALENDAR.split())


def stems(text: str, language: str | None = None) -> frozenset[str]:
    return frozenset(analyse(text, language).terms)


def numbers(text: str) -> list[str]:
    return [number.rstrip(".,") for number in _NUMBER.findall(text)]


def is_negated(text: str) -> bool:
    return _NEGATION.search(text) is not None


def adds_kind_asked_for(question: str, sentence: str) -> bool:
    """Whether the sentence holds, beside the question's own words, a number, date or name where the question asks for one."""
    kind = next((kind for kind, pattern in _KINDS.items() if pattern.search(question.lower())), None)
    if kind is None:
        return True
    asked = stems(question)
    words = [word for word in WORD.findall(sentence) if not stems(word) & asked]
    if kind == "name":
        return any(word[0].isupper() for word in words[1:])
    return any(word[0].isdigit() or word.casefold() in (_COUNTED if kind == "number" else _MONTHS) for word in words)

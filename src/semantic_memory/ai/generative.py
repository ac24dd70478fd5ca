"""Answers written by a chat model from numbered sources, checked sentence by sentence as they arrive."""

from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from typing import Literal, TypeAlias

import structlog

from semantic_memory.ai import context
from semantic_memory.ai.appraisal import Appraisal, Appraiser
from semantic_memory.ai.checking import Checker
from semantic_memory.ai.drafting import Draft
from semantic_memory.ai.metered import MeteredChat
from semantic_memory.ai.prompts import Prompt
from semantic_memory.ai.refusal import THRESHOLDS, Strictness, declined, unanswerable
from semantic_memory.ai.speech import Speech, Utterance
from semantic_memory.core.access import Access
from semantic_memory.core.answers import DONT_KNOW, Answer, Answerer, Cited, Done, Events, Question, Said, Usage
from semantic_memory.core.errors import BackendError, BudgetExceededError
from semantic_memory.core.model import Hit
from semantic_memory.core.packing import within_budget

log = structlog.get_logger()

Unsupported: TypeAlias = Literal["drop", "mark"]
MARK = "[unsupported]"


@dataclass(frozen=True, slots=True)
class Writing:
    """How a chat model is used: its prompt, the tokens of sources it is given, and what becomes of sentences that no source supports."""

    prompt: Prompt
    context_tokens: int
    unsupported: Unsupported = "drop"
    strictness: Strictness = "lenient"


@dataclass
class _Writing:
    """One answer on its way. `held_back` are unsupported sentences before the first supported one: alone they are no answer."""

    question: Question
    hits: Sequence[Hit]
    appraisal: Appraisal
    draft: Draft = field(default_factory=Draft)
    held_back: list[Utterance] = field(default_factory=list[Utterance])
    usage: Usage = field(default_factory=Usage)

    def answer(self) -> Answer:
        if self.draft.is_supported:
            return self.draft.answer(self.appraisal.certainty)
        return unanswerable(self.appraisal.certainty, self.appraisal.missing)


class GenerativeAnswerer:
    """Asks the chat model; when it fails before it has said anything, the understudy answers and the answer says so."""

    def __init__(self, chat: MeteredChat, understudy: Answerer, appraiser: Appraiser, checker: Checker, writing: Writing) -> None:
        self._chat = chat
        self._understudy = understudy
        self._appraiser = appraiser
        self._checker = checker
        self._how = writing

    async def answer(self, question: Question, hits: Sequence[Hit], *, access: Access) -> Events:
        """Declines without asking the model when the hits hold next to nothing."""
        appraisal = await self._appraiser.appraise(question.text, hits)
        if appraisal.certainty < THRESHOLDS[self._how.strictness]:
            for event in declined(appraisal.certainty, appraisal.missing):
                yield event
            return
        writing = _Writing(question, within_budget(hits, self._how.context_tokens), appraisal)
        try:
            async with aclosing(self._written(writing, access)) as said:
                async for event in said:
                    yield event
            end = writing.answer()
        except (BackendError, BudgetExceededError) as error:
            log.warning("chat model failed", model=self._chat.name, code=error.code, error=error.message)
            reason = f"chat model {self._chat.name!r} failed: {error.code}"
            if not writing.draft.sentences:
                async for event in self._replaced(question, hits, reason, access):
                    yield event
                return
            end = replace(writing.answer(), degraded=(f"{reason}; the answer is incomplete",))
        if not end.answerable:
            yield Said(DONT_KNOW, ())
        yield Done(replace(end, model=self._chat.name, usage=writing.usage))

    async def _replaced(self, question: Question, hits: Sequence[Hit], reason: str, access: Access) -> Events:
        """The understudy's answer, marked as such."""
        async with aclosing(self._understudy.answer(question, hits, access=access)) as events:
            async for event in events:
                yield Done(replace(event.answer, degraded=(*event.answer.degraded, reason))) if isinstance(event, Done) else event

    async def _written(self, writing: _Writing, access: Access) -> AsyncGenerator[Said | Cited, None]:
        speech = Speech()
        prompt = self._how.prompt.messages(
            fence=context.fence(), sources=context.numbered(writing.hits), question=context.harmless(writing.question.text)
        )
        async with aclosing(self._chat.stream(prompt, access=access, temperature=writing.question.temperature)) as pieces:
            async for piece in pieces:
                writing.usage = piece.usage or writing.usage
                for utterance in speech.hear(piece.text):
                    for event in await self._checked(utterance, writing):
                        yield event
        for utterance in speech.end():
            for event in await self._checked(utterance, writing):
                yield event

    async def _checked(self, utterance: Utterance, writing: _Writing) -> list[Said | Cited]:
        """What may be said of it: nothing that was said before, and what no source supports only with a mark, if at all."""
        if is_dont_know(utterance.text) or writing.draft.has(utterance.text):
            return []
        units = await self._checker.support(utterance.text, utterance.cited, writing.hits, question=writing.question.text)
        if units:
            held_back, writing.held_back = writing.held_back, []
            return [*_marked(held_back, writing.draft), *writing.draft.say(utterance.text, units, gap=utterance.gap)]
        if self._how.unsupported == "drop":
            return []
        if writing.draft.is_supported:
            return list(_marked([utterance], writing.draft))
        writing.held_back.append(utterance)
        return []


def is_dont_know(text: str) -> bool:
    return text.rstrip(".!").casefold() == DONT_KNOW.rstrip(".").casefold()


def _marked(utterances: Sequence[Utterance], draft: Draft) -> Iterator[Said | Cited]:
    for utterance in utterances:
        yield from draft.say(f"{utterance.text} {MARK}", [], gap=utterance.gap)

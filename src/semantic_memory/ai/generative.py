"""Answers written by a chat model from numbered sources, then checked sentence by sentence."""

import asyncio
import re
import secrets
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from importlib.resources import files

import structlog

from semantic_memory.ai.grounding import cite
from semantic_memory.ai.refusal import DONT_KNOW, unanswerable
from semantic_memory.ai.units import Unit, units
from semantic_memory.core.errors import BackendError, BackendTimeoutError
from semantic_memory.core.model import Answer, Citation, Hit, Sentence
from semantic_memory.core.ports import Answerer, ChatModel, Message
from semantic_memory.core.sentences import sentences
from semantic_memory.core.words import analyse

log = structlog.get_logger()

MAX_TOKENS = 2_000
TEMPERATURE = 0.2
TIMEOUT_S = 30.0
"""The user's figures for one answer."""

MIN_SUPPORT = 0.5
"""Share of a sentence's words that its cited source must hold; below it the sentence is not the source's."""

_MARKER = re.compile(r"\[(\d{1,3})\]")


class GenerativeAnswerer:
    """Asks the chat model; when it fails, the fallback answers and the answer says so."""

    def __init__(self, chat: ChatModel, fallback: Answerer) -> None:
        self._chat = chat
        self._fallback = fallback

    async def answer(self, question: str, hits: Sequence[Hit]) -> Answer:
        if not hits:
            return unanswerable()
        try:
            text = await self._complete(question, hits)
        except BackendError as error:
            log.warning("chat model failed", model=self._chat.name, code=error.code, error=error.message)
            quoted = await self._fallback.answer(question, hits)
            return replace(quoted, degraded=(*quoted.degraded, f"chat model {self._chat.name!r} failed: {error.code}"))
        return await asyncio.to_thread(_checked, text, hits)

    async def _complete(self, question: str, hits: Sequence[Hit]) -> str:
        pieces = self._chat.stream(_messages(question, hits), max_tokens=MAX_TOKENS, temperature=TEMPERATURE)
        try:
            async with asyncio.timeout(TIMEOUT_S):
                return "".join([piece async for piece in pieces])
        except TimeoutError as error:
            raise BackendTimeoutError(f"chat model {self._chat.name!r} took longer than {TIMEOUT_S:.0f} s") from error


@cache
def _instructions() -> str:
    return files("semantic_memory.ai.prompts").joinpath("answer.md").read_text("utf-8")


def _messages(question: str, hits: Sequence[Hit]) -> list[Message]:
    """The sources stand between delimiters that no document can know."""
    fence = secrets.token_hex(8)
    sources = "\n\n".join(f"[{number}] {hit.passage.embedded_text}" for number, hit in enumerate(hits, start=1))
    prompt = f"Sources, between <{fence}> and </{fence}>:\n<{fence}>\n{sources}\n</{fence}>\n\nQuestion: {question}"
    return [Message("system", _instructions()), Message("user", prompt)]


def _checked(text: str, hits: Sequence[Hit]) -> Answer:
    """Keeps the sentences whose cited sources support them; nothing kept means not known."""
    if text.strip().rstrip(".").casefold() == DONT_KNOW.rstrip(".").casefold():
        return unanswerable()
    kept: list[Sentence] = []
    citations: list[Citation] = []
    for start, end in sentences(text):
        sentence, cited = _MARKER.sub("", text[start:end]).strip(), [int(mark) for mark in _MARKER.findall(text[start:end])]
        supports = [_support(sentence, hits[number - 1]) for number in dict.fromkeys(cited) if 1 <= number <= len(hits)]
        grounded = [unit for support, unit in supports if unit is not None and support >= MIN_SUPPORT]
        if sentence and grounded:
            numbers = range(len(citations) + 1, len(citations) + len(grounded) + 1)
            citations += [cite(unit.hit, number, unit.start, unit.end) for number, unit in zip(numbers, grounded, strict=True)]
            kept.append(Sentence(sentence, tuple(numbers)))
    if not kept:
        return unanswerable()
    body = " ".join(sentence.text for sentence in kept)
    return Answer(text=body, sentences=kept, citations=citations, answerable=True, confidence=1.0)


def _support(sentence: str, hit: Hit) -> tuple[float, Unit | None]:
    """The share of the sentence's words the source holds, and the piece of the source that holds most of them."""
    claimed = frozenset(analyse(sentence, hit.passage.language).terms)
    held = frozenset(analyse(hit.passage.embedded_text, hit.passage.language).terms)
    pieces = units([hit])
    if not claimed or not pieces:
        return 0.0, None
    best = max(pieces, key=lambda unit: len(claimed & frozenset(analyse(unit.text, hit.passage.language).terms)))
    return len(claimed & held) / len(claimed), best

"""Chat models that do as they are told, and answerers made with them."""

from collections.abc import AsyncGenerator, Sequence
from datetime import date
from typing import Any

from semantic_memory.ai import prompts
from semantic_memory.ai.appraisal import Appraiser
from semantic_memory.ai.checking import Checker
from semantic_memory.ai.extractive import ExtractiveAnswerer
from semantic_memory.ai.generative import GenerativeAnswerer, Writing
from semantic_memory.ai.metered import Limits, MeteredChat
from semantic_memory.core.access import local_access
from semantic_memory.core.answers import Answer, Answerer, ChatModel, Message, Piece, Question, Usage, answered
from semantic_memory.core.errors import SemanticMemoryError
from semantic_memory.core.model import Hit
from semantic_memory.core.settings import Settings
from semantic_memory.core.usage import Budget, Prices
from semantic_memory.wiring import adapter


class Account:
    """`UsageStore` in a dictionary."""

    def __init__(self) -> None:
        self.days: dict[tuple[str, date], Usage] = {}

    async def add(self, tenant: str, day: date, usage: Usage, *, limit: int = 0) -> bool:
        total = await self.of(tenant, day) + usage
        if limit and total.tokens > limit:
            return False
        self.days[tenant, day] = total
        return True

    async def of(self, tenant: str, day: date) -> Usage:
        return self.days.get((tenant, day), Usage())


class Scripted:
    """Says what it was given, word by word, then raises what it was given; remembers what it was asked."""

    name = "scripted"

    def __init__(self, reply: str, error: SemanticMemoryError | None = None) -> None:
        self._reply = reply
        self._error = error
        self.asked: Sequence[Message] = ()

    async def stream(self, messages: Sequence[Message], *, max_tokens: int, temperature: float) -> AsyncGenerator[Piece, None]:
        self.asked = messages
        for word in self._reply.split(" ") if self._reply else ():
            yield Piece(f"{word} ")
        if self._error:
            raise self._error
        yield Piece(usage=Usage(100, 20))

    async def close(self) -> None:
        """Nothing to close."""


class Obedient(Scripted):
    """Does what the documents tell it to: repeats everything it was given."""

    def __init__(self) -> None:
        super().__init__("")

    async def stream(self, messages: Sequence[Message], *, max_tokens: int, temperature: float) -> AsyncGenerator[Piece, None]:
        self.asked = messages
        for message in messages:
            yield Piece(f"{message.content}\n")


def metered(chat: ChatModel, *, account: Account | None = None, limit: int = 0, **limits: Any) -> MeteredChat:
    return MeteredChat(chat, Budget(account or Account(), limit=limit), Prices(1.0, 2.0), Limits(**limits))


def generative(chat: ChatModel, *, metered_by: MeteredChat | None = None, **writing: Any) -> Answerer:
    appraiser = Appraiser(adapter("ai.embed", "minilm")(Settings()))
    how = Writing(prompts.load("answer"), context_tokens=3000, **writing)
    quotes = ExtractiveAnswerer(appraiser)
    return GenerativeAnswerer(metered_by or metered(chat), quotes, appraiser, Checker(appraiser.embedder), how)


async def answer(answerer: Answerer, question: str, hits: Sequence[Hit]) -> Answer:
    return await answered(answerer.answer(Question(question), hits, access=local_access()))

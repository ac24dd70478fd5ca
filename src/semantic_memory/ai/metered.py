"""A chat model within limits: of time, of tokens, and of the tenant's budget."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass

from semantic_memory.core.access import Access
from semantic_memory.core.answers import ChatModel, Message, Piece, Usage
from semantic_memory.core.errors import BackendResponseError, BackendTimeoutError
from semantic_memory.core.usage import Budget, Prices

CHARACTERS_PER_TOKEN = 4
"""Of English prose; used where a model does not count by itself."""
LONGEST_TOKEN = 32
"""Characters per token beyond which a completion is not what was asked for: nobody keeps 10 MB of it."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Of one completion."""

    max_tokens: int = 2_000
    temperature: float = 0.2
    timeout_s: float = 30.0


class MeteredChat:
    """`ChatModel` for a tenant."""

    def __init__(self, chat: ChatModel, budget: Budget, prices: Prices, limits: Limits) -> None:
        self._chat = chat
        self._budget = budget
        self._prices = prices
        self._limits = limits

    @property
    def name(self) -> str:
        return self._chat.name

    async def stream(
        self, messages: Sequence[Message], *, access: Access, temperature: float | None = None, max_tokens: int | None = None
    ) -> AsyncGenerator[Piece, None]:
        """Pieces as they arrive; the last one tells what the completion cost.

        Raises: BudgetExceededError; BackendTimeoutError; BackendResponseError for a completion beyond all measure; other BackendErrors.
        """
        most = max_tokens or self._limits.max_tokens
        warmth = self._limits.temperature if temperature is None else temperature
        asked, said = sum(len(message.content) for message in messages), 0
        async with self._budget.spend(access.tenant, self._prices.of(_tokens(asked), most)) as spending:
            spending.used = Usage()
            async with aclosing(self._chat.stream(messages, max_tokens=most, temperature=warmth)) as pieces:
                async for piece in self._timed(pieces):
                    said += len(piece.text)
                    if said > most * LONGEST_TOKEN:
                        raise BackendResponseError(f"chat model {self.name!r} sent more than {most} tokens can hold")
                    counted = piece.usage or Usage(_tokens(asked), _tokens(said))
                    spending.used = self._prices.of(counted.prompt_tokens, counted.completion_tokens)
                    if piece.text:
                        yield Piece(piece.text)
            yield Piece(usage=spending.used)

    async def complete(self, messages: Sequence[Message], *, access: Access, max_tokens: int) -> tuple[str, Usage]:
        """A short completion, whole, without chance. Raises: as `stream`."""
        text, usage = "", Usage()
        async with aclosing(self.stream(messages, access=access, temperature=0.0, max_tokens=max_tokens)) as pieces:
            async for piece in pieces:
                text += piece.text
                usage = piece.usage or usage
        return text.strip(), usage

    async def _timed(self, pieces: AsyncGenerator[Piece, None]) -> AsyncGenerator[Piece, None]:
        deadline = asyncio.get_running_loop().time() + self._limits.timeout_s
        while True:
            try:
                async with asyncio.timeout_at(deadline):
                    piece = await anext(pieces, None)
            except TimeoutError as error:
                raise BackendTimeoutError(f"chat model {self.name!r} took longer than {self._limits.timeout_s:g} s") from error
            if piece is None:
                return
            yield piece


def _tokens(characters: int) -> int:
    """An estimate, rounded up."""
    return -(-characters // CHARACTERS_PER_TOKEN)

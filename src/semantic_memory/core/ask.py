"""Question → hits → answer with checked citations."""

from dataclasses import replace
from typing import Protocol

from semantic_memory.core.access import Access
from semantic_memory.core.filters import Filters
from semantic_memory.core.model import Answer
from semantic_memory.core.ports import Answerer
from semantic_memory.core.search import Searching


class Asking(Protocol):
    """`Ask`, or what stands before it."""

    async def __call__(self, question: str, *, filters: Filters, top_k: int, access: Access) -> Answer: ...


class Ask:
    """The ask use case."""

    def __init__(self, search: Searching, answerer: Answerer) -> None:
        self._search = search
        self._answerer = answerer

    async def __call__(self, question: str, *, filters: Filters, top_k: int, access: Access) -> Answer:
        """Raises: InvalidInputError for an empty question; BackendError when neither retrieval lane nor the answerer's model works."""
        result = await self._search(question, filters=filters, top_k=top_k, explain=False, access=access)
        answer = await self._answerer.answer(question, result.hits)
        return replace(answer, degraded=(*result.degraded, *answer.degraded))

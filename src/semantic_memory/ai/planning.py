"""What to search for: follow-ups made to stand alone, and further searches when the first does not suffice."""

from collections.abc import Sequence

import structlog

from semantic_memory.ai import context
from semantic_memory.ai.appraisal import Appraiser
from semantic_memory.ai.metered import MeteredChat
from semantic_memory.ai.prompts import Prompt
from semantic_memory.core import questions
from semantic_memory.core.access import Access
from semantic_memory.core.answers import Question, Usage
from semantic_memory.core.errors import BackendError, BudgetExceededError
from semantic_memory.core.model import Hit
from semantic_memory.core.search import MAX_QUERY_CHARACTERS

log = structlog.get_logger()

ENOUGH = "ENOUGH"
PLAN_TOKENS = 100
SURE = 0.6
"""Confidence in what was found from which nothing more is searched for."""


class PlainPlanner:
    """Without a model."""

    async def standalone(self, question: Question, *, access: Access) -> tuple[str, Usage]:  # noqa: ARG002 - part of the port
        return questions.standalone(question.text, question.earlier), Usage()

    async def further(self, question: str, hits: Sequence[Hit], *, access: Access) -> tuple[str | None, Usage]:  # noqa: ARG002
        return None, Usage()


class ChatPlanner:
    """Asks the chat model; where that fails, the question is taken as it is without one."""

    def __init__(self, chat: MeteredChat, appraiser: Appraiser, rewrite: Prompt, search: Prompt) -> None:
        self._chat = chat
        self._appraiser = appraiser
        self._rewrite = rewrite
        self._search = search

    async def standalone(self, question: Question, *, access: Access) -> tuple[str, Usage]:
        plain = questions.standalone(question.text, question.earlier)
        conversation = context.transcript(question.earlier)
        said, usage = await self._asked(self._rewrite, access, conversation=conversation, question=question.text)
        return said[:MAX_QUERY_CHARACTERS] or plain, usage

    async def further(self, question: str, hits: Sequence[Hit], *, access: Access) -> tuple[str | None, Usage]:
        if (await self._appraiser.appraise(question, hits)).certainty >= SURE:
            return None, Usage()
        said, usage = await self._asked(self._search, access, sources=context.numbered(hits), question=question)
        query = said.splitlines()[0].strip() if said else ""
        return (None if not query or ENOUGH in query.upper() else query[:MAX_QUERY_CHARACTERS]), usage

    async def _asked(self, prompt: Prompt, access: Access, **values: str) -> tuple[str, Usage]:
        """Nothing when the model fails: the answer itself will say that it does."""
        values["question"] = context.harmless(values["question"])
        try:
            return await self._chat.complete(prompt.messages(fence=context.fence(), **values), access=access, max_tokens=PLAN_TOKENS)
        except (BackendError, BudgetExceededError) as error:
            log.warning("plan not made", prompt=prompt.name, code=error.code, error=error.message)
            return "", Usage()

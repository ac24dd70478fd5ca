"""Conversations: the turns of a session, kept for a while for the one who had it."""

from contextlib import aclosing
from dataclasses import dataclass, replace
from uuid import uuid4

from semantic_memory.core.access import Access
from semantic_memory.core.answers import Answer, Done, Events, Question, Turn, TurnStore
from semantic_memory.core.ask import Asking

NEW_SESSION = "new"
"""Asked for as a session, it gets a name of its own."""
TURNS = 6
"""Turns that a follow-up may refer to."""


@dataclass(frozen=True, slots=True)
class Conversing:
    """`Asking` with a memory of what was asked before."""

    ask: Asking
    turns: TurnStore
    life_s: float

    async def answer(self, question: Question, *, access: Access) -> Answer:
        if question.session is None:
            return await self.ask.answer(question, access=access)
        resumed = await self._resumed(question, access)
        return await self._noted(question, await self.ask.answer(resumed, access=access), str(resumed.session), access)

    async def stream(self, question: Question, *, access: Access) -> Events:
        resumed = question if question.session is None else await self._resumed(question, access)
        async with aclosing(self.ask.stream(resumed, access=access)) as events:
            async for event in events:
                if isinstance(event, Done) and resumed.session is not None:
                    yield Done(await self._noted(question, event.answer, resumed.session, access))
                else:
                    yield event

    async def _resumed(self, question: Question, access: Access) -> Question:
        if question.session == NEW_SESSION:
            return replace(question, session=uuid4().hex)
        earlier = await self.turns.last(str(question.session), limit=TURNS, access=access)
        return replace(question, earlier=(*earlier, *question.earlier))

    async def _noted(self, question: Question, answer: Answer, session: str, access: Access) -> Answer:
        await self.turns.add(session, Turn(question.text, answer.text, answer.question), life_s=self.life_s, access=access)
        return replace(answer, session=session)

"""Question → searches → hits → events → answer with checked citations."""

import asyncio
import time
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from typing import Protocol

from semantic_memory.core.access import Access
from semantic_memory.core.answers import Answer, Answerer, Done, Events, Planner, Question, Source, Sources, Usage, answered
from semantic_memory.core.model import Hit
from semantic_memory.core.packing import OVERFETCH, pack
from semantic_memory.core.search import MAX_TOP_K, Searching
from semantic_memory.core.views import PREVIEW_CHARACTERS, place


class Asking(Protocol):
    """`Ask`, or what stands before it."""

    async def answer(self, question: Question, *, access: Access) -> Answer:
        """Raises: InvalidInputError for an empty question; BackendError when neither retrieval lane nor the answerer's model works."""
        ...

    def stream(self, question: Question, *, access: Access) -> Events:
        """The same as it comes; what `answer` raises, this raises before the first event or later."""
        ...


@dataclass
class _Progress:
    """What was found and spent on the way to an answer."""

    query: str
    hits: list[Hit] = field(default_factory=list[Hit])
    degraded: list[str] = field(default_factory=list[str])
    usage: Usage = field(default_factory=Usage)
    timings: dict[str, float] = field(default_factory=dict[str, float])


class Ask:
    """The ask use case. `steps` bounds the searches that may follow the first one."""

    def __init__(self, search: Searching, answerer: Answerer, planner: Planner, *, steps: int = 0) -> None:
        self._search = search
        self._answerer = answerer
        self._planner = planner
        self._steps = steps

    async def answer(self, question: Question, *, access: Access) -> Answer:
        return await answered(self.stream(question, access=access))

    async def stream(self, question: Question, *, access: Access) -> Events:
        started = time.perf_counter()
        progress = _Progress(question.text)
        await self._understand(question, progress, access)
        await self._retrieve(question, progress, access)
        sources = [source_of(hit) for hit in progress.hits]
        yield Sources(sources)
        understood = replace(question, text=progress.query)
        async with aclosing(self._answerer.answer(understood, progress.hits, access=access)) as events:
            async for event in events:
                if isinstance(event, Done):
                    progress.timings["total"] = time.perf_counter() - started
                    yield Done(_completed(event.answer, progress, sources))
                else:
                    yield event

    async def _understand(self, question: Question, progress: _Progress, access: Access) -> None:
        """The question as it stands by itself."""
        if not question.earlier:
            return
        started = time.perf_counter()
        progress.query, spent = await self._planner.standalone(question, access=access)
        progress.usage += spent
        progress.timings["understand"] = time.perf_counter() - started

    async def _retrieve(self, question: Question, progress: _Progress, access: Access) -> None:
        """The first search, and those that its hits call for."""
        started = time.perf_counter()
        await self._found(progress.query, question, progress, access)
        for _ in range(self._steps if progress.hits else 0):
            query, spent = await self._planner.further(progress.query, progress.hits, access=access)
            progress.usage += spent
            if query is None:
                break
            await self._found(query, question, progress, access)
        progress.timings["search"] = time.perf_counter() - started

    async def _found(self, query: str, question: Question, progress: _Progress, access: Access) -> None:
        """Adds a search's hits to those there are; a later search has half of the places."""
        wanted = min(MAX_TOP_K, OVERFETCH * question.top_k)
        result = await self._search(query, filters=question.filters, top_k=wanted, explain=False, access=access)
        known = progress.hits[: question.top_k // 2]
        ids = {hit.passage.id for hit in known}
        fresh = [hit for hit in result.hits if hit.passage.id not in ids]
        progress.hits = [*known, *await asyncio.to_thread(pack, fresh, question.top_k - len(known))]
        progress.degraded += [reason for reason in result.degraded if reason not in progress.degraded]


def source_of(hit: Hit) -> Source:
    passage, document = hit.passage, hit.document
    preview = passage.text[:PREVIEW_CHARACTERS]
    return Source(passage.id, document.id, document.path, document.title, passage.heading_path, preview, place(passage))


def _completed(answer: Answer, progress: _Progress, sources: Sequence[Source]) -> Answer:
    return replace(
        answer,
        question=progress.query,
        sources=sources,
        degraded=(*progress.degraded, *answer.degraded),
        usage=progress.usage + answer.usage,
        timings={step: round(seconds, 4) for step, seconds in {**progress.timings, **answer.timings}.items()},
    )

"""The use cases and the embedder with a cache in front. Each has the signature of what it wraps."""

import math
import time
from collections.abc import Callable, Mapping
from contextlib import aclosing
from dataclasses import replace

from semantic_memory.core.access import Access
from semantic_memory.core.answers import Answer, Done, Events, Question, Usage, replayed
from semantic_memory.core.ask import Asking
from semantic_memory.core.cache import NEGATIVE_LIFE_S, Cache, Cached, Key, Kind, Scope
from semantic_memory.core.filters import Filters, described
from semantic_memory.core.hot_queries import HotQueries, HotQuery
from semantic_memory.core.indexing import Indexer
from semantic_memory.core.model import JsonValue, SearchResult
from semantic_memory.core.ports import ChangeLog
from semantic_memory.core.search import Searching

SEARCH: Kind[SearchResult] = Kind("search", SearchResult)
ANSWER: Kind[Answer] = Kind("answer", Answer)

TENANTS = 10_000
"""Tenants whose generation is remembered; one more, and all are asked for anew."""

BELIEVED_S = 0.5
"""How long a generation is believed: how soon a write of another process is noticed, on top of the time its indexes take."""


class Generations:
    """Each tenant's last write that searches see; as long as it stands, so do the tenant's results.

    A commit of this process counts at once, those of others after `BELIEVED_S`.
    """

    def __init__(self, changes: ChangeLog, indexer: Indexer, clock: Callable[[], float] = time.monotonic) -> None:
        self._changes = changes
        self._indexer = indexer
        self._clock = clock
        self._known: dict[str, tuple[float, int, int]] = {}

    async def of(self, tenant: str) -> int | None:
        """None while an index still lags behind the tenant's last write: what is found then must not be kept."""
        until, commits, generation = self._known.get(tenant, (0.0, 0, 0))
        if self._clock() < until and commits == self._indexer.commits:
            return generation
        commits = self._indexer.commits
        generation = await self._changes.head_of(tenant)
        if not await self._indexer.shows(generation):
            return None
        self._remember(tenant, (self._clock() + BELIEVED_S, commits, generation))
        return generation

    def _remember(self, tenant: str, known: tuple[float, int, int]) -> None:
        if len(self._known) >= TENANTS:
            self._known.clear()
        self._known[tenant] = known


class CachedSearch:
    """`Search` with its results kept. `made_by` names everything else the results depend on: models, engines, version."""

    def __init__(self, search: Searching, cache: Cache, generations: Generations, hot: HotQueries, *, made_by: str) -> None:
        self._search = search
        self._hot = hot
        self._cache = cache
        self._generations = generations
        self._made_by = made_by

    async def __call__(self, query: str, *, filters: Filters, top_k: int, explain: bool, access: Access) -> SearchResult:
        """As `Search`; an explanation is always of a search that was made."""

        async def make() -> SearchResult:
            return await self._search(query, filters=filters, top_k=top_k, explain=explain, access=access)

        generation = None if explain else await self._generations.of(access.tenant)
        if generation is None:
            return await make()
        self._hot.note(HotQuery(access, query, filters, top_k))
        parameters = _parameters(query, filters, top_k, self._made_by)
        found = await self._cache.get_or_make(Key(SEARCH, Scope.of(access, generation), parameters), make, life=_life_of_result)
        return found.value if found.level is None else replace(found.value, cache=found.level)


class CachedAsk:
    """`Ask` with its answers kept; those within a conversation, or at another temperature, are not."""

    def __init__(self, ask: Asking, cache: Cache, generations: Generations, *, made_by: str) -> None:
        self._ask = ask
        self._cache = cache
        self._generations = generations
        self._made_by = made_by

    async def answer(self, question: Question, *, access: Access) -> Answer:
        key = await self._key(question, access)
        if key is None:
            return await self._ask.answer(question, access=access)
        found = await self._cache.get_or_make(key, lambda: self._ask.answer(question, access=access), life=_life_of_answer)
        return _from(found)

    async def stream(self, question: Question, *, access: Access) -> Events:
        """A kept answer is told again; a new one is kept once it is whole. Equal questions at once are each answered: who leaves stops
        only their own."""
        key = await self._key(question, access)
        found = await self._cache.get(key) if key else None
        async with aclosing(replayed(_from(found)) if found else self._ask.stream(question, access=access)) as events:
            async for event in events:
                if isinstance(event, Done) and key and not found:
                    await self._keep(key, event.answer)
                yield event

    async def _keep(self, key: Key[Answer], answer: Answer) -> None:
        await self._cache.put(key, answer, cost_s=answer.timings.get("total", 0.0), life_s=_life_of_answer(answer))

    async def _key(self, question: Question, access: Access) -> Key[Answer] | None:
        if question.session is not None or question.earlier or question.temperature is not None:
            return None
        generation = await self._generations.of(access.tenant)
        if generation is None:
            return None
        parameters = _parameters(question.text, question.filters, question.top_k, self._made_by)
        return Key(ANSWER, Scope.of(access, generation), parameters)


def _from(found: Cached[Answer]) -> Answer:
    return found.value if found.level is None else replace(found.value, cache=found.level, usage=Usage())


def _parameters(query: str, filters: Filters, top_k: int, made_by: str) -> Mapping[str, JsonValue]:
    return {"query": query, "filters": described(filters), "top_k": top_k, "made_by": made_by}


def _life_of_result(result: SearchResult) -> float:
    """Nothing degraded is kept, and little time what found nothing."""
    return 0.0 if result.degraded else math.inf if result.hits else NEGATIVE_LIFE_S


def _life_of_answer(answer: Answer) -> float:
    return 0.0 if answer.degraded else math.inf if answer.answerable else NEGATIVE_LIFE_S

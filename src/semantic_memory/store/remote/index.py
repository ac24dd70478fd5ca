"""The `Index` ports over an engine: batches, position, time limits, and a second look at every row that comes back."""

import json
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import ClassVar, Generic, TypeVar
from uuid import UUID

import structlog

from semantic_memory.core.access import Access
from semantic_memory.core.errors import BackendResponseError, EmbedderMismatchError
from semantic_memory.core.filters import Filters
from semantic_memory.core.model import Change, Match, Vector
from semantic_memory.core.words import analyse, analyse_query, contains
from semantic_memory.store.remote.engine import Engine, KeywordEngine, VectorEngine
from semantic_memory.store.remote.guard import Guard
from semantic_memory.store.remote.rows import Found, Gone, Row, Scope, is_readable, is_wanted, row, scope

log = structlog.get_logger()

E = TypeVar("E", bound=Engine)
T = TypeVar("T")

STATE_LIFE_S = 0.5
"""How long a position read from the server is believed: how soon another process's writes are noticed."""
MOST_ASKED = 10_000
"""Rows asked for at most when the second look drops many of those that came."""
GROWTH = 4
"""Factor by which more is asked for then."""


@dataclass(frozen=True, slots=True)
class State:
    """Kept in the engine: the last applied change, and the languages its words are in."""

    position: int = 0
    languages: frozenset[str] = frozenset()

    def encode(self) -> str:
        return json.dumps({"position": self.position, "languages": sorted(self.languages)})

    @classmethod
    def decode(cls, text: str | None) -> "State":
        """Raises: BackendResponseError for a text that is none of ours."""
        if text is None:
            return cls()
        try:
            kept = json.loads(text)
            return cls(int(kept["position"]), frozenset(kept["languages"]))
        except (ValueError, TypeError, KeyError) as error:
            raise BackendResponseError("the state kept with the rows is not ours") from error


class RemoteIndex(Generic[E]):
    """The `Index` port over an engine. `dropped` counts rows that came back although the caller may not read them."""

    is_shared: ClassVar[bool] = True

    def __init__(self, engine: E, *, timeout_s: float) -> None:
        self.engine = engine
        self.guard = Guard(engine.name, engine.errors, timeout_s=timeout_s)
        self.dropped = 0
        self._state: State | None = None
        self._believed_until = 0.0

    async def writable(self) -> bool:
        return True

    async def position(self) -> int:
        return (await self.state()).position

    async def state(self) -> State:
        """As of the last half second, or asked for now where the server has just failed."""
        if self._state is None or self.guard.has_failed or time.monotonic() >= self._believed_until:
            self._believe(State.decode(await self.guard.read(self.engine.state)))
        return self._state or State()

    async def apply(self, changes: Sequence[Change]) -> None:
        if not changes:
            return
        newest = {(change.tenant, change.passage_id): change for change in changes}
        gone = [Gone(change.tenant, change.collection, change.passage_id) for change in newest.values() if change.entry is None]
        rows = [row(change, change.entry) for change in newest.values() if change.entry is not None]
        await self._each(gone, self.engine.remove)
        await self._each(rows, self.engine.put)
        await self._keep(changes[-1].sequence, rows)

    async def passage_ids(self, *, access: Access) -> frozenset[UUID]:
        looked_at = scope(access, Filters())
        return frozenset() if is_empty(looked_at) else frozenset(await self.guard.write(lambda: self.engine.ids(looked_at)))

    async def reset(self) -> None:
        self._state = None
        await self.guard.write(self.engine.clear)

    async def close(self) -> None:
        await self.engine.close()

    async def checked(
        self, ask: Callable[[int], Awaitable[Sequence[Found]]], *, access: Access, limit: int, is_right: Callable[[Found], bool]
    ) -> list[Match]:
        """The best `limit` rows that the caller may read and that are right; asks for more when too many were not."""
        asked = limit
        while True:
            found = await ask(asked)
            matches = [Match(one.passage_id, one.score) for one in self.readable(found, access) if is_right(one)]
            if len(matches) >= limit or len(found) < asked or asked >= MOST_ASKED:
                return matches[:limit]
            asked = min(GROWTH * asked, MOST_ASKED)

    def readable(self, found: Sequence[Found], access: Access) -> list[Found]:
        """Those that the caller may read; the engine was asked for no others, so any other is counted and reported."""
        kept = [one for one in found if is_readable(one, access)]
        if len(kept) < len(found):
            self.dropped += len(found) - len(kept)
            log.error("rows of another tenant or collection dropped", store=self.engine.name, rows=len(found) - len(kept))
        return kept

    async def _each(self, things: Sequence[T], send: Callable[[Sequence[T]], Awaitable[None]]) -> None:
        for batch in _batches(things, self.engine.batch):
            await self.guard.write(partial(send, batch))

    async def _keep(self, position: int, rows: Sequence[Row]) -> None:
        languages = (await self.state()).languages | self.languages(rows)
        state = State(position, languages)
        await self.guard.write(lambda: self.engine.keep_state(state.encode()))
        self._believe(state)

    def languages(self, rows: Sequence[Row]) -> frozenset[str]:  # noqa: ARG002 - only words have a language
        return frozenset()

    def _believe(self, state: State) -> None:
        self._state = state
        self._believed_until = time.monotonic() + STATE_LIFE_S


class RemoteVectors(RemoteIndex[VectorEngine]):
    """The `VectorIndex` port."""

    async def search(self, vector: Vector, *, access: Access, filters: Filters, limit: int) -> list[Match]:
        looked_at = scope(access, filters)
        if limit < 1 or is_empty(looked_at):
            return []
        return await self.guard.read(
            lambda: self.checked(
                lambda asked: self.engine.nearest(vector, looked_at, asked),
                access=access,
                limit=limit,
                is_right=lambda found: is_wanted(found, filters),
            )
        )

    async def scores(self, vector: Vector, ids: Sequence[UUID], *, access: Access) -> Mapping[UUID, float]:
        looked_at = scope(access, Filters())
        if not ids or is_empty(looked_at):
            return {}
        stored = await self.guard.read(lambda: self.engine.vectors(ids, looked_at))
        if any(len(held) != len(vector) for _, held in stored.values()):
            raise EmbedderMismatchError(f"the query has {len(vector)} dimensions, the passages have others")
        kept = self.readable([found for found, _ in stored.values()], access)
        return {found.passage_id: float(stored[found.passage_id][1] @ vector) for found in kept}


class RemoteKeywords(RemoteIndex[KeywordEngine]):
    """The `KeywordIndex` port. Quoted phrases are checked on the words that come back."""

    async def search(self, query: str, *, access: Access, filters: Filters, limit: int) -> list[Match]:
        looked_at = scope(access, filters)
        if limit < 1 or is_empty(looked_at):
            return []
        asked_for = analyse_query(query, sorted(filters.languages or (await self.state()).languages))
        if not asked_for.terms:
            return []

        def is_right(found: Found) -> bool:
            return is_wanted(found, filters) and (not asked_for.phrases or _has_all(found.words, asked_for.phrases))

        return await self.guard.read(
            lambda: self.checked(
                lambda asked: self.engine.matching(asked_for.terms, looked_at, asked), access=access, limit=limit, is_right=is_right
            )
        )

    def languages(self, rows: Sequence[Row]) -> frozenset[str]:
        return frozenset(row.language for row in rows if row.language)


def is_empty(looked_at: Scope) -> bool:
    """Whether the caller may read none of the collections asked for."""
    return looked_at.collections is not None and not looked_at.collections


def _has_all(words: str, phrases: Sequence[tuple[str, ...]]) -> bool:
    exact = analyse(words, None).exact
    return all(contains(exact, phrase) for phrase in phrases)


def _batches(things: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    for start in range(0, len(things), size):
        yield things[start : start + size]

"""What an adapter of a server must be able to do; `index` makes the ports of it.

Every method is one or a few requests. Errors of the driver may pass: `errors` translates them. An engine keeps rows by tenant, collection
and passage id, and one short text, its `state`, next to them: whoever restores an old copy of the rows restores the old state with it.
"""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Protocol
from uuid import UUID

from semantic_memory.core.model import Vector
from semantic_memory.store.remote.rows import Found, Gone, Row, Scope


class Engine(Protocol):
    @property
    def name(self) -> str:
        """How messages name it, as "Chroma"."""
        ...

    @property
    def batch(self) -> int:
        """Rows it takes well in one request."""
        ...

    def errors(self) -> AbstractContextManager[None]:
        """Raises the `BackendError` for whatever the driver raises inside; messages without secrets."""
        ...

    async def state(self) -> str | None:
        """What was kept last, seen by every process; None when there is nothing, or what was there is gone."""
        ...

    async def keep_state(self, state: str) -> None: ...

    async def put(self, rows: Sequence[Row]) -> None:
        """Inserts or replaces; searches see them when this returns. No id comes twice; at most `batch` rows."""
        ...

    async def remove(self, rows: Sequence[Gone]) -> None:
        """At most `batch` rows; absent ones are fine."""
        ...

    async def ids(self, scope: Scope) -> set[UUID]: ...

    async def clear(self) -> None:
        """Removes all rows and the state, as if never used."""
        ...

    async def close(self) -> None: ...


class VectorEngine(Engine, Protocol):
    async def nearest(self, vector: Vector, scope: Scope, limit: int) -> Sequence[Found]:
        """Rows of the scope, best cosine first. Raises: EmbedderMismatchError when the rows' vectors have another length."""
        ...

    async def vectors(self, ids: Sequence[UUID], scope: Scope) -> Mapping[UUID, tuple[Found, Vector]]:
        """The rows among `ids` that lie in the scope, with their vectors as they were put (rounding allowed)."""
        ...


class KeywordEngine(Engine, Protocol):
    async def matching(self, terms: Sequence[str], scope: Scope, limit: int) -> Sequence[Found]:
        """Rows of the scope that hold any of the terms, best first by BM25 or the engine's nearest to it, with their words.

        Terms are those of `core.words.analyse(row.words, language)`; a row's terms are made alike when it is put.
        """
        ...

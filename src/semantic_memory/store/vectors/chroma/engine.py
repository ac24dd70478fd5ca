"""Rows in Chroma's collections, and the state as the metadata of a collection of its own."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Coroutine, Generator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar
from uuid import UUID

import numpy as np

from semantic_memory.core.errors import BackendResponseError, BackendUnavailableError, EmbedderMismatchError
from semantic_memory.core.model import Vector
from semantic_memory.store.remote.rows import Found, Gone, Row, Scope
from semantic_memory.store.vectors.chroma.calls import Call, Chroma, ExistsError, MissingError
from semantic_memory.store.vectors.chroma.places import Place, Places

T = TypeVar("T")

BATCH = 256
"""Rows: below Chroma's own limit of 5,461; half a CPU second of inserting 384 dimensions, and 11 MB of JSON with 4,096."""
STATE = "state"
"""Name of that collection, and the key in its metadata."""


class ChromaEngine:
    def __init__(self, chroma: Chroma, namespace: str) -> None:
        self._chroma = chroma
        self._namespace = namespace
        self._places = Places(chroma, namespace)

    @property
    def name(self) -> str:
        return "Chroma"

    @property
    def batch(self) -> int:
        return BATCH

    @contextmanager
    def errors(self) -> Generator[None]:
        try:
            with self._chroma.errors():
                yield
        except (MissingError, ExistsError) as error:
            raise BackendUnavailableError("another process changed Chroma's collections just now") from error
        except (LookupError, TypeError, ValueError) as error:
            raise BackendResponseError("Chroma answered something unusable") from error

    async def state(self) -> str | None:
        try:
            kept = await self._chroma.ask("get_collection", database=self._namespace, collection=STATE)
        except MissingError:
            return None
        state: str = kept["metadata"][STATE]
        return state

    async def keep_state(self, state: str) -> None:
        kept = await self._places.create(self._namespace, STATE, {STATE: state})
        await self._chroma.ask("modify_collection", database=self._namespace, collection=kept["id"], new_metadata={STATE: state})

    async def put(self, rows: Sequence[Row]) -> None:
        groups = defaultdict[tuple[str, str, int], list[Row]](list)
        for row in rows:
            groups[row.tenant, row.collection, len(row.vector)].append(row)
        for (tenant, collection, dimension), group in groups.items():
            place = await self._places.made(tenant, collection, dimension)
            await self._ask("upsert", place, **_columns(group))
            await self._delete([row.passage_id for row in group], tenant, collection, but=place)

    async def remove(self, rows: Sequence[Gone]) -> None:
        groups = defaultdict[tuple[str, str], list[UUID]](list)
        for row in rows:
            groups[row.tenant, row.collection].append(row.passage_id)
        for (tenant, collection), ids in groups.items():
            self._places.forget(tenant)
            await self._delete(ids, tenant, collection)

    async def ids(self, scope: Scope) -> set[UUID]:
        async def held(place: Place) -> list[UUID]:
            return [UUID(one) for one in (await self._ask("get", place, include=[]))["ids"]]

        return set(await self._in_each(scope, held))

    async def nearest(self, vector: Vector, scope: Scope, limit: int) -> Sequence[Found]:
        """Raises: EmbedderMismatchError."""
        question = {
            "query_embeddings": np.asarray(vector, np.float32)[np.newaxis],
            "n_results": limit,
            "where": _where(scope),
            "include": ["metadatas", "distances"],
        }

        async def found(place: Place) -> list[Found]:
            if place.dimension != len(vector):
                await self._require_empty(place, len(vector))
                return []
            answer = await self._ask("query", place, **question)
            rows = zip(answer["ids"][0], answer["metadatas"][0], answer["distances"][0], strict=True)
            return [_found(passage, metadata, 1 - distance) for passage, metadata, distance in rows]

        best_first = sorted(await self._in_each(scope, found), key=lambda one: (-one.score, one.passage_id))
        return best_first[:limit]

    async def vectors(self, ids: Sequence[UUID], scope: Scope) -> Mapping[UUID, tuple[Found, Vector]]:
        wanted = [str(one) for one in ids]

        async def held(place: Place) -> list[tuple[Found, Vector]]:
            answer = await self._ask("get", place, ids=wanted, include=["metadatas", "embeddings"])
            rows = zip(answer["ids"], answer["metadatas"], answer["embeddings"], strict=True)
            return [(_found(passage, metadata, 0), np.array(vector, np.float32)) for passage, metadata, vector in rows]

        return {found.passage_id: (found, vector) for found, vector in await self._in_each(scope, held)}

    async def clear(self) -> None:
        """The state goes first: after a crash in the middle everything is applied anew."""
        await self._places.clear()

    async def close(self) -> None:
        await self._chroma.close()

    async def _in_each(self, scope: Scope, ask: Callable[[Place], Coroutine[Any, Any, Sequence[T]]]) -> list[T]:
        """The answers of all places of the scope. Raises: MissingError when one went away; the next call knows."""
        places = [place for place in await self._places.known(scope.tenant) if _is_in(place, scope)]
        try:
            answers = await _together([ask(place) for place in places])
        except MissingError:
            self._places.forget(scope.tenant)
            raise
        return [one for answer in answers for one in answer]

    async def _delete(self, ids: Sequence[UUID], tenant: str, collection: str, *, but: Place | None = None) -> None:
        """Wherever the collection's rows lie: vectors of another length may be left from another embedder."""
        for place in await self._places.known(tenant):
            if place.collection == collection and place != but:
                await self._ask("delete", place, ids=[str(one) for one in ids])

    async def _require_empty(self, place: Place, dimension: int) -> None:
        if await self._ask("count", place):
            raise EmbedderMismatchError(f"the collection has {place.dimension} dimensions, the query has {dimension}")

    async def _ask(self, call: Call, place: Place, **body: object) -> Any:
        return await self._chroma.ask(call, database=place.database, collection=place.id, **body)


def _is_in(place: Place, scope: Scope) -> bool:
    return scope.collections is None or place.collection in scope.collections


async def _together(calls: Sequence[Coroutine[Any, Any, T]]) -> list[T]:
    """Their results in order. Raises: the first error, after the other calls were cancelled."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(call) for call in calls]
    except ExceptionGroup as errors:
        raise errors.exceptions[0] from None
    return [task.result() for task in tasks]


def _columns(rows: Sequence[Row]) -> dict[str, object]:
    return {
        "ids": [str(row.passage_id) for row in rows],
        "embeddings": np.stack([row.vector for row in rows]).astype(np.float32, copy=False),
        "metadatas": [_metadata(row) for row in rows],
    }


def _metadata(row: Row) -> dict[str, object]:
    """None removes what an earlier version left under that key: Chroma's upsert merges metadata."""
    return {
        "tenant": row.tenant,
        "collection": row.collection,
        "attributes": row.attributes,
        "facts": row.facts,
        "modified": row.modified,
    }


def _found(passage: str, metadata: Mapping[str, Any], score: float) -> Found:
    return Found(metadata["tenant"], metadata["collection"], UUID(passage), metadata["attributes"], score)


def _where(scope: Scope) -> dict[str, object] | None:
    terms: list[dict[str, object]] = [{"$or": [{"facts": {"$contains": fact}} for fact in group]} for group in scope.groups]
    if scope.modified_from is not None:
        terms.append({"modified": {"$gte": scope.modified_from}})
    if scope.modified_before is not None:
        terms.append({"modified": {"$lt": scope.modified_before}})
    return {"$and": terms} if terms else None

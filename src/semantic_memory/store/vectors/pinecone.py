"""Pinecone (serverless): an index per length of vectors, in it a namespace per tenant and collection.

Pinecone shows writes a moment after it took them; `put` and `remove` return when searches see them. The state is a row of a namespace of
its own in every index, so that a restored index brings its state along. The limits are those of
https://docs.pinecone.io/reference/api/database-limits.
"""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from hashlib import blake2b
from importlib.util import find_spec
from itertools import groupby
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar
from uuid import UUID

import numpy as np

from semantic_memory.core.errors import (
    BackendResponseError,
    BackendTimeoutError,
    BackendUnavailableError,
    ConfigurationError,
    EmbedderMismatchError,
    MissingExtraError,
)
from semantic_memory.core.model import Vector
from semantic_memory.core.ports import VectorIndex
from semantic_memory.core.settings import Settings
from semantic_memory.store.remote.index import RemoteVectors
from semantic_memory.store.remote.pinecone.errors import is_lost, missing_is_fine, translated_errors
from semantic_memory.store.remote.pinecone.indexes import Indexes, holds, together
from semantic_memory.store.remote.rows import Found, Gone, Row, Scope

if TYPE_CHECKING:
    from pinecone import AsyncIndex
    from pinecone.models.vectors.vector import ScoredVector

T = TypeVar("T")
Record: TypeAlias = "tuple[str, list[float], dict[str, Any]]"
"""Id, vector, metadata."""

LONGEST_NAMESPACE = 39
"""A name of an index has at most 45 characters; a hyphen and five digits are ours."""
MOST_ROWS, MOST_BYTES = 1_000, 1_900_000
"""Of one upsert, or ids of one delete; 2 MB is the limit, the rest is for what is around the rows."""
MOST_METADATA_BYTES = 40_960
BATCH = 500
"""Rows waited for together; to encode twice as many would hold the event loop up for a tenth of a second."""
MOST_FOUND = 2_000
"""Rows asked for at most, though 10,000 are allowed: an answer may have 4 MB, and a row's metadata seldom has more than 2 KB."""
DECIMALS = 8
"""Of a number that is sent: as fine as float32 near 0.06, and half as long in JSON."""
SENT_BYTES, RECEIVED_BYTES = 12, 24
"""A number and its comma: as sent, and at the longest."""
PAGE = 100
"""Ids or namespaces in one page."""
LIFE_S = 0.5
"""How long a list of namespaces is believed."""
SEEN_FACTOR = 8
"""Time limits of a search that are waited until a write is seen; a write gets 10."""
STATE = "state"
SMALLEST = 1
"""Dimension of the index that keeps the state where no row was ever put."""


def build(settings: Settings) -> VectorIndex:
    """Raises: MissingExtraError; ConfigurationError for a key or a name that Pinecone cannot take."""
    if find_spec("pinecone") is None:
        raise MissingExtraError("the adapter 'pinecone' needs 'pinecone': pip install 'semantic-memory[pinecone]'")
    if not settings.pinecone_api_key.get_secret_value():
        raise ConfigurationError("VECTOR_STORE=pinecone needs PINECONE_API_KEY")
    if len(settings.store_namespace) > LONGEST_NAMESPACE:
        raise ConfigurationError(f"with Pinecone, STORE_NAMESPACE has at most {LONGEST_NAMESPACE} characters")
    return RemoteVectors(Pinecone(settings), timeout_s=settings.store_timeout_s)


class Pinecone:
    """`VectorEngine` over Pinecone's own client."""

    name = "Pinecone"
    batch = BATCH

    def __init__(self, settings: Settings) -> None:
        self._indexes = Indexes(settings)
        self._patience_s = SEEN_FACTOR * settings.store_timeout_s
        self._listed: dict[tuple[str, str], tuple[float, list[str]]] = {}
        self._written: set[tuple[str, str]] = set()

    @contextmanager
    def errors(self) -> Generator[None]:
        """What was known of indexes is forgotten when one is gone or does not answer, so that the next try looks for it."""
        try:
            with translated_errors():
                yield
        except BackendUnavailableError as error:
            if is_lost(error):
                self._indexes.forget()
                self._listed = {}
                self._written.clear()
            raise

    async def state(self) -> str | None:
        state = await self._state(await self._indexes.all())
        return await self._state(await self._indexes.all(afresh=True)) if state is None else state

    async def keep_state(self, state: str) -> None:
        indexes = await self._indexes.all() or {SMALLEST: await self._indexes.create(SMALLEST)}
        metadata = {STATE: state, "dimensions": _dimensions(indexes)}
        await together(self._upsert(index, STATE, [[(STATE, _any_vector(n), metadata)]]) for n, index in indexes.items())

    async def put(self, rows: Sequence[Row]) -> None:
        by_dimension = _grouped(rows, lambda row: len(row.vector))
        indexes = {dimension: await self._indexes.create(dimension) for dimension in by_dimension}
        await together(
            self._put(indexes[dimension], namespace, some)
            for dimension, group in by_dimension.items()
            for namespace, some in _grouped(group, _namespace_of).items()
        )
        for dimension, group in by_dimension.items():
            await self._delete(group, but_not_in=dimension)

    async def remove(self, rows: Sequence[Gone]) -> None:
        await self._delete(rows)

    async def nearest(self, vector: Vector, scope: Scope, limit: int) -> Sequence[Found]:
        index = await self._indexes.get(len(vector))
        values: list[float] = vector.tolist()
        matches = [] if index is None else await self._matches(index, values, scope, min(limit, MOST_FOUND))
        if not matches:
            await self._check_dimension(scope, len(vector))
        return sorted(map(_found, matches), key=lambda found: -found.score)[:limit]

    async def vectors(self, ids: Sequence[UUID], scope: Scope) -> Mapping[UUID, tuple[Found, Vector]]:
        """Asked of the search and not of `fetch`, which sees writes at other times and takes its ids in the address."""
        indexes = await self._indexes.all()
        answers = await together(
            self._matches(index, _any_vector(dimension), scope, len(some), ids=some, include_values=True)
            for dimension, index in indexes.items()
            for some in _parts([str(one) for one in ids], MOST_BYTES // (RECEIVED_BYTES * dimension + 1_000))
        )
        return {UUID(one.id): (_found(one), np.asarray(one.values, dtype=np.float32)) for answer in answers for one in answer}

    async def ids(self, scope: Scope) -> set[UUID]:
        lists = [
            self._ids(index, namespace)
            for index in (await self._indexes.all()).values()
            for namespace in await self._namespaces(index, scope)
        ]
        return {UUID(one) for found in await together(lists) for one in found}

    async def clear(self) -> None:
        """Empties the indexes and leaves them: a name is free again only some time after its index was deleted."""

        async def empty(dimension: int, index: "AsyncIndex", namespace: str) -> None:
            async with missing_is_fine():
                await index.delete(delete_all=True, namespace=namespace)
                await self._until_gone(index, namespace, dimension, None)

        indexes = await self._indexes.all(afresh=True)
        names = {dimension: await _namespaces(index, "") for dimension, index in indexes.items()}
        await together(empty(dimension, index, name) for dimension, index in indexes.items() for name in names[dimension])

    async def close(self) -> None:
        await self._indexes.close()

    async def _state(self, indexes: Mapping[int, "AsyncIndex"]) -> str | None:
        """None unless every index that there is and was holds the same: a lost one's rows have to be put again."""
        answers = await together(
            index.query(vector=_any_vector(dimension), top_k=1, namespace=STATE, include_metadata=True)
            for dimension, index in indexes.items()
        )
        kept = [dict(match.metadata or {}) for answer in answers for match in answer.matches]
        whole = kept and len(kept) == len(indexes) and all(one == kept[0] for one in kept)
        return str(kept[0][STATE]) if whole and kept[0].get("dimensions") == _dimensions(indexes) else None

    async def _put(self, index: "AsyncIndex", namespace: str, rows: Sequence[Row]) -> None:
        requests = await asyncio.to_thread(lambda: list(_requests([_record(row) for row in rows])))
        await self._upsert(index, namespace, requests)

    async def _upsert(self, index: "AsyncIndex", namespace: str, requests: Sequence[Sequence[Record]]) -> None:
        answers = await together(index.upsert(vectors=records, namespace=namespace) for records in requests)
        positions = [answer.response_info.lsn_committed for answer in answers if answer.response_info is not None]
        written = [position for position in positions if position is not None]
        if len(written) < len(answers):
            raise BackendResponseError("Pinecone did not say when searches see what was written")
        anything = _any_vector(len(requests[0][0][1]))

        async def is_seen() -> bool:
            answer = await index.query(vector=anything, top_k=1, namespace=namespace)
            return answer.response_info is not None and answer.response_info.is_reconciled(max(written))

        await self._until(is_seen)
        await self._until_listed(index, namespace)

    async def _until_listed(self, index: "AsyncIndex", namespace: str) -> None:
        """Searches of all collections ask the namespaces in the list."""
        if (index.host, namespace) in self._written:
            return

        async def is_listed() -> bool:
            return bool((await index.list_namespaces_paginated(prefix=namespace, limit=1)).namespaces)

        await self._until(is_listed)
        self._written.add((index.host, namespace))
        self._listed = {}

    async def _delete(self, rows: Sequence[Row | Gone], *, but_not_in: int = SMALLEST) -> None:
        """Deletes them from every index, one dimension's excepted."""

        async def delete(dimension: int, index: "AsyncIndex", namespace: str, ids: list[str]) -> None:
            async with missing_is_fine():
                await index.delete(ids=ids, namespace=namespace)
                await self._until_gone(index, namespace, dimension, {"id": {"$in": ids}})

        indexes = {dimension: index for dimension, index in (await self._indexes.all()).items() if dimension not in (SMALLEST, but_not_in)}
        groups = {namespace: [str(row.passage_id) for row in some] for namespace, some in _grouped(rows, _namespace_of).items()}
        await together(delete(dimension, index, *group) for dimension, index in indexes.items() for group in groups.items())

    async def _until_gone(self, index: "AsyncIndex", namespace: str, dimension: int, where: Mapping[str, Any] | None) -> None:
        """The client does not tell a deletion's position in the log."""

        async def is_gone() -> bool:
            return not (await index.query(vector=_any_vector(dimension), top_k=1, namespace=namespace, filter=where)).matches

        await self._until(is_gone)

    async def _until(self, is_so: Callable[[], Awaitable[bool]]) -> None:
        if not await holds(is_so, within_s=self._patience_s):
            raise BackendTimeoutError(f"searches of Pinecone did not see what was written within {self._patience_s:g} s")

    async def _matches(
        self, index: "AsyncIndex", vector: list[float], scope: Scope, limit: int, *, ids: Sequence[str] = (), include_values: bool = False
    ) -> "list[ScoredVector]":
        answers = await together(
            index.query(
                vector=vector,
                top_k=limit,
                namespace=namespace,
                filter=_filter(scope, ids),
                include_metadata=True,
                include_values=include_values,
            )
            for namespace in await self._namespaces(index, scope)
        )
        return [match for answer in answers for match in answer.matches]

    async def _check_dimension(self, scope: Scope, dimension: int) -> None:
        """Raises EmbedderMismatchError when the scope has rows, but none with vectors of this length."""
        everything = Scope(scope.tenant, scope.collections)
        indexes = await self._indexes.all()
        others = {other: index for other, index in indexes.items() if other not in (dimension, SMALLEST)}
        if not others or (dimension in indexes and await self._matches(indexes[dimension], _any_vector(dimension), everything, 1)):
            return
        for other, index in others.items():
            if await self._matches(index, _any_vector(other), everything, 1):
                raise EmbedderMismatchError(f"the collection has {other} dimensions, the query has {dimension}")

    async def _namespaces(self, index: "AsyncIndex", scope: Scope) -> list[str]:
        if scope.collections is not None:
            return [_namespace(scope.tenant, collection) for collection in sorted(scope.collections)]
        listed = self._listed  # replaced by a write: what was asked for before that is of no use after it
        believed_until, names = listed.get((index.host, scope.tenant), (0.0, []))
        if time.monotonic() >= believed_until:
            names = await _namespaces(index, _digest(scope.tenant))
            listed[index.host, scope.tenant] = time.monotonic() + LIFE_S, names
        return names

    async def _ids(self, index: "AsyncIndex", namespace: str) -> list[str]:
        """A long list is read in sixteen parts at once, by the first digit."""
        async with missing_is_fine():
            first = await index.list_paginated(namespace=namespace, limit=PAGE)
            if first.pagination is None or first.pagination.next is None:
                return [item.id or "" for item in first.vectors]
            parts = await together(_ids_from(index, namespace, digit) for digit in "0123456789abcdef")
            return [one for part in parts for one in part]
        return []


async def _namespaces(index: "AsyncIndex", prefix: str) -> list[str]:
    return [one.name async for page in index.list_namespaces(prefix=prefix, limit=PAGE) for one in page.namespaces]


async def _ids_from(index: "AsyncIndex", namespace: str, prefix: str) -> list[str]:
    return [item.id or "" async for page in index.list(namespace=namespace, prefix=prefix, limit=PAGE) for item in page.vectors]


def _digest(text: str) -> str:
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def _namespace(tenant: str, collection: str) -> str:
    return f"{_digest(tenant)}-{_digest(collection)}"


def _namespace_of(row: Row | Gone) -> str:
    return _namespace(row.tenant, row.collection)


def _dimensions(indexes: Mapping[int, "AsyncIndex"]) -> str:
    return " ".join(map(str, sorted(indexes)))


def _any_vector(dimension: int) -> list[float]:
    """Pinecone refuses vectors of zeros."""
    return [1.0, *[0.0] * (dimension - 1)]


def _record(row: Row) -> Record:
    metadata: dict[str, Any] = {
        "id": str(row.passage_id),
        "tenant": row.tenant,
        "collection": row.collection,
        "facts": list(row.facts),
        "attributes": row.attributes,
    }
    if row.modified is not None:
        metadata["modified"] = row.modified
    values: list[float] = row.vector.astype(np.float64).round(DECIMALS).tolist()
    return metadata["id"], values, metadata


def _found(match: "ScoredVector") -> Found:
    metadata = match.metadata or {}
    tenant, collection, attributes = (str(metadata.get(key, "")) for key in ("tenant", "collection", "attributes"))
    return Found(tenant, collection, UUID(match.id), attributes, match.score)


def _filter(scope: Scope, ids: Sequence[str]) -> dict[str, Any] | None:
    """Numbers are float64 there: beyond the year 2255 dates round, so that both bounds let an equal one through, to be checked again."""
    terms: list[dict[str, Any]] = [{"facts": {"$in": list(group)}} for group in scope.groups]
    if ids:
        terms.append({"id": {"$in": list(ids)}})
    if scope.modified_from is not None:
        terms.append({"modified": {"$gte": scope.modified_from}})
    if scope.modified_before is not None:
        terms.append({"modified": {"$lte": scope.modified_before}})
    return {"$and": terms} if terms else None


def _requests(records: Sequence[Record]) -> Iterator[list[Record]]:
    """Consecutive records that fit in one upsert each."""
    request: list[Record] = []
    size = 0
    for record in records:
        added = _size(record)
        if request and (size + added > MOST_BYTES or len(request) == MOST_ROWS):
            yield request
            request, size = [], 0
        request.append(record)
        size += added
    yield request


def _size(record: Record) -> int:
    """Its bytes at most; Python's own JSON is never shorter than the client's. Raises: BackendResponseError."""
    name, values, metadata = record
    size = len(json.dumps(metadata))
    if size > MOST_METADATA_BYTES:
        raise BackendResponseError(f"passage {name} has {size} bytes of metadata; Pinecone takes {MOST_METADATA_BYTES}")
    return SENT_BYTES * len(values) + size + 100


def _grouped(rows: Sequence[T], key: Callable[[T], Any]) -> dict[Any, list[T]]:
    return {value: list(group) for value, group in groupby(sorted(rows, key=key), key)}


def _parts(ids: list[str], size: int) -> Iterator[list[str]]:
    for start in range(0, len(ids), max(size, 1)):
        yield ids[start : start + max(size, 1)]

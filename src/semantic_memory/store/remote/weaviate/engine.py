"""What both families keep alike: rows, and next to them, in a tenant of its own, the state.

Each of our tenants is one of Weaviate's: a shard with vectors and word statistics of its own. A collection is a property of its rows:
Weaviate counts words per shard, and as many searches as collections would cost more than one with a filter.
"""

from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from hashlib import blake2b
from http import HTTPStatus
from typing import Any, TypeVar
from uuid import UUID

from weaviate import WeaviateAsyncClient
from weaviate.classes.config import ConsistencyLevel
from weaviate.classes.data import DataObject
from weaviate.classes.query import Filter
from weaviate.collections import CollectionAsync
from weaviate.collections.classes.config import CollectionConfig
from weaviate.collections.classes.filters import _Filters as Where  # pyright: ignore[reportPrivateUsage] - it has no public name
from weaviate.collections.classes.internal import Object
from weaviate.exceptions import UnexpectedStatusCodeError

from semantic_memory.core.errors import BackendResponseError
from semantic_memory.store.remote.rows import Found, Gone, Row, Scope
from semantic_memory.store.remote.weaviate.errors import full, translated
from semantic_memory.store.remote.weaviate.link import Link
from semantic_memory.store.remote.weaviate.schema import ATTRIBUTES, COLLECTION, FACTS, MODIFIED, SCOPE, STATE, TENANT, WORDS

T = TypeVar("T")
Collection = CollectionAsync[Any, Any]
Stored = Object[Any, Any]

STATE_TENANT, STATE_ID = "state", UUID(int=1)
"""No tenant of ours is called so: theirs are 32 hexadecimal digits."""
BATCH = 100
"""The client packs a row in 0.2 ms, and the event loop waits meanwhile."""
PAGE = 1000
"""Ids asked for at once."""


class WeaviateEngine(ABC):
    """The `Engine` protocol for rows of one class, over a link that nobody else closes."""

    name = "Weaviate"
    batch = BATCH

    def __init__(self, link: Link, class_name: str) -> None:
        self.link = link
        self.class_name = class_name[0].upper() + class_name[1:]

    def properties(self, row: Row) -> dict[str, Any]:
        """What is stored of a row, its vector excepted."""
        known = {TENANT: row.tenant, COLLECTION: row.collection, SCOPE: digest(row.collection), FACTS: list(row.facts)}
        return known | {ATTRIBUTES: row.attributes} | ({} if row.modified is None else {MODIFIED: row.modified})

    def vectors_of(self, row: Row) -> dict[str, list[float]]:  # noqa: ARG002 - words have none
        """Named vectors."""
        return {}

    @abstractmethod
    def definition(self, rows: Sequence[Row]) -> dict[str, Any]:
        """The class as it is made for these rows."""

    async def extend(self, present: Collection, config: CollectionConfig, rows: Sequence[Row]) -> None:  # noqa: B027 - words lack nothing
        """Adds to the class what it lacks for these rows."""

    def errors(self) -> AbstractContextManager[None]:
        return translated()

    async def state(self) -> str | None:
        stored = await self.read(STATE_TENANT, lambda rows: rows.query.fetch_object_by_id(STATE_ID, return_properties=[STATE]), None)
        return None if stored is None else str(stored.properties[STATE])

    async def keep_state(self, state: str) -> None:
        await self.prepare([])
        await self._insert(STATE_TENANT, [DataObject(properties={STATE: state}, uuid=STATE_ID)])

    async def put(self, rows: Sequence[Row]) -> None:
        await self.prepare(rows)
        for tenant, theirs in _by_tenant(rows).items():
            await self._insert(digest(tenant), [self._object(row) for row in theirs])

    async def remove(self, rows: Sequence[Gone]) -> None:
        for tenant, theirs in _by_tenant(rows).items():
            await self._remove(digest(tenant), [row.passage_id for row in theirs])

    async def ids(self, scope: Scope) -> set[UUID]:
        """Reads all ids of the tenant: Weaviate has a cursor through all rows, but none through those that a filter finds."""
        wanted = None if scope.collections is None else frozenset(map(digest, scope.collections))

        async def all_of(rows: Collection) -> set[UUID]:
            every = rows.iterator(return_properties=[SCOPE], cache_size=PAGE)
            return {passage_id(one) async for one in every if wanted is None or one.properties[SCOPE] in wanted}

        return await self.read(digest(scope.tenant), all_of, set[UUID]())

    async def clear(self) -> None:
        if await self.link.call(lambda client: client.collections.exists(self.class_name)):
            await self.link.call(lambda client: client.collections.delete(self.class_name))

    async def close(self) -> None:
        await self.link.close()

    async def read(self, tenant: str, ask: Callable[[Collection], Awaitable[T]], absent: T) -> T:
        """What the tenant's rows answer; `absent` while there is no such class or tenant."""
        try:
            return await self.link.call(lambda client: ask(self._rows(client, tenant)))
        except BackendResponseError:
            if not await self.link.call(lambda client: self._has(client, tenant)):
                return absent
        return await self.link.call(lambda client: ask(self._rows(client, tenant)))  # it may have been made just now

    async def prepare(self, rows: Sequence[Row]) -> None:
        """Sees to the class before each write: rows sent to a class that is gone would make a wrong one, of types that Weaviate guesses."""
        try:
            await self.link.call(lambda client: self._make(client, rows))
        except BackendResponseError:  # another process was quicker
            await self.link.call(lambda client: self._make(client, rows))

    async def config(self, client: WeaviateAsyncClient) -> CollectionConfig | None:
        """None when there is no such class."""
        try:
            return await client.collections.use(self.class_name).config.get()
        except UnexpectedStatusCodeError as error:
            if error.status_code != HTTPStatus.NOT_FOUND:
                raise
            return None

    async def _make(self, client: WeaviateAsyncClient, rows: Sequence[Row]) -> None:
        config = await self.config(client)
        if config is None:
            await client.collections.create_from_dict(self.definition(rows))  # pyright: ignore[reportUnknownMemberType] - takes any dict
        elif config.multi_tenancy_config.enabled:
            await self.extend(client.collections.use(self.class_name), config, rows)
        else:
            raise BackendResponseError(f"Weaviate's class {self.class_name!r} is not ours: it has no tenants; delete it")

    async def _has(self, client: WeaviateAsyncClient, tenant: str) -> bool:
        if not await client.collections.exists(self.class_name):
            return False
        return await client.collections.use(self.class_name).tenants.get_by_name(tenant) is not None

    async def _remove(self, tenant: str, ids: Sequence[UUID]) -> None:
        those = Filter.by_id().contains_any(ids)
        done = await self.read(tenant, lambda rows: _written(rows).data.delete_many(where=those), None)
        if done is not None and done.failed:
            raise BackendResponseError(f"Weaviate did not remove {done.failed} of {done.matches} rows")

    async def _insert(self, tenant: str, objects: Sequence[DataObject[Any, Any]]) -> None:
        """Replaces rows of the same id."""
        done = await self.link.call(lambda client: _written(self._rows(client, tenant)).data.insert_many(objects))
        for refused in done.errors.values():
            raise full(refused.message) or BackendResponseError(f"Weaviate refused {len(done.errors)} of {len(objects)} rows")

    def _rows(self, client: WeaviateAsyncClient, tenant: str) -> Collection:
        return client.collections.use(self.class_name).with_tenant(tenant).with_consistency_level(ConsistencyLevel.ONE)

    def _object(self, row: Row) -> DataObject[Any, Any]:
        return DataObject(properties=self.properties(row), uuid=row.passage_id, vector=self.vectors_of(row) or None)


def narrowed(scope: Scope, *more: Where) -> Where | None:
    """The scope as a filter; the tenant is chosen otherwise."""
    parts = [*more]
    if scope.collections is not None:
        parts.append(Filter.by_property(SCOPE).contains_any(sorted(map(digest, scope.collections))))
    parts += [Filter.by_property(FACTS).contains_any(list(group)) for group in scope.groups]
    if scope.modified_from is not None:
        parts.append(Filter.by_property(MODIFIED).greater_or_equal(scope.modified_from))
    if scope.modified_before is not None:
        parts.append(Filter.by_property(MODIFIED).less_than(scope.modified_before))
    return Filter.all_of(parts) if parts else None


def found(stored: Stored, score: float) -> Found:
    told = stored.properties
    return Found(
        tenant=str(told.get(TENANT)),
        collection=str(told.get(COLLECTION)),
        passage_id=passage_id(stored),
        attributes=str(told.get(ATTRIBUTES)),
        score=score,
        words=str(told.get(WORDS) or ""),
    )


def passage_id(stored: Stored) -> UUID:
    """The client has a UUID of its own."""
    return UUID(int=stored.uuid.int)


def digest(name: str) -> str:
    """A name of any script and length as one that Weaviate takes."""
    return blake2b(name.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def _written(rows: Collection) -> Collection:
    """Writes wait for every replica, so that a read may ask any one."""
    return rows.with_consistency_level(ConsistencyLevel.ALL)


RowOrGone = TypeVar("RowOrGone", Row, Gone)


def _by_tenant(rows: Iterable[RowOrGone]) -> dict[str, list[RowOrGone]]:
    tenants: defaultdict[str, list[RowOrGone]] = defaultdict(list)
    for row in rows:
        tenants[row.tenant].append(row)
    return tenants

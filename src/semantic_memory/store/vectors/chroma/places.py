"""Where rows lie in Chroma.

Each tenant has a Chroma database, because listing collections takes a millisecond for each one there (1.5.9); each of its collections and
each length of vector has a Chroma collection, because a filter makes a search 3 to 10 times as slow. Their names are digests, their
metadata says whose they are.
"""

import json
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from semantic_memory.store.vectors.chroma.calls import Chroma, ExistsError, MissingError

LIST_LIFE_S = 0.5
"""How long a list of collections is believed by searches: how soon another process's new collection is seen."""
MOST_LISTS = 1_000
"""Tenants whose lists are kept."""
CONFIGURATION = {"hnsw": {"space": "cosine", "max_neighbors": 32, "ef_construction": 200, "ef_search": 800}}
"""Recall at 10 of 20,000 random vectors of 384 dimensions, the hardest kind, is 0.995, and 0.94 with an ef_search of 400; Chroma's defaults
(16, 100, 100) give 0.74 of 5,000 for half the work per row. hnswlib's ALGO_PARAMS.md: larger M for high dimensions and high recall."""


@dataclass(frozen=True, slots=True)
class Place:
    """A Chroma collection: the rows of one collection of ours whose vectors have one length."""

    database: str
    id: str
    collection: str
    dimension: int


class Places:
    def __init__(self, chroma: Chroma, namespace: str) -> None:
        self._chroma = chroma
        self._namespace = namespace
        self._known: dict[str, tuple[float, Sequence[Place]]] = {}

    async def known(self, tenant: str) -> Sequence[Place]:
        """All of the tenant's, as of the last half second."""
        until, places = self._known.get(tenant, (0.0, ()))
        return places if time.monotonic() < until else await self.newest(tenant)

    async def newest(self, tenant: str) -> Sequence[Place]:
        """All of the tenant's, as of now."""
        asked_at, database = time.monotonic(), self._database(tenant)
        places = [_place(database, one) for one in await self._collections(database) if one["metadata"]["tenant"] == tenant]
        if len(self._known) >= MOST_LISTS:
            self._known.clear()
        self._known[tenant] = asked_at + LIST_LIFE_S, places
        return places

    async def made(self, tenant: str, collection: str, dimension: int) -> Place:
        """The one for such rows, created when it is not there."""
        for place in await self.newest(tenant):
            if (place.collection, place.dimension) == (collection, dimension):
                return place
        self._known.pop(tenant, None)
        database, name = self._database(tenant), f"{_digest(collection)}-{dimension}"
        metadata: dict[str, str | int] = {"tenant": tenant, "collection": collection, "dimension": dimension}
        return _place(database, await self.create(database, name, metadata))

    async def create(self, database: str, name: str, metadata: Mapping[str, str | int]) -> Mapping[str, Any]:
        """The Chroma collection of this name, and the database where it lies; one that exists keeps its metadata."""
        try:
            return await self._created(database, name, metadata)
        except MissingError:
            with suppress(ExistsError):
                await self._chroma.ask("create_database", name=database)
            return await self._created(database, name, metadata)

    async def clear(self) -> None:
        """Deletes every collection and database of the namespace, its own database first."""
        databases = [str(one["name"]) for one in await self._chroma.ask("list_databases")]
        for database in sorted(name for name in databases if name == self._namespace or name.startswith(f"{self._namespace}-")):
            for collection in await self._collections(database):
                with suppress(MissingError):
                    await self._chroma.ask("delete_collection", database=database, collection=collection["name"])
            with suppress(MissingError):
                await self._chroma.ask("delete_database", database=database)
        self._known.clear()

    def forget(self, tenant: str) -> None:
        self._known.pop(tenant, None)

    async def _collections(self, database: str) -> Sequence[Mapping[str, Any]]:
        """None when there is no such database."""
        try:
            found: Sequence[Mapping[str, Any]] = await self._chroma.ask("list_collections", database=database)
        except MissingError:
            return []
        return found

    async def _created(self, database: str, name: str, metadata: Mapping[str, str | int]) -> Mapping[str, Any]:
        created: Mapping[str, Any] = await self._chroma.ask(
            "create_collection", database=database, name=name, metadata=metadata, configuration=CONFIGURATION, get_or_create=True
        )
        return created

    def _database(self, tenant: str) -> str:
        return f"{self._namespace}-{_digest(tenant)}"


def _place(database: str, collection: Mapping[str, Any]) -> Place:
    metadata = collection["metadata"]
    return Place(database, str(collection["id"]), metadata["collection"], metadata["dimension"])


def _digest(name: str) -> str:
    """Chroma's names are 3 to 512 of few characters."""
    return blake2b(json.dumps(name).encode(), digest_size=16).hexdigest()

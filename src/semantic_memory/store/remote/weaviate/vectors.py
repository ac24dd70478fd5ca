"""Vectors in Weaviate: HNSW over named vectors, one for each length."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import numpy as np
from weaviate.classes.config import Configure
from weaviate.classes.query import Filter, MetadataQuery
from weaviate.collections.classes.config import CollectionConfig

from semantic_memory.core.errors import BackendResponseError, EmbedderMismatchError
from semantic_memory.core.model import Vector
from semantic_memory.store.remote.rows import Found, Row, Scope
from semantic_memory.store.remote.weaviate.engine import Collection, WeaviateEngine, digest, found, narrowed, passage_id
from semantic_memory.store.remote.weaviate.link import Link
from semantic_memory.store.remote.weaviate.schema import (
    CONNECTIONS,
    DIMENSION,
    EF_CONSTRUCTION,
    LEAST_EF,
    RETURNED,
    dimensions,
    vector_name,
    vectors_class,
)


class WeaviateVectors(WeaviateEngine):
    """The `VectorEngine` protocol."""

    def __init__(self, link: Link, class_name: str) -> None:
        super().__init__(link, class_name)
        self._known: frozenset[int] = frozenset()

    def properties(self, row: Row) -> dict[str, Any]:
        return super().properties(row) | {DIMENSION: len(row.vector)}

    def vectors_of(self, row: Row) -> dict[str, list[float]]:
        return {vector_name(len(row.vector)): row.vector.tolist()}

    def definition(self, rows: Sequence[Row]) -> dict[str, Any]:
        return vectors_class(self.class_name, {len(row.vector) for row in rows})

    async def extend(self, present: Collection, config: CollectionConfig, rows: Sequence[Row]) -> None:
        for length in sorted({len(row.vector) for row in rows} - dimensions(config.vector_config or ())):
            index = Configure.VectorIndex.hnsw(ef_construction=EF_CONSTRUCTION, max_connections=CONNECTIONS, dynamic_ef_min=LEAST_EF)
            await present.config.add_vector(
                vector_config=Configure.Vectors.self_provided(name=vector_name(length), vector_index_config=index)
            )

    async def nearest(self, vector: Vector, scope: Scope, limit: int) -> Sequence[Found]:
        try:
            return await self._nearest(vector, scope, limit)
        except BackendResponseError:
            self._known = frozenset()
            if len(vector) in await self._dimensions(len(vector)):
                raise
        return await self._nearest(vector, scope, limit)  # another process has made the class anew, for other vectors

    async def vectors(self, ids: Sequence[UUID], scope: Scope) -> Mapping[UUID, tuple[Found, Vector]]:
        stored = await self.read(
            digest(scope.tenant),
            lambda rows: rows.query.fetch_objects(
                filters=narrowed(scope, Filter.by_id().contains_any(list(ids))),
                limit=len(ids),
                include_vector=True,
                return_properties=RETURNED,
            ),
            None,
        )
        objects = [] if stored is None else stored.objects
        return {passage_id(one): (found(one, 0.0), np.array(next(iter(one.vector.values())), dtype=np.float32)) for one in objects}

    async def _nearest(self, vector: Vector, scope: Scope, limit: int) -> Sequence[Found]:
        known = await self._dimensions(len(vector))
        if known - {len(vector)}:
            await self._refuse_other_lengths(len(vector), scope)
        if len(vector) not in known:
            return []
        answer = await self.read(
            digest(scope.tenant),
            lambda rows: rows.query.near_vector(
                vector.tolist(),
                target_vector=vector_name(len(vector)),
                limit=limit,
                filters=narrowed(scope),
                return_metadata=MetadataQuery(distance=True),
                return_properties=RETURNED,
            ),
            None,
        )
        return [] if answer is None else [found(one, 1 - (one.metadata.distance or 0.0)) for one in answer.objects]

    async def _dimensions(self, wanted: int) -> frozenset[int]:
        """Lengths of vectors that the class is made for; asks the server when the wanted one is not known to be among them."""
        if wanted not in self._known:
            config = await self.link.call(self.config)
            self._known = frozenset() if config is None else dimensions(config.vector_config or ())
        return self._known

    async def _refuse_other_lengths(self, asked: int, scope: Scope) -> None:
        """Raises: EmbedderMismatchError when rows of the tenant's collections are of another length."""
        everything = Scope(scope.tenant, scope.collections)
        other = await self.read(
            digest(scope.tenant),
            lambda rows: rows.query.fetch_objects(
                filters=narrowed(everything, Filter.by_property(DIMENSION).not_equal(asked)), limit=1, return_properties=[DIMENSION]
            ),
            None,
        )
        if other is not None and other.objects:
            held = other.objects[0].properties[DIMENSION]
            raise EmbedderMismatchError(f"the collection has {held} dimensions, the query has {asked}")

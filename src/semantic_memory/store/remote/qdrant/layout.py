"""One collection for every tenant, as Qdrant advises, with an index for each field that searches filter by.

https://qdrant.tech/documentation/manage-data/multitenancy/
"""

from typing import TYPE_CHECKING

from semantic_memory.store.remote.qdrant.errors import driver_errors, is_refusal
from semantic_memory.store.remote.qdrant.filters import COLLECTION, FACTS, MODIFIED, TENANT

if TYPE_CHECKING:
    from qdrant_client import AsyncQdrantClient, models

LINKS = 16
"""Links of a vector in its tenant's graph (`payload_m`). There is no graph over all tenants (`m` 0): nobody may search it."""
BUILD_BEAM = 200
"""Candidates looked at for each link (`ef_construct`), twice the server's default."""
TERMS = "terms"
"""The sparse vector's name."""


def vector_name(dimension: int) -> str:
    return f"d{dimension}"


async def make(client: "AsyncQdrantClient", name: str, dimensions: frozenset[int], *, sparse: bool, indexed: bool) -> frozenset[int]:
    """Creates what is missing of the collection; fine when another process does so too. Returns the dimensions it has now."""
    if not await client.collection_exists(name):
        await _create(client, name, dimensions, sparse=sparse)
    info = await client.get_collection(name)
    there = _dimensions(info)
    for dimension in dimensions - there:
        await _add_dimension(client, name, dimension)
    for field, schema in _indexes().items() if indexed else ():
        if field not in info.payload_schema:
            await client.create_payload_index(name, field, schema)
    return there | dimensions


async def has_rows(client: "AsyncQdrantClient", name: str, dimension: int | None = None) -> bool:
    """Of this length, if one is given; False while another process is making the collection, which may refuse filters until then."""
    if not await client.collection_exists(name):
        return False
    info = await client.get_collection(name)
    return info.points_count != 0 and (dimension is None or dimension in _dimensions(info))


async def _create(client: "AsyncQdrantClient", name: str, dimensions: frozenset[int], *, sparse: bool) -> None:
    from qdrant_client import models

    vectors = {vector_name(size): models.VectorParams(size=size, distance=models.Distance.DOT) for size in dimensions}
    terms = {TERMS: models.SparseVectorParams(modifier=models.Modifier.IDF)}
    graph = models.HnswConfigDiff(m=0, payload_m=LINKS, ef_construct=BUILD_BEAM)
    try:
        await client.create_collection(name, vectors, terms if sparse else None, hnsw_config=graph)
    except driver_errors() as error:
        if not (is_refusal(error) and await client.collection_exists(name)):
            raise


async def _add_dimension(client: "AsyncQdrantClient", name: str, dimension: int) -> None:
    """Nothing happens when it is there."""
    from qdrant_client import models

    config = models.DenseVectorNameConfig(dense=models.DenseVectorConfig(size=dimension, distance=models.Distance.DOT))
    await client.create_vector_name(name, vector_name(dimension), config)


def _dimensions(info: "models.CollectionInfo") -> frozenset[int]:
    vectors = info.config.params.vectors
    return frozenset(params.size for params in vectors.values()) if isinstance(vectors, dict) else frozenset()


def _indexes() -> "dict[str, models.KeywordIndexParams | models.IntegerIndexParams]":
    """Only the tenant has a graph: `facts` are too many, and collections of a name belong to many tenants."""
    from qdrant_client import models

    plain = models.KeywordIndexParams(type=models.KeywordIndexType.KEYWORD, enable_hnsw=False)
    dates = models.IntegerIndexParams(type=models.IntegerIndexType.INTEGER, lookup=False, range=True, enable_hnsw=False)
    tenant = models.KeywordIndexParams(type=models.KeywordIndexType.KEYWORD, is_tenant=True)
    return {TENANT: tenant, COLLECTION: plain, FACTS: plain, MODIFIED: dates}

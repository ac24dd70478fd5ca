"""Vectors in PostgreSQL with pgvector: half-precision numbers, an HNSW graph per dimension, and no graph where few rows are in question."""

import sys
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, LiteralString
from uuid import UUID

import numpy as np
from pgvector import HalfVector
from pgvector.psycopg.halfvec import HalfVectorBinaryDumper
from psycopg import adapters
from psycopg.errors import FeatureNotSupported, InsufficientPrivilege, UndefinedFile
from psycopg.sql import SQL, Composed, Literal

from semantic_memory.core.errors import ConfigurationError, EmbedderMismatchError
from semantic_memory.core.model import Vector
from semantic_memory.core.ports import VectorIndex
from semantic_memory.core.settings import Settings
from semantic_memory.store.remote.index import RemoteVectors
from semantic_memory.store.remote.postgres.database import Connection
from semantic_memory.store.remote.postgres.store import PostgresStore, fact_array, rows
from semantic_memory.store.remote.rows import Found, Gone, Row, Scope

BATCH = 200

OLDEST = (0, 8)
"""pgvector's first version that goes on searching the graph until enough rows pass the filters."""

LINKS, BUILD_CANDIDATES = 16, 64
"""pgvector's own defaults."""

MOST_INDEXED = 4_000
"""Dimensions an HNSW index over half-precision vectors can have (pgvector's README); longer ones are compared one by one."""

EXACT_ROWS, EXACT_NUMBERS = 5_000, 2_000_000
"""Up to so many rows of a scope, or numbers in their vectors, are compared one by one. That finds all and takes 3.5 ms; the graph takes 6.

A graph is made once the table holds more. Made of rows that are there it takes 0.5 CPU ms a row, each row put into it later takes two to
five; it is made no later, because nobody can write meanwhile. (Measured with 12,000 vectors of 384 numbers.)
"""

LEAST_CANDIDATES, MOST_CANDIDATES = 100, 1_000
"""`hnsw.ef_search`, twice the limit between these (of the best hundred, once finds 0.96); pgvector takes no more than 1,000."""

MOST_SCANNED, SCAN_MEMORY = 100_000, 8
"""Rows of the graph looked at for enough that pass the filters, and the memory for them in units of `work_mem`, 4 MB by default.

Enough for the best hundred of a scope that one row in a thousand belongs to; pgvector's defaults, 20,000 and 1, are for one in 200.
"""

PUT: LiteralString = """
INSERT INTO {rows} AS old (tenant, collection, id, dimension, facts, modified, attributes, embedding)
VALUES (%s, %s, %s, %s, %s::int8[], %s, %s, %b)
ON CONFLICT (tenant, id) DO UPDATE SET collection = excluded.collection, dimension = excluded.dimension, facts = excluded.facts,
    modified = excluded.modified, attributes = excluded.attributes, embedding = excluded.embedding
WHERE (old.collection, old.dimension, old.facts, old.modified, old.attributes, old.embedding)
    IS DISTINCT FROM
    (excluded.collection, excluded.dimension, excluded.facts, excluded.modified, excluded.attributes, excluded.embedding)
"""
"""A row that is there already costs no place in the graph."""

REMOVE: LiteralString = """
DELETE FROM {rows} AS old USING unnest(%s::text[], %s::uuid[]) AS gone (tenant, id) WHERE (old.tenant, old.id) = (gone.tenant, gone.id)
"""

GRAPH: LiteralString = """
CREATE INDEX {graph} ON {rows} USING hnsw ((embedding::halfvec({dimension})) halfvec_ip_ops)
WITH (m = {links}, ef_construction = {candidates}) WHERE dimension = {dimension}
"""

FEW: LiteralString = "SELECT count(*) FROM (SELECT FROM {rows} WHERE dimension = {dimension} AND {scope} LIMIT {most}) AS counted"

COMPARED: LiteralString = """
SELECT * FROM (
    SELECT tenant, collection, id, attributes, -(embedding <#> %(vector)b::halfvec) AS cosine
    FROM {rows} WHERE dimension = {dimension} AND {scope} OFFSET 0
) AS compared ORDER BY cosine DESC LIMIT {limit}
"""
"""`OFFSET 0` keeps the sorting from being pushed down to the graph."""

WALKED: LiteralString = """
SELECT tenant, collection, id, attributes, -(embedding::halfvec({dimension}) <#> %(vector)b::halfvec({dimension}))
FROM {rows} WHERE dimension = {dimension} AND {scope}
ORDER BY embedding::halfvec({dimension}) <#> %(vector)b::halfvec({dimension}) LIMIT {limit}
"""

WALK: LiteralString = """
SET LOCAL hnsw.iterative_scan = strict_order; SET LOCAL hnsw.max_scan_tuples = {scanned};
SET LOCAL hnsw.scan_mem_multiplier = {memory}; SET LOCAL hnsw.ef_search = {candidates}
"""


def build(settings: Settings, exact_rows: int = EXACT_ROWS) -> VectorIndex:
    """In the database of `PGVECTOR_URL`, or else `DATABASE_URL`. Raises: ConfigurationError when neither names a PostgreSQL."""
    return RemoteVectors(Pgvector(settings, exact_rows), timeout_s=settings.store_timeout_s)


class Pgvector(PostgresStore):
    """One table for all tenants and dimensions: vectors have length 1, so that the inner product is the cosine."""

    KIND: ClassVar = "vectors"
    TABLES: ClassVar = ("rows",)
    INDEXES: ClassVar = ("by_collection", "by_fact")
    SCHEMA: ClassVar = (
        """
        CREATE TABLE IF NOT EXISTS {rows} (
            tenant text, collection text NOT NULL, id uuid, dimension int2 NOT NULL, facts int8[] NOT NULL, modified int8,
            attributes text NOT NULL, embedding halfvec NOT NULL, PRIMARY KEY (tenant, id)
        )
        """,
        "CREATE INDEX IF NOT EXISTS {by_collection} ON {rows} (tenant, collection)",
        "CREATE INDEX IF NOT EXISTS {by_fact} ON {rows} USING gin (facts)",
    )
    batch = BATCH

    def __init__(self, settings: Settings, exact_rows: int = EXACT_ROWS) -> None:
        super().__init__(settings)
        self._exact_rows = exact_rows

    async def put(self, rows: Sequence[Row]) -> None:
        values = [_values(row) for row in rows]
        dimensions = sorted({len(row.vector) for row in rows})

        async def insert(connection: Connection) -> None:
            for dimension in dimensions:
                await self._make_graph(connection, dimension)
            await connection.cursor().executemany(self.sql(PUT), values)

        await self.write(insert)

    async def remove(self, rows: Sequence[Gone]) -> None:
        gone = [row.tenant for row in rows], [row.passage_id for row in rows]
        await self.write(lambda connection: connection.execute(self.sql(REMOVE), gone))

    async def nearest(self, vector: Vector, scope: Scope, limit: int) -> list[Found]:
        return await self.read(lambda connection: self._nearest(connection, vector, scope, limit), [])

    async def vectors(self, ids: Sequence[UUID], scope: Scope) -> Mapping[UUID, tuple[Found, Vector]]:
        query, parameters = self.narrowed(
            "SELECT tenant, collection, id, attributes, embedding FROM {rows} WHERE id = ANY(%(ids)s) AND {scope}", scope
        )
        stored = await self.fetch(query, {**parameters, "ids": list(ids)})
        return {row[2]: (Found(row[0], row[1], row[2], row[3], score=0), _decoded(row[4])) for row in stored}

    async def create(self, connection: Connection) -> None:
        await _make_extension(connection)
        await super().create(connection)

    async def _make_graph(self, connection: Connection, dimension: int) -> None:
        """Once there are more rows than are compared one by one."""
        few = self.sql(FEW, dimension=Literal(dimension), scope=SQL("true"), most=Literal(self._most_compared(dimension) + 1))
        ((missing, count),) = await rows(
            connection, SQL("SELECT to_regclass(%(graph)s) IS NULL, ({})").format(few), {"graph": f"{self.prefix}_graph_{dimension}"}
        )
        if missing and count > self._most_compared(dimension):
            await connection.execute(self._graph(dimension))

    def _graph(self, dimension: int) -> Composed:
        parts = {"links": LINKS, "candidates": BUILD_CANDIDATES, "dimension": dimension}
        return self.sql(GRAPH, graph=self.named(f"graph_{dimension}"), **{name: Literal(number) for name, number in parts.items()})

    def _most_compared(self, dimension: int) -> int:
        return sys.maxsize - 1 if dimension > MOST_INDEXED else min(self._exact_rows, EXACT_NUMBERS // dimension)

    async def _nearest(self, connection: Connection, vector: Vector, scope: Scope, limit: int) -> list[Found]:
        sizes = {"dimension": Literal(len(vector)), "limit": Literal(limit)}
        most = self._most_compared(len(vector))
        few, parameters = self.narrowed(FEW, scope, dimension=Literal(len(vector)), most=Literal(most + 1))
        ((count,),) = await rows(connection, few, parameters)
        if count == 0:
            await self._refuse_other_lengths(connection, len(vector), scope)
            return []
        if count > most:
            await connection.execute(_walk(limit))
            query, _ = self.narrowed(WALKED, scope, **sizes)
        else:
            query, _ = self.narrowed(COMPARED, scope, **sizes)
        return [Found(*row) for row in await rows(connection, query, {**parameters, "vector": HalfVector(vector)})]

    async def _refuse_other_lengths(self, connection: Connection, dimension: int, scope: Scope) -> None:
        query, parameters = self.narrowed("SELECT dimension FROM {rows} WHERE {scope} LIMIT 1", scope)
        for (held,) in await rows(connection, query, parameters):
            raise EmbedderMismatchError(f"the collection has {held} dimensions, the query has {dimension}")


adapters.register_dumper(HalfVector, HalfVectorBinaryDumper)  # its type is left to the server: every database may number it differently


def _decoded(data: bytes) -> Vector:
    return HalfVector.from_binary(data).to_numpy().astype(np.float32)


def _values(row: Row) -> tuple[Any, ...]:
    facts, vector = fact_array(row.facts), HalfVector(row.vector)
    return row.tenant, row.collection, row.passage_id, len(row.vector), facts, row.modified, row.attributes, vector


def _walk(limit: int) -> Composed:
    candidates = min(max(2 * limit, LEAST_CANDIDATES), MOST_CANDIDATES)
    return SQL(WALK).format(scanned=Literal(MOST_SCANNED), memory=Literal(SCAN_MEMORY), candidates=Literal(candidates))


async def _make_extension(connection: Connection) -> None:
    """Under a lock of its own, for other namespaces may start as well.

    Raises: ConfigurationError with what to do when the role may not, the server has none, or an old one.
    """
    await connection.execute("SELECT pg_advisory_xact_lock(hashtextextended('CREATE EXTENSION vector', 0))")
    try:
        await connection.execute("CREATE EXTENSION IF NOT EXISTS vector")
    except InsufficientPrivilege as error:
        raise ConfigurationError("an administrator of this PostgreSQL database must run: CREATE EXTENSION vector") from error
    except (FeatureNotSupported, UndefinedFile) as error:
        raise ConfigurationError("this PostgreSQL server has no pgvector: install its package on the server") from error
    cursor = await connection.execute("SELECT extversion FROM pg_extension WHERE extname = 'vector'")
    ((version,),) = await cursor.fetchall()
    if tuple(map(int, version.split(".")[:2])) < OLDEST:
        raise ConfigurationError(f"pgvector {version} is too old: 0.8 or newer is needed; then run ALTER EXTENSION vector UPDATE")

"""What Milvus keeps of a row, and how it is indexed.

Everything an expression names is made of hexadecimal digits, so no text of a user's is ever part of one. Texts are kept in pieces, because
Milvus limits a string to 65,535 bytes.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from hashlib import blake2b
from typing import Any
from uuid import UUID

from semantic_memory.store.remote.milvus.library import library
from semantic_memory.store.remote.rows import Found, Row, Scope

LONGEST = 65_535
"""Bytes of a string: https://milvus.io/docs/limitations.md."""
PIECE = 16_000
"""Characters, of four bytes at most."""
MOST_ITEMS = 4_096
"""Items of an array: https://milvus.io/docs/array_data_type.md."""
ANY_FACT = "*"
"""What a row with more facts than an array holds has instead: every filter lets it through to the second look."""
NO_DATE = -(2**62)
"""Before every date; as a number, because comparisons with null differ between Milvus's versions."""
GRAPH = {"M": 30, "efConstruction": 360}
"""Milvus's own defaults: https://milvus.io/docs/hnsw.md."""
BM25 = {"bm25_k1": 1.2, "bm25_b": 0.75}
"""Milvus's own defaults, and the embedded index's: https://milvus.io/docs/full-text-search.md."""
CHECKED = ["tenant", "collection", "attributes"]
"""Fields that come back with a row."""


class Flavour(StrEnum):
    SERVER = "server"
    CLOUD = "cloud"
    """Zilliz Cloud takes no index but its own."""
    LITE = "lite"
    """Milvus Lite indexes no arrays, and loses half of the hits when its graph is searched with a filter."""


@dataclass(frozen=True, slots=True)
class Layout:
    """How a collection is made: `indexes` by field."""

    schema: Callable[[], Any]
    indexes: Mapping[str, Mapping[str, Any]]


def vectors(dimension: int, flavour: Flavour) -> Layout:
    graphs: dict[Flavour, dict[str, Any]] = {
        Flavour.SERVER: {"index_type": "HNSW", "params": GRAPH},
        Flavour.CLOUD: {"index_type": "AUTOINDEX"},
        Flavour.LITE: {"index_type": "FLAT"},
    }

    def schema() -> Any:
        made = _rows()
        made.add_field("vector", library().DataType.FLOAT_VECTOR, dim=dimension)
        return made

    return Layout(schema, {"vector": {"metric_type": "COSINE"} | graphs[flavour], **_inverted(flavour)})


def keywords(flavour: Flavour) -> Layout:
    """`terms` is what BM25 counts, `words` what phrases are looked up in."""

    def schema() -> Any:
        api = library()
        text, array, sparse = api.DataType.VARCHAR, api.DataType.ARRAY, api.DataType.SPARSE_FLOAT_VECTOR
        made = _rows()
        made.add_field("words", array, element_type=text, max_capacity=MOST_ITEMS, max_length=LONGEST)
        made.add_field("terms", text, max_length=LONGEST, enable_analyzer=True, analyzer_params={"tokenizer": "standard"})
        made.add_field("bm25", sparse)
        made.add_function(api.Function("bm25", api.FunctionType.BM25, input_field_names=["terms"], output_field_names=["bm25"]))
        return made

    sparse = {"index_type": "SPARSE_INVERTED_INDEX", "metric_type": "BM25", "params": BM25}
    return Layout(schema, {"bm25": sparse, **_inverted(flavour)})


def state() -> Layout:
    """One row with one text; Milvus demands a vector in each."""

    def schema() -> Any:
        types = library().DataType
        made = library().AsyncMilvusClient.create_schema()
        made.add_field("id", types.VARCHAR, is_primary=True, max_length=64)
        made.add_field("text", types.VARCHAR, max_length=LONGEST)
        made.add_field("vector", types.FLOAT_VECTOR, dim=2)
        return made

    return Layout(schema, {"vector": {"index_type": "AUTOINDEX", "metric_type": "COSINE"}})


def _rows() -> Any:
    """Tenants are the partition key: a search reads one of sixteen partitions."""
    text, array = library().DataType.VARCHAR, library().DataType.ARRAY
    made = library().AsyncMilvusClient.create_schema()
    made.add_field("id", text, is_primary=True, max_length=64)
    made.add_field("tenant_key", text, is_partition_key=True, max_length=32)
    made.add_field("collection_key", text, max_length=32)
    made.add_field("facts", array, element_type=text, max_capacity=MOST_ITEMS, max_length=16)
    made.add_field("modified", library().DataType.INT64)
    made.add_field("tenant", text, max_length=LONGEST)
    made.add_field("collection", text, max_length=LONGEST)
    made.add_field("attributes", array, element_type=text, max_capacity=MOST_ITEMS, max_length=LONGEST)
    return made


def _inverted(flavour: Flavour) -> dict[str, dict[str, str]]:
    return {} if flavour is Flavour.LITE else {field: {"index_type": "INVERTED"} for field in ("collection_key", "facts", "modified")}


def entity(row: Row) -> dict[str, Any]:
    """What both kinds of rows have in common."""
    return {
        "id": row_id(row.tenant, row.passage_id),
        "tenant_key": digest(row.tenant),
        "collection_key": digest(row.collection),
        "facts": row.facts if len(row.facts) <= MOST_ITEMS else [ANY_FACT],
        "modified": NO_DATE if row.modified is None else row.modified,
        "tenant": row.tenant,
        "collection": row.collection,
        "attributes": pieces(row.attributes),
    }


def found(row_id: str, fields: Mapping[str, Any], score: float) -> Found:
    return Found(
        tenant=fields["tenant"],
        collection=fields["collection"],
        passage_id=UUID(row_id[-32:]),
        attributes="".join(fields["attributes"]),
        score=score,
        words="".join(fields.get("words", ())),
    )


def row_id(tenant: str, passage_id: UUID) -> str:
    """Begins with the tenant, so that nobody can replace or remove another tenant's row."""
    return digest(tenant) + passage_id.hex


def digest(name: str) -> str:
    return blake2b(name.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def pieces(text: str) -> list[str]:
    return [text[start : start + PIECE] for start in range(0, len(text), PIECE)]


def encoded(terms: Sequence[str]) -> str:
    """Terms as eight hexadecimal digits each, which every analyser leaves alone; Milvus itself tells terms apart by 32 bits.

    Distinct terms come first and repeats after them: a text that is too long loses counts before it loses words.
    """
    counts = Counter(terms)
    repeats = (term for term, count in counts.items() for _ in range(count - 1))
    return " ".join(_digests([*counts, *repeats]))[: LONGEST - LONGEST % 9]


def _digests(terms: Iterable[str]) -> Iterable[str]:
    return (blake2b(term.encode("utf-8", "surrogatepass"), digest_size=4).hexdigest() for term in terms)


def within(scope: Scope) -> str:
    """The scope as an expression."""
    terms = [f'tenant_key == "{digest(scope.tenant)}"']
    if scope.collections is not None:
        terms.append(f"collection_key in {quoted(map(digest, scope.collections))}")
    terms += [f"array_contains_any(facts, {quoted([*group, ANY_FACT])})" for group in scope.groups]
    if scope.modified_from is not None or scope.modified_before is not None:
        terms.append(f"modified >= {NO_DATE + 1 if scope.modified_from is None else scope.modified_from}")
    if scope.modified_before is not None:
        terms.append(f"modified < {scope.modified_before}")
    return " and ".join(terms)


def quoted(values: Iterable[str]) -> str:
    """A list in an expression; the values hold no quotation marks."""
    return "[" + ", ".join(f'"{value}"' for value in values) + "]"

"""The collections ("classes") made in Weaviate, in the words of its REST interface: https://docs.weaviate.io/weaviate/config-refs/schema."""

from collections.abc import Iterable, Sequence
from typing import Any

TENANT, COLLECTION, SCOPE, FACTS, MODIFIED, ATTRIBUTES = "tenant", "collection", "scope", "facts", "modified", "attributes"
DIMENSION, TERMS, WORDS, STATE = "dimension", "terms", "words", "state"
UNUSED = "unused"
RETURNED = [TENANT, COLLECTION, ATTRIBUTES]

K1, B = 0.9, 0.4
"""As in every keyword index of the product: Lin et al., Anserini's defaults for BM25."""
EF_CONSTRUCTION, CONNECTIONS, LEAST_EF = 256, 32, 200
"""Ours to choose: no recall was measured on a real Weaviate; other HNSW engines here reach 0.95 and more at 100,000 rows with as much."""


def vectors_class(name: str, lengths: Iterable[int]) -> dict[str, Any]:
    """With vectors of these lengths; others can be added later, but a class cannot be without any."""
    vectors = {vector_name(length): _hnsw() for length in lengths}
    return _class(name, [_kept(STATE), _number(DIMENSION)]) | {"vectorConfig": vectors or {UNUSED: _flat()}}


def keywords_class(name: str) -> dict[str, Any]:
    """Without vectors; BM25 over terms that are already analysed, so no stop words and no other tokenisation."""
    terms = {"name": TERMS, "dataType": ["text"], "tokenization": "whitespace", "indexFilterable": False, "indexSearchable": True}
    class_ = _class(name, [_kept(STATE), _kept(WORDS), terms])
    return class_ | {"vectorizer": "none", "vectorIndexType": "hnsw", "vectorIndexConfig": {"skip": True, "distance": "cosine"}}


def vector_name(dimension: int) -> str:
    """Vectors of each length are a named vector of their own."""
    return f"d{dimension}"


def dimensions(vectors: Iterable[str]) -> frozenset[int]:
    """The lengths that the named vectors are of."""
    return frozenset(int(name[1:]) for name in vectors if name != UNUSED)


def _class(name: str, properties: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Tenants are made by the first row put into them."""
    return {
        "class": name,
        "properties": [*map(_kept, RETURNED), _word(SCOPE), _word(FACTS, "[]"), _number(MODIFIED), *properties],
        "multiTenancyConfig": {"enabled": True, "autoTenantCreation": True, "autoTenantActivation": True},
        "invertedIndexConfig": {"bm25": {"k1": K1, "b": B}, "stopwords": {"preset": "none"}},
    }


def _hnsw() -> dict[str, Any]:
    index = {"distance": "cosine", "efConstruction": EF_CONSTRUCTION, "maxConnections": CONNECTIONS, "dynamicEfMin": LEAST_EF}
    return _brought("hnsw", index | {"skipDefaultQuantization": True})


def _flat() -> dict[str, Any]:
    return _brought("flat", {"distance": "cosine"})


def _brought(kind: str, index: dict[str, Any]) -> dict[str, Any]:
    """Vectors that come with the rows."""
    no_options: dict[str, Any] = {}
    return {"vectorizer": {"none": no_options}, "vectorIndexType": kind, "vectorIndexConfig": index}


def _kept(name: str) -> dict[str, Any]:
    """A text that is not searched."""
    return {"name": name, "dataType": ["text"], "tokenization": "field", "indexFilterable": False, "indexSearchable": False}


def _word(name: str, many: str = "") -> dict[str, Any]:
    """A text compared as a whole."""
    return {"name": name, "dataType": [f"text{many}"], "tokenization": "field", "indexFilterable": True, "indexSearchable": False}


def _number(name: str) -> dict[str, Any]:
    return {"name": name, "dataType": ["int"], "indexFilterable": True, "indexRangeFilters": True}

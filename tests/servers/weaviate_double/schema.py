"""What a class's definition may say, and what the server adds to it."""

from typing import Any

from tests.servers.weaviate_double.model import RefusedError

TOKENIZATIONS = {"word", "lowercase", "whitespace", "field", "trigram", "gse", "kagome_kr", "kagome_ja"}
HNSW = {
    "skip": False, "cleanupIntervalSeconds": 300, "maxConnections": 32, "efConstruction": 128, "ef": -1, "dynamicEfMin": 100,
    "dynamicEfMax": 500, "dynamicEfFactor": 8, "vectorCacheMaxObjects": 10**12, "flatSearchCutoff": 40_000, "distance": "cosine",
}  # fmt: skip
INVERTED = {
    "bm25": {"b": 0.75, "k1": 1.2}, "cleanupIntervalSeconds": 60, "stopwords": {"preset": "en", "additions": None, "removals": None},
}  # fmt: skip


def with_defaults(schema: dict[str, Any]) -> dict[str, Any]:
    full: dict[str, Any] = {"replicationConfig": {"factor": 1, "asyncEnabled": False}, "properties": [], **schema}
    tenancy = {"enabled": False, "autoTenantCreation": False, "autoTenantActivation": False}
    full["multiTenancyConfig"] = tenancy | schema.get("multiTenancyConfig", {})
    given = schema.get("invertedIndexConfig", {})
    full["invertedIndexConfig"] = {**INVERTED, **given, "stopwords": {**INVERTED["stopwords"], **given.get("stopwords", {})}}
    full["properties"] = [_property_with_defaults(prop) for prop in full["properties"]]
    if not full["multiTenancyConfig"]["enabled"]:
        full["shardingConfig"] = {
            "virtualPerPhysical": 128, "desiredCount": 1, "actualCount": 1, "desiredVirtualCount": 128, "actualVirtualCount": 128,
            "key": "_id", "strategy": "hash", "function": "murmur3",
        }  # fmt: skip
    if "vectorConfig" in full:
        full["vectorConfig"] = {name: _vector_with_defaults(config) for name, config in full["vectorConfig"].items()}
        return full
    return full | {"vectorizer": "none", **_vector_with_defaults(schema)}


def _vector_with_defaults(config: dict[str, Any]) -> dict[str, Any]:
    kept = {"vectorizer": config["vectorizer"]} if "vectorizer" in config else {}
    defaults = {"distance": "cosine", "vectorCacheMaxObjects": 10**12} if config.get("vectorIndexType") == "flat" else HNSW
    return {
        **kept,
        "vectorIndexType": config.get("vectorIndexType", "hnsw"),
        "vectorIndexConfig": defaults | config.get("vectorIndexConfig", {}),
    }


def _property_with_defaults(prop: dict[str, Any]) -> dict[str, Any]:
    is_text = prop["dataType"][0] in {"text", "text[]"}
    defaults: dict[str, Any] = {"indexFilterable": True, "indexSearchable": is_text, "indexRangeFilters": False}
    return defaults | ({"tokenization": "word"} if is_text else {}) | prop


def check_schema(schema: dict[str, Any]) -> None:
    for prop in schema["properties"]:
        if prop.get("tokenization") not in TOKENIZATIONS | {None}:
            raise RefusedError(422, f"tokenization '{prop['tokenization']}' is not valid")
        if prop["dataType"][0] not in {"text", "text[]", "int", "number", "boolean"}:
            raise RefusedError(422, f"property '{prop['name']}': invalid dataType: {prop['dataType']}")
        if prop["indexRangeFilters"] and prop["dataType"][0] not in {"int", "number", "date"}:
            raise RefusedError(422, "`indexRangeFilters` is allowed only for number/int/date data types")
    for name, config in schema.get("vectorConfig", {}).items():
        if list(config.get("vectorizer", {})) != ["none"]:
            raise RefusedError(422, f"target vector {name!r}: vectorizer: no module with this name present")
    if "vectorConfig" in schema and "vectorIndexType" in schema:
        raise RefusedError(422, "class.VectorIndexType can not be set if class.VectorConfig is configured")


def guessed(name: str, value: Any) -> dict[str, Any]:
    kind = "text[]" if isinstance(value, list) else "number" if isinstance(value, float) else "text"
    return {"name": name, "dataType": [kind]}

"""Searches and their answers."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import numpy as np
from weaviate.proto.v1 import base_pb2, properties_pb2, search_get_pb2

from tests.servers.weaviate_double.model import Class, RefusedError, Stored
from tests.servers.weaviate_double.rows import matching, terms

MAXIMUM_RESULTS = 10_000
STOPWORDS = frozenset({
    "a", "an", "and", "are", "as", "at", "be", "but", "by", "for", "if", "in", "into", "is", "it", "no", "not", "of", "on", "or", "such",
    "that", "the", "their", "then", "there", "these", "they", "this", "to", "was", "will", "with",
})  # fmt: skip
"""Of the preset `en`, which is the default."""


@dataclass(frozen=True)
class Result:
    stored: Stored
    distance: float | None = None
    score: float | None = None


def search(class_: Class, request: search_get_pb2.SearchRequest) -> list[Result]:
    limit = request.limit or 10
    if request.offset + limit > MAXIMUM_RESULTS:
        asked = f"the provided offset '{request.offset}' and limit '{limit}'"
        raise RefusedError(422, f"query maximum results exceeded: the total limit calculated from {asked} exceeds '{MAXIMUM_RESULTS}'")
    vector = _target(class_, request.near_vector) if request.HasField("near_vector") else ""
    shard = class_.shard(request.tenant)
    rows = matching(class_, shard, request)
    if vector:
        found = _nearest(rows, request.near_vector, vector)
    elif request.HasField("bm25_search"):
        found = _bm25(class_, shard, rows, request.bm25_search)
    else:
        found = _listed(rows, request)
    return found[request.offset : request.offset + limit]


def _target(class_: Class, near: Any) -> str:
    known = list(class_.schema.get("vectorConfig", {}))
    targets = list(near.targets.target_vectors) or list(near.target_vectors) or known
    if len(targets) != 1:
        raise RefusedError(422, f"extract target vectors: class {class_.name} has multiple vectors, but no target vectors were provided")
    if targets[0] not in known:
        raise RefusedError(
            422,
            f"class {class_.name} does not have named vector {targets[0]} configured. Available named vectors {known}",
        )
    return str(targets[0])


def _nearest(rows: Sequence[Stored], near: Any, name: str) -> list[Result]:
    packed = near.vectors[0].vector_bytes if near.vectors else near.vector_bytes
    query = np.frombuffer(packed, np.float32)
    rows = [stored for stored in rows if name in stored.vectors]
    if not rows:
        return []
    if len(query) != len(rows[0].vectors[name]):
        raise RefusedError(422, f"vector search: vector lengths don't match: {len(rows[0].vectors[name])} vs {len(query)}")
    held = np.stack([stored.vectors[name] for stored in rows])
    distances = 1 - held @ (query / np.linalg.norm(query))
    return [Result(rows[i], distance=float(distances[i])) for i in np.argsort(distances, kind="stable")]


def _bm25(class_: Class, shard: Mapping[UUID, Stored], rows: Sequence[Stored], asked: Any) -> list[Result]:
    """A filter narrows what is found, not what is counted."""
    prop = class_.property(asked.properties[0])
    if not prop["indexSearchable"]:
        raise RefusedError(
            422, f"Property {prop['name']!r} is not indexed. Please choose another property or add an index to this property"
        )
    held = {id_: Counter(terms(prop, stored.properties.get(prop["name"], ""))) for id_, stored in shard.items()}
    lengths = [counts.total() for counts in held.values() if counts]
    wanted = [term for term in terms(prop, asked.query) if not _is_stopword(class_, term)]
    holders = Counter(term for counts in held.values() for term in set(wanted) & counts.keys())
    k1, b = class_.schema["invertedIndexConfig"]["bm25"]["k1"], class_.schema["invertedIndexConfig"]["bm25"]["b"]

    def score(counts: Counter[str]) -> float:
        norm = k1 * (1 - b + b * counts.total() / (sum(lengths) / len(lengths)))
        weights = {term: math.log(1 + (len(shard) - holders[term] + 0.5) / (holders[term] + 0.5)) for term in wanted}
        return sum(weights[term] * counts[term] / (counts[term] + norm) for term in wanted if counts[term])

    scored = [Result(stored, score=score(held[stored.id])) for stored in rows if set(wanted) & held[stored.id].keys()]
    return sorted(scored, key=lambda result: -(result.score or 0))


def _is_stopword(class_: Class, term: str) -> bool:
    return class_.schema["invertedIndexConfig"]["stopwords"]["preset"] == "en" and term in STOPWORDS


def _listed(rows: Sequence[Stored], request: search_get_pb2.SearchRequest) -> list[Result]:
    if request.after and (request.HasField("filters") or request.offset):
        raise RefusedError(422, "cursor api: invalid 'after' parameter: where cannot be set with after and limit parameters")
    ordered = sorted(rows, key=lambda stored: stored.id.bytes)
    return [Result(stored) for stored in ordered if not request.after or stored.id > UUID(request.after)]


def reply(class_: Class, request: search_get_pb2.SearchRequest, found: Sequence[Result]) -> search_get_pb2.SearchReply:
    return search_get_pb2.SearchReply(
        results=[
            search_get_pb2.SearchResult(properties=_properties(class_, request, one.stored), metadata=_metadata(request, one))
            for one in found
        ]
    )


def _metadata(request: search_get_pb2.SearchRequest, one: Result) -> search_get_pb2.MetadataResult:
    asked = request.metadata
    metadata = search_get_pb2.MetadataResult()
    if asked.uuid:
        metadata.id, metadata.id_as_bytes = str(one.stored.id), one.stored.id.bytes
    if asked.creation_time_unix:
        metadata.creation_time_unix, metadata.creation_time_unix_present = one.stored.written_ms, True
    if asked.last_update_time_unix:
        metadata.last_update_time_unix, metadata.last_update_time_unix_present = one.stored.written_ms, True
    if asked.distance and one.distance is not None:
        metadata.distance, metadata.distance_present = one.distance, True
    if asked.score and one.score is not None:
        metadata.score, metadata.score_present = one.score, True
    if asked.vector:
        single = base_pb2.Vectors.VECTOR_TYPE_SINGLE_FP32
        for name, vector in one.stored.vectors.items():
            metadata.vectors.append(base_pb2.Vectors(name=name, vector_bytes=vector.tobytes(), type=single))
    return metadata


def _properties(class_: Class, request: search_get_pb2.SearchRequest, stored: Stored) -> search_get_pb2.PropertiesResult:
    asked = request.properties
    everything = not request.HasField("properties") or asked.return_all_nonref_properties
    names = (
        [prop["name"] for prop in class_.schema["properties"]]
        if everything
        else [class_.property(name)["name"] for name in asked.non_ref_properties]
    )
    fields = {name: _value(class_.property(name)["dataType"][0], stored.properties[name]) for name in names if name in stored.properties}
    return search_get_pb2.PropertiesResult(target_collection=class_.name, non_ref_props=properties_pb2.Properties(fields=fields))


def _value(kind: str, value: Any) -> properties_pb2.Value:
    if kind == "text[]":
        return properties_pb2.Value(list_value=properties_pb2.ListValue(text_values=properties_pb2.TextValues(values=value)))
    return properties_pb2.Value(int_value=int(value)) if kind == "int" else properties_pb2.Value(text_value=value)

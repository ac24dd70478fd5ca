"""Which rows are taken, and which a filter finds."""

import operator
import re
from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from weaviate.proto.v1 import base_pb2

from tests.servers.weaviate_double.model import Class, RefusedError, Stored

Operator = base_pb2.Filters
COMPARISONS = {
    Operator.OPERATOR_EQUAL: operator.eq,
    Operator.OPERATOR_NOT_EQUAL: operator.ne,
    Operator.OPERATOR_GREATER_THAN_EQUAL: operator.ge,
    Operator.OPERATOR_GREATER_THAN: operator.gt,
    Operator.OPERATOR_LESS_THAN_EQUAL: operator.le,
    Operator.OPERATOR_LESS_THAN: operator.lt,
}


def check_row(class_: Class, stored: Stored) -> None:
    for name, value in stored.properties.items():
        kind = class_.property(name)["dataType"][0]
        fits = {
            "text": isinstance(value, str),
            "text[]": isinstance(value, list) and all(isinstance(item, str) for item in value),
            "int": isinstance(value, float | int) and float(value).is_integer(),
            "number": isinstance(value, float),
        }
        if not fits.get(kind, False):
            raise RefusedError(422, f"invalid {kind} property '{name}' on class '{class_.name}': not a {kind}, but {type(value).__name__}")
    for vector in stored.vectors:
        if vector not in class_.schema.get("vectorConfig", {}):
            raise RefusedError(422, f"collection {class_.name} does not have configuration for vector {vector}")


def check_lengths(shard: Mapping[UUID, Stored], stored: Stored) -> None:
    for name, vector in stored.vectors.items():
        held = next((len(other.vectors[name]) for other in shard.values() if name in other.vectors), len(vector))
        if held != len(vector):
            raise RefusedError(422, f"new node has a vector with length {len(vector)}. Existing nodes have vectors with length {held}")


def terms(prop: Mapping[str, Any], value: str) -> list[str]:
    """As the property's tokenization has them."""
    if prop["tokenization"] == "field":
        return [value.strip()]
    if prop["tokenization"] == "whitespace":
        return value.split()
    return re.findall(r"\w+", value.lower())


def _meets(class_: Class, where: base_pb2.Filters) -> Callable[[Stored], bool]:
    """What the filter asks of a row."""
    if where.operator in {Operator.OPERATOR_AND, Operator.OPERATOR_OR}:
        parts, together = [_meets(class_, part) for part in where.filters], all if where.operator == Operator.OPERATOR_AND else any
        return lambda stored: together(part(stored) for part in parts)
    name = where.target.property
    if name == "_id":
        ids = {UUID(text) for text in where.value_text_array.values} or {UUID(where.value_text)}
        return lambda stored: stored.id in ids
    if class_.property(name)["dataType"][0] == "int":
        return lambda stored: _compares(stored.properties.get(name), where.operator, where.value_int)
    return _has_any(class_.property(name), where)


def _has_any(prop: Mapping[str, Any], where: base_pb2.Filters) -> Callable[[Stored], bool]:
    if where.operator not in {Operator.OPERATOR_EQUAL, Operator.OPERATOR_CONTAINS_ANY}:
        raise RefusedError(422, f"this double does not compare texts by operator {where.operator}")
    wanted = {term for text in where.value_text_array.values or [where.value_text] for term in terms(prop, text)}

    def holds(stored: Stored) -> bool:
        value = stored.properties.get(prop["name"], [])
        return any(term in wanted for text in (value if isinstance(value, list) else [value]) for term in terms(prop, text))

    return holds


def _compares(value: Any, by: Any, other: int) -> bool:
    """A row without the value meets no comparison but `not equal`."""
    if value is None:
        return bool(by == Operator.OPERATOR_NOT_EQUAL)
    return bool(COMPARISONS[by](value, other))


def _check_filter(class_: Class, where: base_pb2.Filters) -> None:
    """Properties must be known, indexed and of the value's type, also when there is no row."""
    for part in where.filters:
        _check_filter(class_, part)
    if where.filters or where.target.property == "_id":
        return
    prop = class_.property(where.target.property)
    kind = prop["dataType"][0].removesuffix("[]")
    given = where.WhichOneof("test_value") or ""
    if kind not in given:
        raise RefusedError(422, f'data type filter cannot use "{given}" on type "{kind}", use "value{kind.title()}" instead')
    if not prop["indexFilterable"] and not prop["indexRangeFilters"]:
        raise RefusedError(422, f"filtering by property {prop['name']!r} requires inverted index: set `indexFilterable`")


def matching(class_: Class, shard: Mapping[UUID, Stored], request: Any) -> list[Stored]:
    if not request.HasField("filters"):
        return list(shard.values())
    _check_filter(class_, request.filters)
    return list(filter(_meets(class_, request.filters), shard.values()))

"""What a scope is in Qdrant's words."""

import math
from typing import TYPE_CHECKING

from semantic_memory.store.remote.rows import Scope

if TYPE_CHECKING:
    from qdrant_client import models

TENANT, COLLECTION, PASSAGE, FACTS, MODIFIED, ATTRIBUTES, WORDS = (
    "tenant", "collection", "passage", "facts", "modified", "attributes", "words",
)  # fmt: skip
"""Fields of a row's payload."""


def within(scope: Scope, *more: "models.Condition") -> "models.Filter":
    """The rows of the scope that meet `more` as well."""
    from qdrant_client import models

    return models.Filter(must=[*_conditions(scope), *more])


def of_tenant(tenant: str) -> "models.Filter":
    return within(Scope(tenant, None))


def _conditions(scope: Scope) -> "list[models.Condition]":
    from qdrant_client import models

    conditions: list[models.Condition] = [models.FieldCondition(key=TENANT, match=models.MatchValue(value=scope.tenant))]
    if scope.collections is not None:
        conditions.append(models.FieldCondition(key=COLLECTION, match=models.MatchAny(any=sorted(scope.collections))))
    conditions.extend(models.FieldCondition(key=FACTS, match=models.MatchAny(any=list(group))) for group in scope.groups)
    if scope.modified_from is not None or scope.modified_before is not None:
        conditions.append(models.FieldCondition(key=MODIFIED, range=_dates(scope.modified_from, scope.modified_before)))
    return conditions


def _dates(start: int | None, before: int | None) -> "models.Range":
    """Bounds are floats there: beyond 2**53 microseconds, in the year 2255, the range is made wider rather than narrower."""
    from qdrant_client import models

    return models.Range(
        gte=None if start is None else _rounded(start, -math.inf),
        lt=None if before is None else _rounded(before, math.inf),
    )


def _rounded(number: int, towards: float) -> float:
    nearest = float(number)
    is_inward = nearest > number if towards < 0 else nearest < number
    return math.nextafter(nearest, towards) if is_inward else nearest

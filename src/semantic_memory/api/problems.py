"""How failed requests appear in the OpenAPI document."""

from http import HTTPStatus
from typing import Any

from fastapi import FastAPI

from semantic_memory.api.answers import ProblemBody
from semantic_memory.api.errors import MEDIA_TYPE

_SCHEMA = {"$ref": "#/components/schemas/Problem"}

Responses = dict[int | str, dict[str, Any]]
"""FastAPI's own type for the `responses` of a route."""


def problems(*statuses: int) -> Responses:
    """The `responses` of a route that may fail in these ways."""
    return {status: {"description": HTTPStatus(status).phrase, "content": {MEDIA_TYPE: {"schema": _SCHEMA}}} for status in statuses}


GUARDED = problems(401, 403, 503)
"""What every route that needs a role may answer."""

WITH_BODY = problems(400, 408, 413, 422)
WITH_ID = problems(404, 422)


def describe_problems(app: FastAPI) -> None:
    """Adds the schema that `problems` refers to."""
    generate = app.openapi

    def with_problem() -> dict[str, Any]:
        document = generate()
        document["components"]["schemas"].setdefault("Problem", ProblemBody.model_json_schema())
        return document

    # FastAPI's documented way to extend the document is to replace this method
    app.openapi = with_problem  # type: ignore[method-assign]

"""Errors as RFC 9457 problem documents: the one place that knows status codes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from semantic_memory.core import errors
from semantic_memory.core.errors import SemanticMemoryError

log = structlog.get_logger()

MEDIA_TYPE = "application/problem+json"

RETRY_AFTER_S = 5
"""What a client is told to wait for a backend that is down: longer than a restart takes, shorter than a person's patience."""

MAX_FIELD_ERRORS = 20
MAX_LOCATION_CHARACTERS = 100

STATUS: Mapping[type[SemanticMemoryError], HTTPStatus] = {
    errors.SemanticMemoryError: HTTPStatus.INTERNAL_SERVER_ERROR,
    errors.ConfigurationError: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.UnknownSettingError: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.UnknownAdapterError: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.MissingExtraError: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.ModelFilesMissingError: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.EmbedderMismatchError: HTTPStatus.CONFLICT,
    errors.InvalidInputError: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.InvalidFilterError: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.InputTooLongError: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.TooLargeError: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    errors.UnsupportedTypeError: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    errors.EmptyDocumentError: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.GeneratedFileError: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.NotIndexedError: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.AuthenticationError: HTTPStatus.UNAUTHORIZED,
    errors.ForbiddenError: HTTPStatus.FORBIDDEN,
    errors.NotFoundError: HTTPStatus.NOT_FOUND,
    errors.ConflictError: HTTPStatus.CONFLICT,
    errors.TooManyRequestsError: HTTPStatus.TOO_MANY_REQUESTS,
    errors.BudgetExceededError: HTTPStatus.TOO_MANY_REQUESTS,
    errors.OverloadedError: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.ExtractionError: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.CorruptFileError: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.PasswordRequiredError: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.NeedsOcrError: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.ExtractionLimitError: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.ExtractionTimeoutError: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.ExtractorCrashedError: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.BackendError: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.BackendUnavailableError: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.BackendTimeoutError: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.BackendResponseError: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.StorageFullError: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.CorruptDataError: HTTPStatus.SERVICE_UNAVAILABLE,
}

DEFAULT_MESSAGE_ONLY = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.NOT_FOUND, HTTPStatus.SERVICE_UNAVAILABLE})
"""Statuses whose detail is the class's own sentence: a foreign object reads like an absent one, and no internals get out."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One answer to a failed request; `code` is stable, `detail` is for people."""

    status: int
    code: str
    detail: str
    headers: Mapping[str, str]
    errors: Sequence[Mapping[str, str]] = ()

    def response(self) -> JSONResponse:
        body: dict[str, object] = {
            "type": f"urn:semantic-memory:problem:{self.code}",
            "title": HTTPStatus(self.status).phrase,
            "status": int(self.status),
            "code": self.code,
            "detail": self.detail,
        }
        if self.errors:
            body["errors"] = self.errors
        return JSONResponse(body, int(self.status), dict(self.headers), media_type=MEDIA_TYPE)


def problem_of(error: SemanticMemoryError) -> Problem:
    """The problem of an error the product raised; nothing of a backend's message is in it."""
    status = next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)
    hidden = status in DEFAULT_MESSAGE_ONLY or status >= HTTPStatus.INTERNAL_SERVER_ERROR
    detail = (type(error).__doc__ or "").strip() if hidden else error.message
    return Problem(status, error.code, detail, _headers(error, status))


def answer_to(error: SemanticMemoryError) -> JSONResponse:
    """The response; failures of our own side are logged here, once, with what the caller is not told."""
    problem = problem_of(error)
    if problem.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        log.warning("request failed", code=error.code, error=error.message)
    return problem.response()


def internal_problem() -> Problem:
    """What the caller learns of a defect: nothing."""
    return Problem(HTTPStatus.INTERNAL_SERVER_ERROR, "internal", "an internal error; it has been logged", {})


def add_error_handlers(app: FastAPI) -> None:
    app.exception_handler(SemanticMemoryError)(_product_error)
    app.exception_handler(RequestValidationError)(_validation_error)
    app.exception_handler(HTTPException)(_http_error)


def _headers(error: SemanticMemoryError, status: HTTPStatus) -> dict[str, str]:
    if status == HTTPStatus.UNAUTHORIZED:
        return {"WWW-Authenticate": "Bearer"}
    if isinstance(error, errors.TooManyRequestsError):
        return {"Retry-After": str(error.retry_after_s)}
    if status == HTTPStatus.SERVICE_UNAVAILABLE and error.retryable:
        return {"Retry-After": str(RETRY_AFTER_S)}
    return {}


async def _product_error(_request: Request, error: SemanticMemoryError) -> JSONResponse:
    return answer_to(error)


async def _validation_error(_request: Request, error: RequestValidationError) -> JSONResponse:
    fields = [_field_error(found) for found in error.errors()[:MAX_FIELD_ERRORS]]
    return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid_input", "the request is not valid", {}, fields).response()


def _field_error(found: Mapping[str, Any]) -> dict[str, str]:
    """Place and reason; never the value, which may be a secret."""
    location: tuple[int | str, ...] = found["loc"]
    name = ".".join(str(part) for part in location)[:MAX_LOCATION_CHARACTERS]
    return {"field": name.encode(errors="replace").decode(), "reason": str(found["msg"])[:MAX_LOCATION_CHARACTERS]}


async def _http_error(_request: Request, error: HTTPException) -> JSONResponse:
    """What the framework itself refuses: unknown routes, methods and broken bodies."""
    status = HTTPStatus(error.status_code)
    code = HTTP_CODES.get(status, status.name.lower())
    return Problem(status, code, HTTP_DETAILS.get(status, status.phrase.lower()), dict(error.headers or {})).response()


HTTP_CODES = {
    HTTPStatus.BAD_REQUEST: "invalid_input",
    HTTPStatus.NOT_FOUND: errors.NotFoundError.code,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: errors.TooLargeError.code,
}
"""Codes that a refusal of the framework shares with an error of the product."""

HTTP_DETAILS = {
    HTTPStatus.BAD_REQUEST: "the body cannot be parsed",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "the body exceeds the size limit",
    HTTPStatus.REQUEST_TIMEOUT: "the body took too long to arrive",
}

"""Every error of the product has a status and says no more than it should."""

import json
from http import HTTPStatus

import pytest

from semantic_memory.api.errors import MEDIA_TYPE, STATUS, problem_of
from semantic_memory.core.errors import (
    AuthenticationError,
    BackendUnavailableError,
    InvalidInputError,
    NotFoundError,
    OverloadedError,
    SemanticMemoryError,
    StorageFullError,
    TooManyRequestsError,
)


def tree(root: type[SemanticMemoryError]) -> list[type[SemanticMemoryError]]:
    """The class and those below it that the product itself defines."""
    ours = [child for child in root.__subclasses__() if child.__module__ == root.__module__]
    return [root, *(error for child in ours for error in tree(child))]


@pytest.mark.parametrize("error", tree(SemanticMemoryError))
def test_every_error_has_a_status_of_its_own(error: type[SemanticMemoryError]) -> None:
    assert error in STATUS


@pytest.mark.parametrize("error", [error for error in tree(SemanticMemoryError) if error is not SemanticMemoryError])
def test_no_error_the_product_foresees_is_a_defect(error: type[SemanticMemoryError]) -> None:
    assert STATUS[error] != HTTPStatus.INTERNAL_SERVER_ERROR


def test_the_table_names_no_error_that_is_gone() -> None:
    assert set(STATUS) == set(tree(SemanticMemoryError))


def test_a_problem_is_a_problem_document() -> None:
    response = problem_of(InvalidInputError("top_k is too large")).response()

    assert response.media_type == MEDIA_TYPE
    assert json.loads(bytes(response.body)) == {
        "type": "urn:semantic-memory:problem:invalid_input",
        "title": "Unprocessable Entity",
        "status": 422,
        "code": "invalid_input",
        "detail": "top_k is too large",
    }


@pytest.mark.parametrize("error", [NotFoundError, BackendUnavailableError, AuthenticationError])
def test_details_that_could_tell_of_foreign_things_stay_inside(error: type[SemanticMemoryError]) -> None:
    assert "secret" not in problem_of(error("db.internal:5432 knows a secret")).detail


def test_a_client_learns_how_long_to_wait() -> None:
    assert problem_of(TooManyRequestsError(retry_after_s=7)).headers == {"Retry-After": "7"}
    assert int(problem_of(OverloadedError()).headers["Retry-After"]) > 0


def test_a_refused_credential_names_the_scheme() -> None:
    assert problem_of(AuthenticationError()).headers == {"WWW-Authenticate": "Bearer"}


def test_an_error_of_a_third_party_has_the_status_of_its_parent() -> None:
    class ShelfFullError(StorageFullError):
        """the shelf is full"""

    problem = problem_of(ShelfFullError("internals"))

    assert (problem.status, problem.detail) == (503, "the shelf is full")

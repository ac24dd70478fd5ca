"""The OpenAPI document is valid and says what the routes do."""

import json
import re
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate

from semantic_memory.api.app import create_app
from semantic_memory.api.security import PUBLIC_ROUTES
from semantic_memory.core.access import Role
from semantic_memory.core.settings import Settings
from tests.api.conftest import ROOT, Api


@pytest.fixture
def document(settings: Settings) -> dict[str, Any]:
    return create_app(settings).openapi()


def operations(document: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [(method.upper(), path, operation) for path, item in document["paths"].items() for method, operation in item.items()]


def test_the_document_is_valid(document: dict[str, Any]) -> None:
    validate(document)


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    names = set(re.findall(r"#/components/schemas/([^\"]+)", json.dumps(document)))

    assert names <= set(document["components"]["schemas"])


def test_every_operation_has_a_name_of_its_own_and_a_summary(document: dict[str, Any]) -> None:
    found = operations(document)

    assert len({operation["operationId"] for *_, operation in found}) == len(found)
    assert all(operation["summary"] and operation["tags"] and operation["description"] for *_, operation in found)


def test_guarded_operations_say_so(document: dict[str, Any]) -> None:
    guarded = {(method, path) for method, path, operation in operations(document) if "security" in operation}
    public = {(method, path) for method, path, operation in operations(document) if "security" not in operation}

    assert public <= set(PUBLIC_ROUTES)
    assert not guarded & set(PUBLIC_ROUTES)


def test_failures_are_problems_but_below_v1(document: dict[str, Any]) -> None:
    for method, path, operation in operations(document):
        failure = "application/json" if path.startswith("/v1/") else "application/problem+json"
        for status, response in operation["responses"].items():
            if status.startswith("4") or (status.startswith("5") and path != "/health"):
                assert list(response["content"]) == [failure], (method, path, status)


def test_bodies_have_examples_that_fit(document: dict[str, Any]) -> None:
    for name in ("SearchRequest", "QueryRequest"):
        schema = {**document["components"]["schemas"][name], "components": document["components"]}
        for example in schema["examples"]:
            Draft202012Validator(schema).validate(example)


async def test_what_is_sent_fits_the_schema(api: Api, document: dict[str, Any]) -> None:
    await api.ingested()
    headers = await api.headers(Role.ADMIN)
    answers = {
        "SearchBody": await api.http.post(f"{ROOT}/search", json={"query": "backups", "explain": True}, headers=headers),
        "AnswerBody": await api.http.post(f"{ROOT}/query", json={"query": "How many days are backups kept?"}, headers=headers),
        "DocumentPage": await api.http.get(f"{ROOT}/documents", headers=headers),
        "StatusBody": await api.http.get(f"{ROOT}/status", headers=headers),
        "HealthBody": await api.http.get("/health"),
        "MeBody": await api.http.get("/auth/me", headers=headers),
        "Problem": await api.http.get("/auth/me"),
    }

    for name, answer in answers.items():
        schema = {**document["components"]["schemas"][name], "components": document["components"]}
        Draft202012Validator(schema).validate(answer.json())


async def test_the_documentation_page_loads_nothing_from_elsewhere(api: Api) -> None:
    page = (await api.http.get("/docs")).text
    loaded = re.findall(r'(?:src|href)="([^"]+)"', page)

    assert "://" not in page
    assert len(loaded) == 3
    for path in loaded:
        answer = await api.http.get(f"/{path}")
        assert answer.status_code == 200
        assert answer.headers["Content-Type"].startswith(("text/css", "text/javascript"))


async def test_other_assets_are_not_found(api: Api) -> None:
    assert (await api.http.get("/docs/assets/main.py")).status_code == 404

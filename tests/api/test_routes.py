"""Who may reach what, generated from the routes themselves (AUTH-01, AUTH-03, TEN-01, TEN-02)."""

from collections.abc import Mapping

import pytest
from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, iter_route_contexts
from starlette.types import Message, Scope

from semantic_memory.api.app import create_app
from semantic_memory.api.errors import add_error_handlers
from semantic_memory.api.security import PUBLIC_ROUTES, Reader, RoleRequired, is_public
from semantic_memory.core.access import Role
from semantic_memory.core.settings import Settings
from tests.api.conftest import ONE_LOOP, ROOT, Api, client, filled, routes_of

ROLES: Mapping[tuple[str, str], Role] = {
    ("GET", "/auth/me"): Role.READER,
    ("POST", f"{ROOT}/search"): Role.READER,
    ("POST", f"{ROOT}/query"): Role.READER,
    ("DELETE", f"{ROOT}/sessions/{{session_id}}"): Role.READER,
    ("GET", "/v1/models"): Role.READER,
    ("POST", "/v1/chat/completions"): Role.READER,
    ("POST", "/v1/embeddings"): Role.READER,
    ("GET", f"{ROOT}/status"): Role.READER,
    ("POST", f"{ROOT}/ingest"): Role.INGESTOR,
    ("GET", f"{ROOT}/jobs/{{job_id}}"): Role.INGESTOR,
    ("GET", f"{ROOT}/file/{{file_id}}"): Role.READER,
    ("GET", f"{ROOT}/documents"): Role.READER,
    ("GET", f"{ROOT}/documents/{{document_id}}"): Role.READER,
    ("DELETE", f"{ROOT}/documents/{{document_id}}"): Role.INGESTOR,
    ("POST", f"{ROOT}/documents/{{document_id}}/reprocess"): Role.INGESTOR,
}
"""Checked in on purpose: a new route without a row fails."""

GUARDED = sorted(ROLES)
LARGE = b"\xff" * 10_000_000


@pytest.fixture
def all_routes(settings: Settings) -> set[tuple[str, str]]:
    return {(method, path) for method, path in routes_of(create_app(settings)) if method != "HEAD"}


def test_every_route_is_public_or_has_a_role(all_routes: set[tuple[str, str]]) -> None:
    assert all_routes == {*PUBLIC_ROUTES, *ROLES}


def test_every_guarded_route_asks_for_its_role_itself(settings: Settings) -> None:
    asked = {
        (method, str(context.path)): role
        for context in iter_route_contexts(create_app(settings).routes)
        for method in context.methods or ()
        if isinstance(context.original_route, APIRoute) and (role := required(context.dependant)) is not None
    }

    assert asked == dict(ROLES)


def required(dependant: Dependant) -> Role | None:
    gates = [dependency.call for dependency in dependant.dependencies if isinstance(dependency.call, RoleRequired)]
    return gates[0].role if gates else None


@ONE_LOOP
@pytest.mark.parametrize(("method", "template"), GUARDED)
@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer x"}, {"Authorization": "Basic YWRtaW46YWRtaW4="}], ids=str)
async def test_auth_01_without_a_valid_credential_nobody_gets_in(shared: Api, method: str, template: str, headers: dict[str, str]) -> None:
    answer = await shared.http.request(method, filled(template), headers=headers, content=LARGE)

    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "Bearer")
    assert answer.json().get("error", answer.json())["code"] == "unauthenticated"


@ONE_LOOP
@pytest.mark.parametrize(("method", "template"), GUARDED)
async def test_auth_01_a_body_is_not_read_before_the_credential(shared: Api, method: str, template: str) -> None:
    reads = 0
    sent: list[Message] = []

    async def receive() -> Message:
        nonlocal reads
        reads += 1
        return {"type": "http.request", "body": LARGE, "more_body": True}

    async def send(message: Message) -> None:
        sent.append(message)

    scope: Scope = {"type": "http", "method": method, "path": filled(template), "headers": [], "query_string": b"", "http_version": "1.1"}
    await shared.app(scope, receive, send)

    assert (sent[0]["status"], reads) == (401, 0)


@ONE_LOOP
@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize(("method", "template"), GUARDED)
async def test_ten_01_a_role_opens_what_it_should_and_no_more(shared: Api, role: Role, method: str, template: str) -> None:
    answer = await shared.http.request(method, filled(template), headers=await shared.headers(role))

    assert (answer.status_code == 403) == (role < ROLES[method, template])
    assert answer.status_code not in {401, 500}


@ONE_LOOP
@pytest.mark.parametrize(
    "path",
    [
        "/health%2f..%2fapi/v1/memory/documents",
        "/health/../api/v1/memory/documents",
        "//api/v1/memory/documents",
        "/api/v1/memory/documents;x=/health",
        "/api/v1/memory/documents/",
        "/API/v1/memory/documents",
        "/HEALTH",
        "/health/",
        "/health%00",
        "/health%0a",
        "/docs/assets/..%2f..%2fhealth",
        "/docs/assets/%2e%2e/start.js",
        "/unknown",
    ],
)
async def test_auth_03_a_crooked_path_leads_nowhere(shared: Api, path: str) -> None:
    assert (await shared.http.get(path)).status_code in {401, 404}


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "HEAD", "get", "X" * 1000])
def test_a_route_is_public_for_its_own_method_only(method: str) -> None:
    assert not is_public(method, "/health")


async def test_auth_03_headers_do_not_change_the_method(api: Api) -> None:
    headers = {"X-HTTP-Method-Override": "GET", "X-Original-URL": "/health", "X-Rewrite-URL": "/health"}

    assert (await api.http.post(f"{ROOT}/search", headers=headers, json={"query": "x"})).status_code == 401


@pytest.mark.parametrize(
    "route",
    [
        ("GET", "documents/{document_id}"),
        ("DELETE", "documents/{document_id}"),
        ("POST", "documents/{document_id}/reprocess"),
        ("GET", "file/{file_id}"),
    ],
    ids=str,
)
async def test_ten_02_a_foreign_document_looks_like_none(api: Api, route: tuple[str, str]) -> None:
    method, template = route
    document = await api.ingested()
    foreign = await api.headers(Role.ADMIN, tenant="other")

    theirs = await api.http.request(method, f"{ROOT}/{filled(template, document)}", headers=foreign)
    nobodys = await api.http.request(method, f"{ROOT}/{filled(template)}", headers=foreign)

    assert (theirs.status_code, theirs.content) == (404, nobodys.content)
    assert (await api.http.get(f"{ROOT}/documents/{document}", headers=await api.headers(Role.READER))).status_code == 200


async def test_ten_02_a_foreign_job_looks_like_none(api: Api) -> None:
    job = (await api.upload()).json()["id"]
    foreign = await api.headers(Role.ADMIN, tenant="other")

    theirs = await api.http.get(f"{ROOT}/jobs/{job}", headers=foreign)
    nobodys = await api.http.get(f"{ROOT}/{filled('jobs/{job_id}')}", headers=foreign)

    assert (theirs.status_code, theirs.content) == (404, nobodys.content)


async def test_ten_02_a_foreign_block_looks_like_none(api: Api) -> None:
    await api.ingested()
    hits = await api.http.post(f"{ROOT}/search", json={"query": "reset password"}, headers=await api.headers(Role.READER))
    block = hits.json()["hits"][0]["block_ids"][0]

    answer = await api.http.get(f"{ROOT}/file/{block}", headers=await api.headers(Role.ADMIN, tenant="other"))

    assert answer.status_code == 404


async def test_a_search_finds_nothing_of_another_tenant(api: Api) -> None:
    await api.ingested()
    foreign = await api.headers(Role.ADMIN, tenant="other")

    answer = await api.http.post(f"{ROOT}/search", json={"query": "reset password"}, headers=foreign)

    assert answer.json()["hits"] == []
    assert (await api.http.get(f"{ROOT}/status", headers=foreign)).json()["documents"] == 0


async def test_a_role_is_not_given_where_nobody_checked_the_credential() -> None:
    app = FastAPI()
    add_error_handlers(app)

    @app.get("/open")
    async def open_route(access: Reader) -> str:
        return access.principal

    async with client(app) as http:
        assert (await http.get("/open", headers={"Authorization": "Bearer x"})).status_code == 401


async def test_websockets_are_refused(api: Api) -> None:
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "websocket.connect"}

    async def send(message: Message) -> None:
        sent.append(message)

    await api.app({"type": "websocket", "path": "/auth/me", "headers": [], "query_string": b""}, receive, send)

    assert sent == [{"type": "websocket.close", "code": 1008}]

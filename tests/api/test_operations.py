"""Health, metrics, headers, logs and what a defect looks like from outside."""

import json
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
import structlog
from starlette.requests import ClientDisconnect
from starlette.types import Message

from semantic_memory.api.answers import HealthBody
from semantic_memory.api.app import allowed_origins, create_app
from semantic_memory.api.logs import configure_logging
from semantic_memory.core.access import Role
from semantic_memory.core.errors import ConfigurationError
from semantic_memory.core.memory import Memory
from semantic_memory.core.model import JsonValue
from semantic_memory.core.settings import Settings
from tests.api.conftest import ONE_LOOP, ROOT, Api, client


async def test_health_needs_nobody_and_times_every_component(api: Api) -> None:
    answer = await api.http.get("/health")

    assert (answer.status_code, answer.json()["status"]) == (200, "ok")
    components = answer.json()["components"]
    assert {"catalogue", "vectors", "keywords"} <= set(components)
    assert all(component["latency_ms"] >= 0 for component in components.values() if component["status"] == "ok")


@pytest.mark.parametrize(
    ("catalogue", "vectors", "status", "http_status"),
    [("ok", "ok", "ok", 200), ("ok", "off", "ok", 200), ("ok", "down", "degraded", 200), ("down", "ok", "down", 503)],
)
def test_health_is_down_only_without_the_catalogue(catalogue: str, vectors: str, status: str, http_status: int) -> None:
    report: dict[str, dict[str, JsonValue]] = {"catalogue": {"status": catalogue}, "vectors": {"status": vectors, "reason": "host:1"}}

    body = HealthBody.of(report)

    assert (body.status, body.http_status) == (status, http_status)
    assert "host" not in body.model_dump_json()


async def test_metrics_count_by_template_not_by_path(api: Api) -> None:
    headers = await api.headers(Role.READER)
    for number in range(10):
        await api.http.get(f"{ROOT}/documents/00000000-0000-0000-0000-00000000000{number}", headers=headers)

    metrics = (await api.http.get("/metrics")).text

    assert f'http_requests_total{{method="GET",route="{ROOT}/documents/{{document_id}}",status="404"}} 10.0' in metrics
    assert "00000000-0000" not in metrics


async def test_inj_13_strange_paths_and_methods_make_no_series(api: Api) -> None:
    headers = await api.headers(Role.READER)
    for number in range(50):
        await api.http.request(f"M{number}", f"/random/{number}", headers=headers)
        await api.http.request("GET", f"/random/{number}")

    series = [line for line in (await api.http.get("/metrics")).text.splitlines() if line.startswith("http_requests_total")]

    assert len(series) == 2
    assert all('route="unmatched"' in line for line in series)


@ONE_LOOP
@pytest.mark.parametrize("path", ["/health", "/auth/me", f"{ROOT}/documents", "/unknown", "/docs"])
async def test_web_01_every_answer_has_the_security_headers(shared: Api, path: str) -> None:
    for headers in ({}, await shared.headers(Role.READER)):
        answer = await shared.http.get(path, headers=headers)

        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["Cache-Control"] == "no-store"
        assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
        assert "Strict-Transport-Security" not in answer.headers


async def test_web_01_strict_transport_is_asked_for_under_tls(api: Api) -> None:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(api.app), base_url="https://test") as http:
        assert "max-age" in (await http.get("/health")).headers["Strict-Transport-Security"]


@ONE_LOOP
@pytest.mark.parametrize("method", ["TRACE", "PUT", "PATCH", "FOO"])
async def test_web_04_an_unknown_method_is_not_allowed(shared: Api, method: str) -> None:
    answer = await shared.http.request(method, f"{ROOT}/search", headers=await shared.headers(Role.ADMIN))

    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")


async def test_web_08_an_unknown_path_is_a_problem(api: Api) -> None:
    answer = await api.http.get("/unknown", headers=await api.headers(Role.READER))

    assert answer.json() == {
        "type": "urn:semantic-memory:problem:not_found",
        "title": "Not Found",
        "status": 404,
        "code": "not_found",
        "detail": "not found",
    }


@ONE_LOOP
@pytest.mark.parametrize("given", ["abc-123", "A.b_c"])
async def test_a_harmless_request_id_is_kept(shared: Api, given: str) -> None:
    assert (await shared.http.get("/health", headers={"X-Request-ID": given})).headers["X-Request-ID"] == given


@ONE_LOOP
@pytest.mark.parametrize("given", ["", "a b", "x" * 65, '{"a":1}', "é".encode()])
async def test_inj_11_a_strange_request_id_is_replaced(shared: Api, given: str | bytes) -> None:
    made = (await shared.http.get("/health", headers={"X-Request-ID": given})).headers["X-Request-ID"]

    assert len(made) == 32
    assert int(made, 16)


async def test_a_request_leaves_one_line_without_its_words(api: Api) -> None:
    with structlog.testing.capture_logs(processors=[structlog.contextvars.merge_contextvars]) as lines:
        answer = await api.http.post(f"{ROOT}/search?token=hidden", json={"query": "my secret"}, headers=await api.headers(Role.READER))

    (line,) = [line for line in lines if line["event"] == "request"]
    assert (line["method"], line["route"], line["status"]) == ("POST", f"{ROOT}/search", 200)
    assert line["request_id"] == answer.headers["X-Request-ID"]
    assert "secret" not in str(lines)
    assert "hidden" not in str(lines)


async def ask_app(
    settings: Settings, path: str, error: BaseException, *, started: bool = False
) -> tuple[list[Message], list[dict[str, object]]]:
    """What is sent and logged when a route of the application raises."""
    app = create_app(settings)

    async def crash(scope, receive, send) -> None:
        if started:
            await send({"type": "http.response.start", "status": 200, "headers": []})
        raise error

    app.router.mount("/docs/assets", crash)
    app.router.routes.insert(0, app.router.routes.pop())
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "GET", "path": path, "headers": [], "query_string": b"", "http_version": "1.1", "scheme": "http"}
    with structlog.testing.capture_logs() as lines:
        try:
            await app(scope, receive, send)
        except ZeroDivisionError:
            sent.append({"type": "raised"})
    return sent, lines


async def test_a_defect_is_a_problem_without_internals_and_logged_once(settings: Settings) -> None:
    sent, lines = await ask_app(settings, "/docs/assets/x", ZeroDivisionError("the secret of line 7"))

    assert sent[0]["status"] == 500
    assert json.loads(sent[1]["body"])["code"] == "internal"
    assert b"secret" not in sent[1]["body"]
    assert [line["event"] for line in lines if line["log_level"] == "error"] == ["request crashed"]


async def test_a_defect_in_the_middle_of_an_answer_breaks_it_off(settings: Settings) -> None:
    sent, _ = await ask_app(settings, "/docs/assets/x", ZeroDivisionError(), started=True)

    assert [message["type"] for message in sent] == ["http.response.start", "raised"]


async def test_a_client_that_left_is_no_defect(settings: Settings) -> None:
    sent, lines = await ask_app(settings, "/docs/assets/x", ClientDisconnect())

    assert sent == []
    assert [(line["event"], line["status"]) for line in lines] == [("request", 499)]


async def test_web_02_without_a_setting_no_origin_is_allowed(api: Api) -> None:
    answer = await api.http.get("/health", headers={"Origin": "https://evil.example"})

    assert "Access-Control-Allow-Origin" not in answer.headers


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [
        ("https://app.example", True),
        ("http://localhost:3000", True),
        ("https://evil.example", False),
        ("https://app.example.evil.example", False),
        ("https://evilapp.example", False),
        ("http://app.example", False),
        ("null", False),
    ],
)
async def test_web_02_only_listed_origins_are_allowed(settings: Settings, origin: str, allowed: bool) -> None:
    app = create_app(settings.model_copy(update={"app_cors_origins": "https://app.example, http://localhost:3000"}))
    async with app.router.lifespan_context(app), client(app) as http:
        preflight = {"Origin": origin, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}
        asked = await http.options(f"{ROOT}/search", headers=preflight)
        refused = await http.get("/auth/me", headers={"Origin": origin})

    assert (asked.headers.get("Access-Control-Allow-Origin") == origin) is allowed
    assert (refused.headers.get("Access-Control-Allow-Origin") == origin) is allowed
    assert "Access-Control-Allow-Credentials" not in asked.headers


@pytest.mark.parametrize("origins", ["*", "null", "app.example", "https://*.app.example", "https://app.example/", "file:///x"])
def test_web_02_what_is_no_origin_stops_the_start(settings: Settings, origins: str) -> None:
    with pytest.raises(ConfigurationError, match="APP_CORS_ORIGINS"):
        create_app(settings.model_copy(update={"app_cors_origins": origins}))


def test_an_empty_list_of_origins_is_none() -> None:
    assert allowed_origins(" , ") == []


async def test_what_killed_uploads_left_is_removed_at_the_start(settings: Settings) -> None:
    folder = settings.data_dir / "uploads"
    folder.mkdir(parents=True)
    for name, age in (("old", 25 * 3600), ("new", 60)):
        (folder / name).write_text("x")
        os.utime(folder / name, (time.time() - age,) * 2)
    app = create_app(settings)

    async with app.router.lifespan_context(app):
        left = [path.name for path in folder.iterdir()]

    assert left == ["new"]


async def test_a_memory_that_does_not_open_stops_the_start(settings: Settings) -> None:
    @asynccontextmanager
    async def refuse(settings: Settings) -> AsyncIterator[Memory]:
        raise ConfigurationError("no such store")
        yield

    app = create_app(settings, open_memory=refuse)
    with pytest.raises(ConfigurationError, match="no such store"):
        async with app.router.lifespan_context(app):
            pytest.fail("opened")


def test_logs_are_one_json_object_a_line_on_stderr(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging(settings)
    try:
        structlog.get_logger().info("hello\nworld", number=1)
        structlog.get_logger().debug("unheard")
    finally:
        structlog.reset_defaults()

    captured = capsys.readouterr()
    assert captured.out == ""
    assert json.loads(captured.err)["event"] == "hello\nworld"
    assert captured.err.count("\n") == 1

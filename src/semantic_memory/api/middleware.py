"""Around every request, from the outside in: telemetry, security headers, (CORS,) authentication, (body limit)."""

import re
import time
from collections.abc import Mapping
from uuid import uuid4

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from semantic_memory.api.errors import answer_to, internal_problem
from semantic_memory.api.metrics import UNMATCHED, Metrics
from semantic_memory.api.security import Authenticator, is_public
from semantic_memory.core.errors import SemanticMemoryError

log = structlog.get_logger()

REQUEST_ID_HEADER = "X-Request-ID"
CLIENT_CLOSED_REQUEST = 499
"""nginx's number for a client that left; only seen in logs and metrics."""

POLICY_VIOLATION = 1008
"""WebSocket close code (RFC 6455, section 7.4.1)."""

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")

SECURITY_HEADERS: Mapping[str, str] = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
}
"""Set unless the route says otherwise."""

STRICT_TRANSPORT = "max-age=31536000; includeSubDomains"


class Telemetry:
    """Gives each request an id, one log line and one count, and answers for defects. Bodies, queries and paths are not logged."""

    def __init__(self, app: ASGIApp, *, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        with structlog.contextvars.bound_contextvars(request_id=_request_id(scope)):
            await self._observe(scope, receive, send)

    async def _observe(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = time.perf_counter()
        answer = _Answer(send, structlog.contextvars.get_contextvars()["request_id"])
        try:
            await self._app(scope, receive, answer)
        except ClientDisconnect:
            answer.status = CLIENT_CLOSED_REQUEST
        except Exception:  # the outermost place: a defect must neither reach the caller nor go unseen
            if answer.status:
                raise
            log.exception("request crashed", route=_route(scope))
            await internal_problem().response()(scope, receive, answer)
        finally:
            self._record(scope, answer.status or CLIENT_CLOSED_REQUEST, time.perf_counter() - started)

    def _record(self, scope: Scope, status: int, seconds: float) -> None:
        route = _route(scope)
        self._metrics.answered(scope["method"], route, status, seconds)
        told = {"cache": level} if (level := scope.get("state", {}).get("cache")) else {}
        log.info("request", method=scope["method"][:16], route=route, status=status, milliseconds=round(1000 * seconds, 1), **told)


class _Answer:
    """`send` that remembers the status and names the request."""

    def __init__(self, send: Send, request_id: str) -> None:
        self._send = send
        self._request_id = request_id
        self.status = 0

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            MutableHeaders(scope=message)[REQUEST_ID_HEADER] = self._request_id
        await self._send(message)


class SecurityHeaders:
    """Tells browsers to trust nothing they were not told to."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                _add_security_headers(MutableHeaders(scope=message), scope)
            await send(message)

        await self._app(scope, receive, send_with_headers)


class Authentication:
    """Lets public routes pass and everybody else only with a valid credential; nothing of the body is read before.

    Unknown paths need one too, so that nobody can learn without it what exists.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not is_public(scope["method"], scope["path"]):
            try:
                scope.setdefault("state", {})["access"] = await _authenticator(scope).access(scope["headers"])
            except SemanticMemoryError as error:
                await answer_to(error)(scope, receive, send)
                return
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": POLICY_VIOLATION})
            return
        await self._app(scope, receive, send)


def _authenticator(scope: Scope) -> Authenticator:
    authenticator: Authenticator = scope["app"].state.services.authenticator
    return authenticator


def _request_id(scope: Scope) -> str:
    """The caller's, if it is harmless to log; else a new one."""
    given = Headers(scope=scope).get(REQUEST_ID_HEADER, "")
    return given if _REQUEST_ID.fullmatch(given) else uuid4().hex


def _route(scope: Scope) -> str:
    return getattr(scope.get("route"), "path", UNMATCHED)


def _add_security_headers(headers: MutableHeaders, scope: Scope) -> None:
    for name, value in SECURITY_HEADERS.items():
        headers.setdefault(name, value)
    if scope.get("scheme") == "https":
        headers.setdefault("Strict-Transport-Security", STRICT_TRANSPORT)

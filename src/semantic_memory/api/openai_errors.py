"""Failures of the OpenAI-compatible routes in the shape their clients read, wherever in the application they come from."""

import json
from typing import Any

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from semantic_memory.api import errors

PREFIX = "/v1/"
KINDS = {401: "authentication_error", 403: "permission_error", 404: "not_found_error", 429: "rate_limit_error"}
"""OpenAI's names; everything else is the request's fault below 500, and the server's from there on."""


class OpenAIErrors:
    """Turns the problem documents of paths below `/v1/` into OpenAI's error objects; status and headers stay."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_theirs = scope["type"] == "http" and scope["path"].startswith(PREFIX)
        await self._app(scope, receive, _Rewritten(send) if is_theirs else send)


class _Rewritten:
    """`send` that holds a problem back until its body, which comes in one piece, is there."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._start: Message | None = None

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start" and _is_problem(message):
            self._start = message
            return
        if self._start is not None and message["type"] == "http.response.body":
            start, self._start = self._start, None
            message = {**message, "body": _error(start["status"], json.loads(message["body"]))}
            headers = MutableHeaders(scope=start)
            headers["Content-Type"], headers["Content-Length"] = "application/json", str(len(message["body"]))
            await self._send(start)
        await self._send(message)


def _is_problem(start: Message) -> bool:
    return MutableHeaders(scope=start).get("Content-Type") == errors.MEDIA_TYPE


def _error(status: int, problem: dict[str, Any]) -> bytes:
    fields: list[dict[str, str]] = problem.get("errors") or [{}]
    kind = KINDS.get(status, "invalid_request_error" if status < 500 else "server_error")
    told: dict[str, str | None] = {"message": problem["detail"], "type": kind, "param": fields[0].get("field"), "code": problem["code"]}
    return json.dumps({"error": told}).encode()

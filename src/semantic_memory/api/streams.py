"""Answers as they come: server-sent events, and an end of the work as soon as the client has left."""

import json
import time
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing

import anyio
from anyio import CancelScope
from fastapi.sse import KEEPALIVE_COMMENT, format_sse_event
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from semantic_memory.api.errors import answer_to
from semantic_memory.api.services import Services
from semantic_memory.core.access import Access
from semantic_memory.core.answers import Done, Event, Events, Question
from semantic_memory.core.errors import SemanticMemoryError
from semantic_memory.core.model import JsonValue
from semantic_memory.core.views import event_view

MEDIA_TYPE = "text/event-stream"
HEARTBEAT_S = 10.0
"""Proxies close connections that say nothing for longer, most after a minute."""
HEADERS = {"X-Accel-Buffering": "no"}
"""Tells nginx to pass events on as they come."""

EVENTS = {"type": "string", "description": "Server-sent events: `sources`, `token`, `citation`, `done`, `error`; the data of each is JSON."}

Frames = AsyncGenerator[bytes, None]


class EventStream(Response):
    """Sends frames as they are made, with a sign of life in between. When the client leaves, the generator is closed at once."""

    media_type = MEDIA_TYPE

    def __init__(self, frames: Frames) -> None:
        super().__init__(headers=HEADERS)
        del self.headers["content-length"]
        self._frames = frames

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI's signature
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        async with anyio.create_task_group() as group:
            group.start_soon(_cancel_when_left, receive, group.cancel_scope)
            group.start_soon(_stay_alive, send)
            async with aclosing(self._frames) as frames:
                async for frame in frames:
                    await send({"type": "http.response.body", "body": frame, "more_body": True})
            await send({"type": "http.response.body", "body": b"", "more_body": False})
            group.cancel_scope.cancel()


async def streamed(services: Services, question: Question, access: Access) -> Events:
    """The events of an answer, measured, in one of the places there are for them.

    Raises, before the first event: OverloadedError, TooManyRequestsError.
    """
    started = time.perf_counter()
    async with services.streams.hold(access.tenant), aclosing(services.memory.ask_stream(question, access=access)) as events:
        async for event in events:
            if isinstance(event, Done):
                services.metrics.asked(event.answer, time.perf_counter() - started)
            yield event


async def frames(events: Events, first: Event) -> Frames:
    """`sources`, `token`, `citation` and `done` with their JSON; `error` with a problem document instead of what did not come."""
    yield frame(*event_view(first))
    try:
        async with aclosing(events):
            async for event in events:
                yield frame(*event_view(event))
    except SemanticMemoryError as error:
        yield format_sse_event(event="error", data_str=bytes(answer_to(error).body).decode())


def frame(name: str | None, data: Mapping[str, JsonValue]) -> bytes:
    return format_sse_event(event=name, data_str=json.dumps(data, ensure_ascii=False))


async def _cancel_when_left(receive: Receive, scope: CancelScope) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    scope.cancel()


async def _stay_alive(send: Send) -> None:
    while True:
        await anyio.sleep(HEARTBEAT_S)
        await send({"type": "http.response.body", "body": KEEPALIVE_COMMENT, "more_body": True})

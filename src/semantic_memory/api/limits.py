"""Bounds on what one request may send and on how many expensive requests run at once."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from semantic_memory.api.errors import problem_of
from semantic_memory.core.errors import OverloadedError, TooLargeError, TooManyRequestsError


@dataclass(frozen=True, slots=True)
class BodyBounds:
    """The largest body in bytes and the seconds it may take to arrive."""

    max_bytes: int
    max_seconds: float


JSON_BODY = BodyBounds(max_bytes=1024 * 1024, max_seconds=30)
FORM_OVERHEAD_BYTES = 256 * 1024
"""Room for the form's fields and boundaries around an uploaded file."""

UPLOAD_SECONDS = 600
"""10 MB in ten minutes is 17 kB/s; slower uploads would hold a slot for hours."""


class BodyLimit:
    """Refuses bodies that are too long, whether they say so or not, and those that trickle."""

    def __init__(self, app: ASGIApp, *, default: BodyBounds, per_path: Mapping[str, BodyBounds]) -> None:
        self._app = app
        self._default = default
        self._per_path = per_path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        bounds = self._per_path.get(scope["path"], self._default)
        if _announced(scope) > bounds.max_bytes:
            await problem_of(TooLargeError("the body exceeds the size limit")).response()(scope, receive, send)
            return
        await self._app(scope, _Bounded(receive, bounds), send)


class _Bounded:
    """`receive` with a count and a clock; errors are HTTPExceptions because the framework lets only these pass a body parser."""

    def __init__(self, receive: Receive, bounds: BodyBounds) -> None:
        self._receive = receive
        self._bounds = bounds
        self._deadline = asyncio.get_running_loop().time() + bounds.max_seconds
        self._received = 0
        self._complete = False

    async def __call__(self) -> Message:
        if self._complete:
            return await self._receive()
        try:
            async with asyncio.timeout_at(self._deadline):
                message = await self._receive()
        except TimeoutError as error:
            raise HTTPException(HTTPStatus.REQUEST_TIMEOUT, headers={"Connection": "close"}) from error
        self._count(message)
        return message

    def _count(self, message: Message) -> None:
        self._received += len(message.get("body", b""))
        self._complete = message["type"] != "http.request" or not message.get("more_body", False)
        if self._received > self._bounds.max_bytes:
            raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)


def _announced(scope: Scope) -> int:
    """Content-Length; 0 when missing or malformed, because the bytes are counted anyway."""
    value = Headers(scope=scope).get("content-length", "")
    return int(value) if value.isdecimal() and len(value) < 20 else 0


class Gate:
    """At most `capacity` holders; the next is refused at once instead of waiting."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._held = 0

    @property
    def is_full(self) -> bool:
        return self._held >= self._capacity

    @asynccontextmanager
    async def hold(self) -> AsyncGenerator[None]:
        """Raises: OverloadedError when full."""
        if self.is_full:
            raise OverloadedError
        self._held += 1
        try:
            yield
        finally:
            self._held -= 1


class TenantGates:
    """A gate for each tenant, besides one for all."""

    def __init__(self, capacity: int, per_tenant: int) -> None:
        self._all = Gate(capacity)
        self._per_tenant = per_tenant
        self._held: Counter[str] = Counter()

    @asynccontextmanager
    async def hold(self, tenant: str) -> AsyncGenerator[None]:
        """Raises: OverloadedError when full; TooManyRequestsError when the tenant has its share."""
        if self._held[tenant] >= self._per_tenant:
            raise TooManyRequestsError("too many answers are streaming; wait for one to end")
        async with self._all.hold():
            self._held[tenant] += 1
            try:
                yield
            finally:
                self._held[tenant] -= 1
                self._held += Counter()  # drops tenants that hold nothing

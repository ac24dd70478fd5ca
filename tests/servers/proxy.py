"""A TCP proxy that does to a connection what networks do."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from typing import Literal

Fault = Literal["ok", "reset", "blackhole", "garbage", "half"]
"""`reset` closes with RST, `blackhole` swallows everything, `garbage` answers at random, `half` closes after half an answer."""


class Proxy:
    """In front of one loopback port; `fault` and `delay_s`, which is added to every answer, may change at any time."""

    def __init__(self, target: int) -> None:
        self.fault: Fault = "ok"
        self.garbage = b"\x00\xff\x00 no protocol at all \r\n"
        self.delay_s = 0.0
        self.port = 0
        self.connections = 0
        self._target = target
        self._open: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    @asynccontextmanager
    async def running(self) -> AsyncGenerator["Proxy"]:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            for connection in self._open:
                connection.cancel()
            await asyncio.gather(*self._open, return_exceptions=True)

    async def _serve(self, client: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        self.connections += 1
        try:
            server, forth = await asyncio.open_connection("127.0.0.1", self._target)
            try:
                await asyncio.gather(self._requests(client, forth), self._answers(server, back))
            finally:
                forth.close()
        except (OSError, asyncio.CancelledError):
            back.transport.abort()
        finally:
            back.close()
            self._open.discard(task)

    async def _requests(self, client: asyncio.StreamReader, forth: asyncio.StreamWriter) -> None:
        while content := await client.read(65_536):
            if self.fault == "reset":
                raise ConnectionResetError
            if self.fault != "blackhole":
                forth.write(content)
                await forth.drain()
        with suppress(OSError):
            forth.write_eof()

    async def _answers(self, server: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        while content := await server.read(65_536):
            await asyncio.sleep(self.delay_s)
            if self.fault == "half":
                back.write(content[: len(content) // 2])
                await back.drain()
                return back.close()
            if self.fault != "blackhole":
                back.write(self.garbage if self.fault == "garbage" else content)
                await back.drain()
        return back.close()

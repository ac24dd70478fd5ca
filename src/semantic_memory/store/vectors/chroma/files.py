"""Chroma's own files, opened by a process of ours.

Not in this process: Chroma's Rust library holds Python's interpreter lock while it inserts (0.2 to 0.5 s for 500 rows, 1.5.9), and with
it every request of the server.
"""

import asyncio
import os
import struct
import sys
from collections.abc import Generator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import Any

import orjson

from semantic_memory.core.errors import BackendResponseError, BackendUnavailableError, StorageFullError
from semantic_memory.store.vectors.chroma.calls import Call, ExistsError, MissingError

HEADER = struct.Struct(">I")
"""Length of the JSON that follows, in bytes."""
LOCKED = 3
"""Exit code of a process that found the files taken."""
STOP_S = 10.0
"""For finishing the call that runs when the files are closed; Chroma's files outlive a kill."""
ERRORS: dict[str, type[Exception]] = {
    "missing": MissingError,
    "exists": ExistsError,
    "full": StorageFullError,
}
"""By the process's word for it; any other is told as it is."""


class ChromaFiles:
    """Starts the process on first use, and again when it ended. Its calls wait for one another."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.absolute()
        self._opening = asyncio.Lock()
        self._process: _Process | None = None

    @contextmanager
    def errors(self) -> Generator[None]:
        """Nothing to translate: the process's errors arrive in our words."""
        yield

    async def ask(self, call: Call, *, database: str = "", collection: str = "", **body: object) -> Any:
        arguments = body | ({"database": database} if database else {}) | ({"collection": collection} if collection else {})
        process = await self._started()
        return await process.ask(call, arguments)

    async def close(self) -> None:
        """Lets go of the files."""
        async with self._opening:
            if self._process is not None:
                await self._process.stop()

    async def _started(self) -> "_Process":
        async with self._opening:
            if self._process is None or self._process.has_ended:
                self._process = await _Process.start(self._folder)
        return self._process


class _Process:
    """One child that ends when its stdin does, so also with this process."""

    def __init__(self, process: asyncio.subprocess.Process, folder: Path) -> None:
        self._process = process
        self._folder = folder
        self._numbers = count()
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._reading = asyncio.create_task(self._read())

    @classmethod
    async def start(cls, folder: Path) -> "_Process":
        """Raises: BackendUnavailableError."""
        pipe = asyncio.subprocess.PIPE
        command = (sys.executable, "-P", "-m", "semantic_memory.store.vectors.chroma.files_process", str(folder))
        try:
            process = await asyncio.create_subprocess_exec(
                *command, stdin=pipe, stdout=pipe, env=_environment(), cwd="/", start_new_session=True
            )
        except OSError as error:
            raise BackendUnavailableError(f"no process for Chroma's files could be started: {error.strerror}") from error
        return cls(process, folder)

    @property
    def has_ended(self) -> bool:
        return self._reading.done()

    async def ask(self, call: Call, arguments: dict[str, object]) -> Any:
        number = next(self._numbers)
        request = orjson.dumps({"number": number, "call": call, "arguments": arguments}, option=orjson.OPT_SERIALIZE_NUMPY)
        answer = self._waiting[number] = asyncio.get_running_loop().create_future()
        try:
            await self._send(request)
            return await answer
        finally:
            self._waiting.pop(number, None)

    async def stop(self) -> None:
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            async with asyncio.timeout(STOP_S):
                await self._process.wait()
        except TimeoutError:
            self._process.kill()
            await self._process.wait()
        await self._reading

    async def _send(self, request: bytes) -> None:
        """When the process is gone, the end of its answers tells why."""
        if self._process.stdin is None:
            raise RuntimeError("the process was started without this pipe")
        with suppress(ConnectionError):
            self._process.stdin.write(HEADER.pack(len(request)) + request)
            await self._process.stdin.drain()

    async def _read(self) -> None:
        """Hands out answers until the process ends; then nobody waits in vain."""
        while answer := await self._next():
            waiting = self._waiting.pop(answer["number"], None)
            if waiting is not None and not waiting.done():
                _settle(waiting, answer)
        end = self._end(await self._process.wait())
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_exception(end)

    async def _next(self) -> dict[str, Any] | None:
        if self._process.stdout is None:
            raise RuntimeError("the process was started without this pipe")
        try:
            size: int = HEADER.unpack(await self._process.stdout.readexactly(HEADER.size))[0]
            answer: dict[str, Any] = orjson.loads(await self._process.stdout.readexactly(size))
        except asyncio.IncompleteReadError:
            return None
        return answer

    def _end(self, code: int) -> BackendUnavailableError:
        if code == LOCKED:
            return BackendUnavailableError(
                f"another process has the Chroma files in {str(self._folder)!r} open; stop it, or run a Chroma server and set CHROMA_HOST"
            )
        return BackendUnavailableError(f"the process for Chroma's files ended (exit code {code})")


def _settle(waiting: "asyncio.Future[Any]", answer: dict[str, Any]) -> None:
    if "error" not in answer:
        waiting.set_result(answer["value"])
    elif answer["error"] in ERRORS:
        waiting.set_exception(ERRORS[answer["error"]]())
    else:
        waiting.set_exception(BackendResponseError(f"Chroma's files answered {answer['error']}"))


def _environment() -> dict[str, str]:
    """The modules this process can import, found the same way, and no variable that Chroma would read as a setting of its own."""
    return {"PYTHONPATH": os.pathsep.join(path for path in sys.path if Path(path).is_absolute()), "PYTHONUTF8": "1"}

"""The `Extractor`: a pool of killable worker processes, so that no file can hurt this process or another file."""

import asyncio
import contextlib
import hashlib
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from semantic_memory.core.errors import (
    BackendUnavailableError,
    ExtractionError,
    ExtractionLimitError,
    ExtractionTimeoutError,
    ExtractorCrashedError,
    SemanticMemoryError,
)
from semantic_memory.core.model import Extraction, Member, PageImage
from semantic_memory.core.ports import Extractor
from semantic_memory.core.settings import Settings
from semantic_memory.etl.extract.format import ReadOptions
from semantic_memory.etl.protocol import (
    HEADER,
    Limits,
    WorkerOptions,
    decode_extraction,
    decode_members,
    decode_pages,
    error_of,
    pack,
    unpack,
)

OCR_CACHE = "cache/ocr"
"""Below the data folder; may be deleted at any time."""

START_TIMEOUT_S = 60
"""Seconds a worker may take to start; it needs 0.2 s of CPU, a loaded machine multiplies that."""
MOST_CHOICES = 5
"""Choices tried for one file, more than any type has: a file that dies before its type is known ends too."""
Stream = TypeVar("Stream")
KEPT_STDERR = 2000
"""Last characters of a worker's stderr, shown when it fails to start."""
PROGRAM_PATHS = ("/usr/local/bin", "/usr/bin", "/bin", "/opt/homebrew/bin")
"""Where workers look for programs such as tesseract; nothing of this process's environment reaches them."""


def build(settings: Settings, *, formats: Sequence[str] = ()) -> Extractor:
    """A pool as large as `EXTRACT_WORKERS`; `formats` (`module:name`, made from `ReadOptions`) are tried before the built-in ones."""
    limits = Limits(timeout_s=settings.extract_timeout_s, memory_mb=settings.extract_memory_mb)
    reading = ReadOptions(
        pdf_tier=settings.pdf_tier,
        ocr_engine=settings.ocr_engine,
        ocr_languages=tuple(settings.ocr_languages.split("+")),
        max_pages=settings.extract_max_pages,
        skip_generated=settings.skip_generated,
    )
    return WorkerPool(settings.extract_workers, limits, formats, reading, settings.data_dir / OCR_CACHE)


class WorkerPool:
    """Workers start with the first files, answer one file at a time and are replaced after some files or any trouble."""

    def __init__(
        self, size: int, limits: Limits, formats: Sequence[str] = (), reading: ReadOptions | None = None, ocr_cache: Path | None = None
    ) -> None:
        self._limits = limits
        self._options = WorkerOptions(os.getpid(), limits, tuple(formats), reading or ReadOptions()).encode()
        self._ocr_cache = ocr_cache
        self._free = asyncio.Semaphore(size)
        self._idle: list[_Worker] = []
        self._busy: set[_Worker] = set()
        self._closed = False

    async def extract(self, file: Path, *, name: str, tenant: str = "") -> Extraction:
        """By the first choice for the file's type, or the next one when that dies or takes too long.

        Raises: UnsupportedTypeError, EmptyDocumentError, ExtractionError (the first choice's); BackendUnavailableError when no worker
        starts or on close.
        """
        request = _request("extract", file, name) | {"cache": self._cache(tenant)}
        failure: ExtractionError | None = None
        for skip in range(MOST_CHOICES):
            told = "" if failure is None else failure.message
            try:
                reply = await self._ask({**request, "skip": skip, "failed": told}, self._limits.of_choice(skip))
            except (ExtractorCrashedError, ExtractionTimeoutError) as error:
                failure = failure or error
                continue
            if failure and "error" in reply:
                break
            return await asyncio.to_thread(_extraction, reply)
        raise failure or ExtractorCrashedError

    async def unpack(self, file: Path, *, name: str, into: Path) -> Sequence[Member]:
        """As the port says; what was written before a failure stays in `into`."""
        return decode_members(_checked(await self._ask(_request("unpack", file, name, into=into)))["members"])

    async def page_images(self, file: Path, *, name: str, pages: range) -> Sequence[PageImage]:
        """As the port says; so many that the reply stays below its limit."""
        request = _request("page_images", file, name) | {"first": pages.start, "last": pages.stop - 1}
        return decode_pages(_checked(await self._ask(request))["pages"])

    async def close(self) -> None:
        """Kills every worker, busy ones too, and waits until they are gone."""
        self._closed = True
        workers = [*self._idle, *self._busy]
        self._idle.clear()
        await asyncio.gather(*(worker.stop() for worker in workers))

    async def _ask(self, request: Mapping[str, str | int], limits: Limits | None = None) -> Mapping[str, Any]:
        async with self._free:
            worker = await self._take()
            try:
                return await worker.ask(request, limits or self._limits)
            except ExtractorCrashedError as error:
                raise self._blame(error) from error
            finally:
                await self._put_back(worker)

    def _cache(self, tenant: str) -> str:
        """A folder of the tenant's own under a name that any tenant's name can be turned into; without a tenant nothing is kept."""
        if self._ocr_cache is None or not tenant:
            return ""
        return str(self._ocr_cache.absolute() / hashlib.sha256(tenant.encode()).hexdigest()[:32])

    async def _take(self) -> "_Worker":
        if self._closed:
            raise BackendUnavailableError("the extractor is closed")
        worker = self._idle.pop() if self._idle else await _Worker.start(self._options)
        self._busy.add(worker)
        return worker

    def _blame(self, error: ExtractorCrashedError) -> SemanticMemoryError:
        """A worker that this pool killed by closing says nothing about the file."""
        return BackendUnavailableError("the extractor was closed before the file was read") if self._closed else error

    async def _put_back(self, worker: "_Worker") -> None:
        self._busy.discard(worker)
        if worker.is_usable and worker.files < self._limits.files_per_worker and not self._closed:
            self._idle.append(worker)
        else:
            await asyncio.shield(worker.stop())


class _Worker:
    """One child process in a session of its own. Usable until a file broke it, it asked to retire, or a reply was not awaited."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._stderr = asyncio.create_task(_tail(process.stderr))
        self.is_usable = False
        self.files = 0

    @classmethod
    async def start(cls, options: str) -> "_Worker":
        """Raises: BackendUnavailableError when the process does not start or dies before it is ready."""
        try:
            worker = cls(await _spawn(options))
        except OSError as error:
            raise BackendUnavailableError(f"no extraction worker could be started: {error}") from error
        try:
            await worker._await_ready()
        finally:
            if not worker.is_usable:
                await worker.stop()
        return worker

    async def ask(self, request: Mapping[str, str | int], limits: Limits) -> Mapping[str, Any]:
        """The reply to one request. On any error, and on cancellation, this worker is not usable any more."""
        self.is_usable = False
        self.files += 1
        try:
            reply = await self._converse(request, limits)
        except TimeoutError as error:
            raise ExtractionTimeoutError(f"reading took longer than {limits.timeout_s:g} s") from error
        except (asyncio.IncompleteReadError, ConnectionError) as error:
            raise await self._death() from error
        self.is_usable = not reply["retire"]
        return reply

    async def _converse(self, request: Mapping[str, str | int], limits: Limits) -> Mapping[str, Any]:
        """Raises: TimeoutError when neither the reply nor a page of it came in time."""
        now = asyncio.get_running_loop().time
        latest = now() + limits.longest_s
        async with asyncio.timeout(limits.timeout_s) as deadline:
            await self._send(request)
            while "page" in (reply := await self._receive(limits.max_reply_bytes)):
                deadline.reschedule(min(now() + limits.timeout_s, latest))
        return reply

    async def stop(self) -> None:
        """Kills the process with its children and reaps it; doing so again is fine."""
        self._kill()
        await self._process.wait()
        await self._stderr

    def _kill(self) -> None:
        """The whole process group; without a return code the process is not reaped yet, so its number is still its own."""
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):  # it died a moment ago
                os.killpg(self._process.pid, signal.SIGKILL)

    async def _await_ready(self) -> None:
        try:
            async with asyncio.timeout(START_TIMEOUT_S):
                await self._receive(KEPT_STDERR)
        except (TimeoutError, asyncio.IncompleteReadError) as error:
            self._kill()
            raise BackendUnavailableError(f"an extraction worker did not start: {await self._stderr}") from error
        self.is_usable = True

    async def _send(self, request: Mapping[str, str | int]) -> None:
        payload = pack(request)
        stdin = _piped(self._process.stdin)
        stdin.write(HEADER.pack(len(payload)) + payload)
        await stdin.drain()

    async def _receive(self, max_bytes: int) -> Mapping[str, Any]:
        stdout = _piped(self._process.stdout)
        size: int = HEADER.unpack(await stdout.readexactly(HEADER.size))[0]
        if size > max_bytes:
            raise ExtractionLimitError(f"the worker answered {size} bytes; at most {max_bytes} are read")
        return await asyncio.to_thread(_unpacked, await stdout.readexactly(size))

    async def _death(self) -> SemanticMemoryError:
        """Why the process is gone: the kernel's CPU limit is a timeout, every other end a crash."""
        self._kill()
        code = await self._process.wait()
        if code == -signal.SIGXCPU:
            return ExtractionTimeoutError("reading took more CPU time than allowed")
        return ExtractorCrashedError(f"the extractor process died on this file ({_cause(code)})")


def _request(do: str, file: Path, name: str, **paths: Path) -> dict[str, str | int]:
    return {"do": do, "name": name, "file": str(file.absolute()), **{key: str(path.absolute()) for key, path in paths.items()}}


async def _spawn(options: str) -> asyncio.subprocess.Process:
    """A bare process: no inherited variables, no folder of this process on its module path, no terminal, no signals of this group."""
    pipe = asyncio.subprocess.PIPE
    command = (sys.executable, "-P", "-m", "semantic_memory.etl.worker", options)
    return await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe, stderr=pipe, env=_environment(), start_new_session=True)


def _environment() -> dict[str, str]:
    """The modules this process can import, found the same way; one thread per numeric library; UTF-8."""
    return {
        "PATH": os.pathsep.join(PROGRAM_PATHS),
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if Path(path).is_absolute()),
        "PYTHONUTF8": "1",
        "LC_ALL": "C.UTF-8",
        "OMP_NUM_THREADS": "1",
        "OMP_THREAD_LIMIT": "1",
    }


async def _tail(stream: asyncio.StreamReader | None) -> str:
    """Reads the stream to its end, so that the writer never waits, and returns its last characters."""
    kept = b""
    while chunk := await _piped(stream).read(KEPT_STDERR):
        kept = (kept + chunk)[-KEPT_STDERR:]
    return kept.decode(errors="replace").strip()


def _piped(stream: Stream | None) -> Stream:
    if stream is None:
        raise RuntimeError("the process was started without this pipe")
    return stream


def _unpacked(payload: bytes) -> Mapping[str, Any]:
    """Raises: ExtractorCrashedError, as only a process out of control answers something else."""
    try:
        return unpack(payload)
    except ValueError as error:
        raise ExtractorCrashedError("the extractor process answered nonsense") from error


def _extraction(reply: Mapping[str, Any]) -> Extraction:
    return decode_extraction(_checked(reply)["extraction"])


def _checked(reply: Mapping[str, Any]) -> Mapping[str, Any]:
    """Raises: the error that the worker reported."""
    if "error" in reply:
        raise error_of(reply["error"], reply["message"])
    return reply


def _cause(return_code: int) -> str:
    return signal.Signals(-return_code).name if return_code < 0 else f"exit code {return_code}"

"""A real Chroma server for tests and benchmarks, and settings for Chroma's own files."""

import subprocess
import sys
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from semantic_memory.core.settings import Settings
from tests.servers.ports import free_port

START_S = 90
STOP_S = 30
RUN = "import sys, chromadb_rust_bindings; chromadb_rust_bindings.cli(['chroma', *sys.argv[1:]])"
"""The command `chroma`, without the seconds that importing the rest of the package takes."""


@dataclass
class Chroma:
    """One server on a loopback port; the same port and data after `kill` and `start`."""

    data: Path
    port: int
    _process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/api/v2"

    @property
    def pid(self) -> int:
        return self._running().pid

    def start(self) -> None:
        """Returns once it answers; it then has everything it acknowledged. Raises: TimeoutError."""
        arguments = ("run", "--path", str(self.data), "--host", "127.0.0.1", "--port", str(self.port))
        with (self.data.parent / f"chroma-{self.port}.log").open("ab") as log:
            self._process = subprocess.Popen([sys.executable, "-c", RUN, *arguments], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self._wait_until_it_answers()

    def kill(self) -> None:
        """SIGKILL, as when the machine's memory runs out."""
        process = self._running()
        process.kill()
        process.wait(STOP_S)
        self._process = None

    def stop(self) -> None:
        """Nothing happens when it is not running."""
        if self._process is not None:
            self.kill()

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            raise RuntimeError("Chroma is not running")
        return self._process

    def _wait_until_it_answers(self) -> None:
        end = time.monotonic() + START_S
        while time.monotonic() < end and self._running().poll() is None:
            with suppress(httpx.TransportError):
                httpx.get(f"{self.url}/heartbeat", timeout=5).raise_for_status()
                return
            time.sleep(0.05)
        log = (self.data.parent / f"chroma-{self.port}.log").read_text(errors="replace")[-2000:]
        self.stop()
        raise TimeoutError(f"Chroma does not answer; its log ends with: {log}")


@contextmanager
def running_chroma(folder: Path) -> Generator[Chroma]:
    """A new server with its data below `folder`, stopped at the end."""
    server = Chroma(folder / "data", free_port())
    try:
        server.start()
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="session")
def chroma_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chroma]:
    """One server for the whole session; who kills it starts it again."""
    _require_chroma()
    with running_chroma(tmp_path_factory.mktemp("chroma")) as server:
        yield server


@pytest.fixture
def chroma_settings(chroma_server: Chroma, tmp_path: Path) -> Settings:
    return Settings(
        data_dir=tmp_path / "data",
        vector_store="chroma",
        store_namespace=new_namespace(),
        store_timeout_s=30,
        chroma_host="127.0.0.1",
        chroma_port=chroma_server.port,
    )


@pytest.fixture
def chroma_files_settings(tmp_path: Path) -> Settings:
    _require_chroma()
    return Settings(data_dir=tmp_path / "data", vector_store="chroma", store_namespace=new_namespace(), store_timeout_s=30)


def new_namespace() -> str:
    return f"test_{uuid4().hex[:12]}"


def _require_chroma() -> None:
    if find_spec("chromadb") is None:
        pytest.skip("Chroma is missing: pip install 'semantic-memory[chroma]'")

"""Qdrant for tests: the client's local mode, a double of its server in a process of its own, and a real one named by `QDRANT_URL`."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.error import URLError
from urllib.request import Request, urlopen
from uuid import uuid4

import pytest
from pydantic import SecretStr

from semantic_memory.core.settings import Settings
from tests.servers.ports import free_port

LIVE_URL, LIVE_KEY = os.environ.get("QDRANT_URL", ""), os.environ.get("QDRANT_API_KEY", "")
"""Read before the tests' environment is cleaned."""
START_S = 60
REPOSITORY = Path(__file__).parents[2]


@dataclass
class QdrantDouble:
    """The same port and data after `kill` and `start`."""

    folder: Path
    options: tuple[str, ...] = ()
    port: int = field(default_factory=free_port)
    _process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        """Raises: RuntimeError when it is not running."""
        if self._process is None:
            raise RuntimeError("the double is not running")
        return self._process.pid

    def start(self) -> None:
        """Returns once it answers. Raises: TimeoutError."""
        place = ("--folder", str(self.folder), "--port", str(self.port))
        command = [sys.executable, "-m", "tests.servers.qdrant_double", *place, *self.options]
        with (self.folder.parent / "qdrant.log").open("ab") as log:
            self._process = subprocess.Popen(command, cwd=REPOSITORY, stdout=log, stderr=log)
        end = time.monotonic() + START_S
        while time.monotonic() < end and self._process.poll() is None:
            with suppress(URLError, OSError), urlopen(self.url, timeout=5):
                return
            time.sleep(0.05)
        raise TimeoutError((self.folder.parent / "qdrant.log").read_text()[-2000:])

    def kill(self) -> None:
        """SIGKILL; nothing happens when it is not running."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def lose_everything(self) -> None:
        self.kill()
        shutil.rmtree(self.folder)
        self.start()


@contextmanager
def running_qdrant(folder: Path, *options: str) -> Generator[QdrantDouble]:
    """A double with its data below `folder`."""
    need("qdrant_client", "qdrant_edge")
    double = QdrantDouble(folder / "data", options)
    try:
        double.start()
        yield double
    finally:
        double.kill()


def need(*modules: str) -> None:
    """Loaded here, because on a busy machine that takes longer than a search may; `qdrant_edge` is the engine of the double."""
    for module in modules:
        pytest.importorskip(module, reason="needs the extra `qdrant` and the package `qdrant-edge-py`")


def settings_of(url: str, folder: Path, **given: object) -> Settings:
    """Of a namespace of its own."""
    stores = {"vector_store": "qdrant", "keyword_store": "qdrant", "store_namespace": f"test_{uuid4().hex[:12]}", "store_timeout_s": 10}
    return Settings(data_dir=folder, qdrant_url=url, **(stores | given))  # type: ignore[arg-type]


@pytest.fixture(scope="session")
def qdrant_double(tmp_path_factory: pytest.TempPathFactory) -> Iterator[QdrantDouble]:
    """One for the whole session; whoever kills it has one of their own."""
    with running_qdrant(tmp_path_factory.mktemp("qdrant")) as double:
        yield double


@pytest.fixture
def qdrant_settings(tmp_path: Path) -> Settings:
    need("qdrant_client")
    return settings_of("", tmp_path / "data")


@pytest.fixture
def qdrant_server_settings(qdrant_double: QdrantDouble, tmp_path: Path) -> Iterator[Settings]:
    with dropped_at_the_end(settings_of(qdrant_double.url, tmp_path / "data")) as settings:
        yield settings


@pytest.fixture
def qdrant_live_settings(tmp_path: Path) -> Iterator[Settings]:
    """A real server's: `QDRANT_URL=… pytest -m live -k qdrant_live`."""
    need("qdrant_client")
    if not LIVE_URL:
        pytest.skip("QDRANT_URL names no Qdrant server")
    with dropped_at_the_end(settings_of(LIVE_URL, tmp_path / "data", qdrant_api_key=SecretStr(LIVE_KEY))) as settings:
        yield settings


@contextmanager
def dropped_at_the_end(settings: Settings) -> Generator[Settings]:
    yield settings
    for lane in ("vectors", "keywords"):
        address = f"{settings.qdrant_url}/collections/{settings.store_namespace}_{lane}"
        urlopen(Request(address, method="DELETE", headers={"api-key": settings.qdrant_api_key.get_secret_value()}), timeout=START_S).close()

"""Weaviate for tests: a double of its server, and a real one named by `WEAVIATE_URL`."""

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen
from uuid import uuid4

import pytest
from pydantic import SecretStr

from semantic_memory.core.settings import Settings
from semantic_memory.store.keywords import weaviate as keywords
from semantic_memory.store.vectors import weaviate as vectors
from tests.servers.ports import free_port

LIVE_URL = os.environ.get("WEAVIATE_URL", "")
LIVE_GRPC_PORT = int(os.environ.get("WEAVIATE_GRPC_PORT", "50051"))
LIVE_KEY = os.environ.get("WEAVIATE_API_KEY", "")
"""Read before the tests' environment is cleaned."""
START_S = 60
REPOSITORY = Path(__file__).parents[2]


class Nursery:
    """A process that has imported what a server needs and forks one on demand: imports take seconds, forks none."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "tests.servers.weaviate_double"]
        self._process = subprocess.Popen(command, cwd=REPOSITORY, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def fork(self, **options: str | int) -> int:
        """Returns the new server's process id."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps(options) + "\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())

    def close(self) -> None:
        """Servers notice that their parent is gone, and end."""
        with self._process:
            self._process.kill()


@dataclass
class WeaviateDouble:
    """The same ports and data after `kill` and `start`."""

    nursery: Nursery
    folder: Path
    key: str = ""
    version: str = "1.38.11"
    port: int = field(default_factory=free_port)
    grpc_port: int = field(default_factory=free_port)
    pid: int = field(default=0, init=False)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Returns once it answers. Raises: TimeoutError."""
        options = {"port": self.port, "grpc_port": self.grpc_port, "key": self.key, "version": self.version}
        self.pid = self.nursery.fork(folder=str(self.folder), **options)
        end = time.monotonic() + START_S
        while time.monotonic() < end:
            with suppress(URLError, OSError), urlopen(f"{self.url}/v1/.well-known/ready", timeout=5):
                return
            time.sleep(0.02)
        raise TimeoutError("the double of Weaviate did not start")

    def kill(self) -> None:
        """SIGKILL; nothing happens when it is not running."""
        if self.pid:
            os.kill(self.pid, signal.SIGKILL)
            while Path(f"/proc/{self.pid}").exists():
                time.sleep(0.01)
            self.pid = 0

    def lose_everything(self) -> None:
        self.kill()
        shutil.rmtree(self.folder)
        self.start()

    def settings(self, folder: Path, **changed: object) -> Settings:
        """For a namespace of its own on this server."""
        chosen: dict[str, object] = {
            "data_dir": folder / "data",
            "vector_store": "weaviate",
            "keyword_store": "weaviate",
            "store_namespace": f"test_{uuid4().hex[:12]}",
            "weaviate_url": self.url,
            "weaviate_grpc_port": self.grpc_port,
            "weaviate_api_key": SecretStr(self.key),
        }
        return Settings.model_validate(chosen | changed)


@pytest.fixture(scope="session")
def weaviate_nursery() -> Iterator[Nursery]:
    if find_spec("weaviate") is None:
        pytest.skip("weaviate-client is not installed")
    nursery = Nursery()
    yield nursery
    nursery.close()


@pytest.fixture(scope="session")
def weaviate_double(weaviate_nursery: Nursery, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WeaviateDouble]:
    """Shared by all tests that do not harm it."""
    double = WeaviateDouble(weaviate_nursery, tmp_path_factory.mktemp("weaviate"))
    double.start()
    yield double
    double.kill()


@pytest.fixture
def own_weaviate(weaviate_nursery: Nursery, tmp_path: Path) -> Iterator[WeaviateDouble]:
    """One that the test may kill."""
    double = WeaviateDouble(weaviate_nursery, tmp_path / "weaviate")
    double.start()
    yield double
    double.kill()


@pytest.fixture
def weaviate_settings(weaviate_double: WeaviateDouble, tmp_path: Path) -> Settings:
    return weaviate_double.settings(tmp_path, store_timeout_s=30)


@pytest.fixture
def weaviate_live_settings(tmp_path: Path) -> Iterator[Settings]:
    if not LIVE_URL:
        pytest.skip("WEAVIATE_URL names no server")
    settings = Settings(
        data_dir=tmp_path / "data",
        vector_store="weaviate",
        keyword_store="weaviate",
        store_namespace=f"test_{uuid4().hex[:12]}",
        store_timeout_s=30,
        weaviate_url=LIVE_URL,
        weaviate_grpc_port=LIVE_GRPC_PORT,
        weaviate_api_key=SecretStr(LIVE_KEY),
    )
    yield settings
    asyncio.run(_forget(settings))


async def _forget(settings: Settings) -> None:
    """Leaves nothing behind on a server that is not ours."""
    for index in (vectors.build(settings), keywords.build(settings)):
        await index.reset()
        await index.close()

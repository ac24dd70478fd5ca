"""A Milvus Lite server for tests, which stands for Milvus and Zilliz Cloud too; and one of these, named by `MILVUS_URI`."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from pydantic import SecretStr

from semantic_memory.core.ports import Index
from semantic_memory.core.settings import Settings
from semantic_memory.wiring import adapter
from tests.servers.ports import free_port

LIVE_URI, LIVE_TOKEN = os.environ.get("MILVUS_URI", ""), os.environ.get("MILVUS_TOKEN", "")
"""Read before the tests' environment is cleaned."""
START_S = 120
"""Its libraries take seconds to import, on a busy machine many."""
STOP_S = 30


@dataclass
class MilvusServer:
    """On a loopback port; the same port and data after `kill` and `start`."""

    data: Path
    port: int
    _process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    @property
    def uri(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Returns once it answers. Raises: TimeoutError."""
        arguments = ("server", "--data-dir", str(self.data), "--host", "127.0.0.1", "--port", str(self.port))
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "milvus_lite", *arguments], stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        end = time.monotonic() + START_S
        while time.monotonic() < end and self._process.poll() is None:
            with suppress(OSError), closing(socket.create_connection(("127.0.0.1", self.port), 1)):
                return
            time.sleep(0.05)
        self.stop()
        raise TimeoutError(f"Milvus Lite does not answer; its log ends with: {self._log.read_text(errors='replace')[-2000:]}")

    def kill(self) -> None:
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """Nothing happens when it is not running."""
        self._end(signal.SIGINT)

    @property
    def pid(self) -> int:
        """Raises: RuntimeError when it is not running."""
        if self._process is None:
            raise RuntimeError("Milvus Lite is not running")
        return self._process.pid

    @property
    def _log(self) -> Path:
        return self.data.with_suffix(".log")

    def _end(self, how: signal.Signals) -> None:
        if self._process is None:
            return
        self._process.send_signal(how)
        try:
            self._process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(STOP_S)
        self._process = None


@contextmanager
def running_milvus(folder: Path) -> Generator[MilvusServer]:
    """A new server with its data below `folder`, stopped at the end."""
    server = MilvusServer(folder / "milvus.db", free_port())
    try:
        server.start()
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="session")
def milvus_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MilvusServer]:
    if find_spec("milvus_lite") is None or find_spec("pymilvus") is None:
        pytest.skip("Milvus Lite is missing: pip install pymilvus milvus-lite")
    with running_milvus(tmp_path_factory.mktemp("milvus")) as server:
        yield server


@pytest.fixture
def milvus_live_settings(tmp_path: Path) -> Iterator[Settings]:
    """A real server's, in collections that are dropped afterwards: `MILVUS_URI=… make test-live`."""
    if not LIVE_URI:
        pytest.skip("MILVUS_URI names no Milvus server")
    settings = _settings(LIVE_URI, tmp_path, store_timeout_s=30, milvus_token=SecretStr(LIVE_TOKEN))
    yield settings
    for family, name in (("store.vectors", settings.vector_store), ("store.keywords", settings.keyword_store)):
        asyncio.run(_forget(adapter(family, name)(settings)))


@pytest.fixture
def milvus_settings(milvus_server: MilvusServer, tmp_path: Path) -> Settings:
    """A namespace of the test's own."""
    return _settings(milvus_server.uri, tmp_path)


def _settings(uri: str, folder: Path, **others: Any) -> Settings:
    namespace = f"test_{uuid4().hex[:12]}"
    stores = {"vector_store": "milvus", "keyword_store": "milvus", "store_namespace": namespace, "milvus_uri": uri}
    return Settings(data_dir=folder / "data", **(stores | others))


async def _forget(index: Index) -> None:
    await index.reset()
    await index.close()

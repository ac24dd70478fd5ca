"""A real HTTP server that speaks S3, with buckets in memory, for tests and benchmarks: the `moto` of the group `stores`."""

import re
import socket
import subprocess
import sys
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection
from importlib.util import find_spec
from pathlib import Path
from uuid import uuid4

import pytest
from pydantic import SecretStr

from semantic_memory.core.settings import Settings

KEY_ID, SECRET = "AKIAOFTHETESTS", "a-secret-of-the-tests"
START_S = 60
SIGNED = {"Authorization": f"AWS4-HMAC-SHA256 Credential={KEY_ID}/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0"}
"""The server asks for a signature, which it does not check."""
REQUEST = re.compile(r'"(?:\x1b\[\d+m)*([A-Z]+ \S+) HTTP/1\.1')
"""A line of the server's log, which is coloured for most answers."""


@dataclass
class S3Server:
    """One server on a loopback port; the same port without the data after `kill` and `start`."""

    folder: Path
    port: int
    _process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def settings(self, data_dir: Path, bucket: str, **others: str | int) -> Settings:
        """Of a process with the right key."""
        return Settings.model_validate(
            {
                "data_dir": data_dir,
                "blob_store": "s3",
                "s3_bucket": bucket,
                "s3_endpoint": self.url,
                "s3_region": "us-east-1",
                "s3_access_key_id": KEY_ID,
                "s3_secret_access_key": SecretStr(SECRET),
                **others,
            }
        )

    def new_bucket(self, name: str | None = None) -> str:
        name = name or f"test-{uuid4().hex}"
        self.request("PUT", f"/{name}")
        return name

    def put(self, bucket: str, key: str, content: bytes) -> None:
        self.request("PUT", f"/{bucket}/{key}", content)

    def keys(self, bucket: str) -> list[str]:
        """Of the first 1,000 objects, in order."""
        return re.findall(r"<Key>(.*?)</Key>", self.request("GET", f"/{bucket}?list-type=2").decode())

    def requests(self, bucket: str) -> list[str]:
        """Method and address, without the question part, of every request that named the bucket, the oldest first."""
        found = REQUEST.findall((self.folder / "s3.log").read_text("utf-8", errors="replace"))
        return [request.partition("?")[0] for request in found if f" /{bucket}" in request]

    def request(self, method: str, path: str, body: bytes = b"") -> bytes:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, path, body, SIGNED)
            answer = connection.getresponse()
            content = answer.read()
        finally:
            connection.close()
        if answer.status >= 400:
            raise RuntimeError(f"{method} {path}: {answer.status} {content!r}")
        return content

    def start(self) -> None:
        """Returns once it answers. Raises: TimeoutError."""
        with (self.folder / "s3.log").open("ab") as log:
            command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(self.port)]
            self._process = subprocess.Popen(command, stdout=log, stderr=log)
        end = time.monotonic() + START_S
        while time.monotonic() < end and self._process.poll() is None:
            with suppress(OSError, RuntimeError):
                self.request("GET", "/moto-api/data.json")
                return
            time.sleep(0.05)
        raise TimeoutError(f"the S3 server did not start: {(self.folder / 's3.log').read_text(errors='replace')[-2000:]}")

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait(30)
            self._process = None


@contextmanager
def running_s3(folder: Path) -> Generator[S3Server]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        server = S3Server(folder, free.getsockname()[1])
    server.start()
    try:
        yield server
    finally:
        server.kill()


@pytest.fixture(scope="session")
def s3_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    """One server for the whole session; a module that needs it names this one in `pytest_plugins`."""
    if find_spec("moto") is None:
        pytest.skip("the S3 server is missing: pip install 'moto[server,s3]'")
    with running_s3(tmp_path_factory.mktemp("s3")) as server:
        yield server

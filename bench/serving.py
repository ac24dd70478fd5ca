"""A server of the product as a process of its own, on loopback and a fresh data folder, and a client that uploads and searches."""

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import psutil

READY_S = 120
ROOT = "/api/v1/memory"
_PASSWORD = re.compile(r"account 'admin' with the password (\S+)")
TOKEN_LIFE_S = 600
"""A third of the life of a token: it is renewed in time."""


class Server:
    """`environment` holds settings by their names; `process` is the server, its children are the workers."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        port = _free_port()
        self.url = f"http://127.0.0.1:{port}"
        self._log = folder / "server.log"
        variables = {**os.environ, "DATA_DIR": str(folder / "data"), "PORT": str(port), "LOG_LEVEL": "info", **environment}
        command = [sys.executable, "-m", "semantic_memory", "serve"]
        with self._log.open("wb") as log:
            self._popen = subprocess.Popen(command, cwd=folder, env=variables, stdout=log, stderr=log, start_new_session=True)
        self.process = psutil.Process(self._popen.pid)

    def wait(self) -> None:
        """Until it answers. Raises: RuntimeError with the log when it does not."""
        deadline = time.monotonic() + READY_S
        while time.monotonic() < deadline and self._popen.poll() is None:
            try:
                httpx.get(f"{self.url}/health").raise_for_status()
            except httpx.HTTPError:
                time.sleep(0.2)
            else:
                return
        raise RuntimeError(f"the server does not answer: {self.log()[-2000:]}")

    def log(self) -> str:
        return self._log.read_text("utf-8", errors="replace")

    def password(self) -> str:
        """Of the account that the first start makes."""
        (password,) = _PASSWORD.findall(self.log())
        return str(password)

    def stop(self) -> None:
        self._popen.terminate()
        self._popen.wait(30)


class Client:
    """One connection with a valid token."""

    def __init__(self, server: Server) -> None:
        self._password = server.password()
        self._http = httpx.Client(base_url=server.url, timeout=120)
        self._until = 0.0

    def upload(self, name: str, content: bytes) -> str:
        """The id of the job. Raises: httpx.HTTPStatusError when the server refuses the file."""
        answer = self._http.post(f"{ROOT}/ingest", files={"file": (name, content)}, headers=self._headers())
        return str(answer.raise_for_status().json()["id"])

    def finished(self, job: str) -> Mapping[str, Any]:
        while (found := self._job(job))["state"] not in ("done", "failed"):
            time.sleep(0.1)
        return found

    def search(self, query: str) -> None:
        self._http.post(f"{ROOT}/search", json={"query": query}, headers=self._headers()).raise_for_status()

    def _job(self, job: str) -> Mapping[str, Any]:
        return self._http.get(f"{ROOT}/jobs/{job}", headers=self._headers()).raise_for_status().json()

    def _headers(self) -> dict[str, str]:
        if time.monotonic() > self._until:
            answer = self._http.post("/auth/token", data={"username": "admin", "password": self._password})
            self._token = answer.raise_for_status().json()["access_token"]
            self._until = time.monotonic() + TOKEN_LIFE_S
        return {"Authorization": f"Bearer {self._token}"}


@contextmanager
def serving(folder: Path, **environment: str) -> Generator[Server]:
    server = Server(folder, environment)
    try:
        server.wait()
        yield server
    finally:
        server.stop()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])

"""The server as a process."""

import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from tests.servers.ports import free_port

SERVE = "from semantic_memory.api.server import serve; from semantic_memory.core.settings import load_settings; serve(load_settings())"


class Server:
    """One process; its settings are those of this test's environment."""

    def __init__(self, folder: Path, port: int) -> None:
        self.port = port
        self.log = folder / "stderr"
        with self.log.open("wb") as stderr:
            self.process = subprocess.Popen([sys.executable, "-c", SERVE], cwd=folder, stderr=stderr)

    def wait(self) -> None:
        """Until it answers."""
        for _ in range(300):
            if self.process.poll() is not None:
                raise AssertionError(self.log.read_text())
            try:
                httpx.get(f"http://127.0.0.1:{self.port}/health").raise_for_status()
            except httpx.HTTPError:
                time.sleep(0.1)
            else:
                return
        raise AssertionError("not ready in 30 s")

    def stop(self, signum: int = signal.SIGTERM) -> int:
        self.process.send_signal(signum)
        return self.process.wait(timeout=30)


@pytest.fixture
def start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Server]]:
    """Starts a server on the same data as the one before; kills what a failed test leaves."""
    started: list[Server] = []

    def start_server(**environment: str) -> Server:
        port = free_port()
        for name, value in {"EMBEDDER": "hashing", "PORT": str(port), **environment}.items():
            monkeypatch.setenv(name, value)
        started.append(Server(tmp_path, port))
        return started[-1]

    yield start_server
    for server in started:
        if server.process.poll() is None:
            server.process.kill()
            server.process.wait()


@pytest.mark.slow
@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT])
def test_a_first_start_shows_a_password_that_works_and_a_signal_ends_it(start: Callable[..., Server], signum: int) -> None:
    server = start()
    server.wait()
    (password,) = re.findall(r"account 'admin' with the password (\S+)", server.log.read_text())
    answer = httpx.post(f"http://127.0.0.1:{server.port}/auth/token", data={"username": "admin", "password": password})

    assert answer.status_code == 200
    assert "server" not in answer.headers
    assert server.stop(signum) == 0
    log = server.log.read_text()
    assert "stopped" in log
    assert "Traceback" not in log
    assert log.count(password) == 1


@pytest.mark.slow
def test_a_second_start_shows_no_password(start: Callable[..., Server]) -> None:
    for expected in (1, 0):
        server = start()
        server.wait()
        assert server.stop() == 0
        assert server.log.read_text().count("with the password") == expected


@pytest.mark.slow
def test_auth_22_an_unsafe_secret_stops_the_process(start: Callable[..., Server]) -> None:
    server = start(JWT_SECRET="short")

    assert server.process.wait(timeout=30) != 0
    assert "JWT_SECRET has 5 bytes; it needs 32 or more" in server.log.read_text()

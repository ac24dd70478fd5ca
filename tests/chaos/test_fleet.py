"""Two API processes and two workers that share nothing but servers do what one process does: the same story is told to both."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from semantic_memory.core.settings import Settings
from tests.servers.ports import free_port
from tests.servers.postgres import Postgres
from tests.servers.s3 import S3Server
from tests.servers.valkey import Valkey

pytestmark = [pytest.mark.stores, pytest.mark.slow]

FILES = 12


class Fleet:
    """Processes with a data folder of their own each."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self._folder = folder
        self._environment = environment
        self._processes: list[subprocess.Popen[bytes]] = []

    def start(self, *command: str, **environment: str) -> subprocess.Popen[bytes]:
        home = self._folder / f"process-{len(self._processes)}"
        home.mkdir()
        with (home / "log").open("wb") as log:
            everything = {**os.environ, **self._environment, "DATA_DIR": str(home / "data"), **environment}
            process = subprocess.Popen(
                [sys.executable, "-m", "semantic_memory", *command],
                cwd=home,
                env=everything,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._processes.append(process)
        return process

    def log(self, number: int) -> str:
        return (self._folder / f"process-{number}" / "log").read_text()

    def stop(self) -> None:
        for process in self._processes:
            process.send_signal(signal.SIGTERM)
        for process in self._processes:
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()


BASICS = {"JWT_SECRET": "7f" * 32, "EMBEDDER": "hashing", "EXTRACT_WORKERS": "1"}


@pytest.fixture
def shared(postgres: Postgres, s3_server: S3Server, chroma_settings: Settings, valkey: Valkey, tmp_path: Path) -> dict[str, str]:
    """Settings of processes that share PostgreSQL, Chroma, Valkey and a bucket."""
    stored = s3_server.settings(tmp_path / "unused", s3_server.new_bucket())
    return {
        "DATABASE_URL": postgres.new_database(),
        "VECTOR_STORE": "chroma",
        "CHROMA_HOST": chroma_settings.chroma_host,
        "CHROMA_PORT": str(chroma_settings.chroma_port),
        "STORE_NAMESPACE": chroma_settings.store_namespace,
        "KEYWORD_STORE": "postgres",
        "REDIS_URL": valkey.url,
        "BLOB_STORE": "s3",
        "S3_BUCKET": stored.s3_bucket,
        "S3_ENDPOINT": stored.s3_endpoint,
        "S3_REGION": stored.s3_region,
        "S3_ACCESS_KEY_ID": stored.s3_access_key_id,
        "S3_SECRET_ACCESS_KEY": stored.s3_secret_access_key.get_secret_value(),
    }


@pytest.fixture
def start_fleet(tmp_path: Path) -> Iterator[Callable[[dict[str, str]], Fleet]]:
    """Makes fleets, and stops their processes at the end."""
    fleets: list[Fleet] = []

    def start(environment: dict[str, str]) -> Fleet:
        fleets.append(Fleet(tmp_path, BASICS | environment))
        return fleets[-1]

    yield start
    for fleet in fleets:
        fleet.stop()


def ready(port: int) -> None:
    for _ in range(600):
        try:
            httpx.get(f"http://127.0.0.1:{port}/health").raise_for_status()
        except httpx.HTTPError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError(f"nobody answers on port {port}")


def client(port: int, password: str) -> httpx.Client:
    base = f"http://127.0.0.1:{port}"
    reply = httpx.post(f"{base}/auth/token", data={"username": "admin", "password": password})
    reply.raise_for_status()
    return httpx.Client(base_url=base, headers={"Authorization": f"Bearer {reply.json()['access_token']}"}, timeout=30)


def password_in(log: str) -> str:
    return log.split("with the password ")[1].split(maxsplit=1)[0]


def finished(api: httpx.Client, jobs: list[str]) -> list[dict[str, str]]:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        found = [api.get(f"/api/v1/memory/jobs/{job}").json() for job in jobs]
        if all(job["state"] in {"done", "failed"} for job in found):
            return found
        time.sleep(0.2)
    raise AssertionError(found)


def tell_one_story(first: httpx.Client, second: httpx.Client, in_the_middle: Callable[[], object]) -> None:
    """Uploads by turns, everything found from both sides, one document deleted on one side and gone on the other."""
    jobs = []
    for number in range(FILES):
        text = f"# Note {number}\n\nThe key of room {number} hangs on hook {number * 7}.\n"
        api = (first, second)[number % 2]
        reply = api.post("/api/v1/memory/ingest", files={"file": (f"{number}.md", text.encode())})
        assert reply.status_code == 202
        jobs.append(reply.json()["id"])
        if number == FILES // 2:
            in_the_middle()
    done = finished(second, jobs)

    assert [job["state"] for job in done] == ["done"] * FILES
    for api in (first, second):
        found = api.post("/api/v1/memory/search", json={"query": '"room 7"', "top_k": 3}).json()
        assert not found["degraded"]
        assert found["hits"][0]["path"] == "7.md"
        assert api.get(f"/api/v1/memory/file/{found['hits'][0]['document_id']}").content.startswith(b"# Note 7")
        assert api.post("/api/v1/memory/query", json={"query": "On which hook hangs the key of room 7?"}).json()["sources"]
    document = paths(first, '"room 3"')["3.md"]
    assert paths(second, '"room 3"')["3.md"] == document
    assert second.delete(f"/api/v1/memory/documents/{document}").status_code == 204
    time.sleep(1.5)  # how long another process may believe the generation it knows, with the poll of the indexes
    assert "3.md" not in paths(first, '"room 3"')


def paths(api: httpx.Client, query: str) -> dict[str, str]:
    """Path → document of what a search finds."""
    hits = api.post("/api/v1/memory/search", json={"query": query, "top_k": 3}).json()["hits"]
    return {hit["path"]: hit["document_id"] for hit in hits}


def test_one_process_tells_the_story(start_fleet: Callable[[dict[str, str]], Fleet]) -> None:
    fleet, port = start_fleet({}), free_port()
    fleet.start("serve", "--port", str(port))
    ready(port)
    api = client(port, password_in(fleet.log(0)))

    tell_one_story(api, api, in_the_middle=lambda: None)


def test_two_servers_and_two_workers_tell_the_same_story(start_fleet: Callable[[dict[str, str]], Fleet], shared: dict[str, str]) -> None:
    """One of the workers is killed in the middle of it."""
    fleet, ports = start_fleet(shared | {"JOB_WORKERS": "0"}), [free_port(), free_port()]
    for port in ports:
        fleet.start("serve", "--port", str(port))
        ready(port)
    worker = fleet.start("worker", JOB_WORKERS="2", JOB_LEASE_S="3")
    fleet.start("worker", JOB_WORKERS="2", JOB_LEASE_S="3")
    first, second = (client(port, password_in(fleet.log(0))) for port in ports)

    tell_one_story(first, second, in_the_middle=worker.kill)

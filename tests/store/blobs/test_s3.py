"""The bucket behind the blob store: what goes over the wire, the copies on this machine, outages and refusals."""

import asyncio
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from semantic_memory.core.errors import (
    BackendResponseError,
    BackendTimeoutError,
    BackendUnavailableError,
    ConfigurationError,
    CorruptDataError,
    NotFoundError,
    SemanticMemoryError,
    StorageFullError,
)
from semantic_memory.core.settings import Settings
from semantic_memory.store.blobs.s3 import build
from semantic_memory.store.blobs.s3.blobs import S3Blobs
from semantic_memory.store.blobs.s3.bucket import PART_BYTES, Patience
from semantic_memory.store.blobs.s3.cache import KNOWN_S, UNUSED_S, USED_S, Cache
from tests.servers.s3 import KEY_ID, SECRET, S3Server, running_s3
from tests.store.disk import mounted

pytestmark = pytest.mark.stores

CONTENT = b"x" * 300_000
HASH = sha256(CONTENT).hexdigest()
KEY = f"acme/{HASH[:2]}/{HASH}"
NO_KEY = {"s3_access_key_id": "", "s3_secret_access_key": SecretStr("")}
QUICK = Patience(call_s=0.3, part_s=0.3, retries=1)

CALLS: dict[str, Callable[[S3Blobs, Path], Any]] = {
    "put": lambda blobs, file: blobs.put(file, tenant="acme"),
    "local": lambda blobs, file: blobs.local(HASH, tenant="acme"),
    "has": lambda blobs, file: blobs.has(HASH, tenant="acme"),
    "hashes": lambda blobs, file: blobs.hashes(tenant="acme"),
    "remove": lambda blobs, file: asyncio.to_thread(blobs.remove, HASH, tenant="acme"),
}


@pytest.fixture
def bucket(s3_server: S3Server) -> str:
    return s3_server.new_bucket()


@pytest.fixture
def settings(s3_server: S3Server, bucket: str, tmp_path: Path) -> Settings:
    return s3_server.settings(tmp_path / "here", bucket)


@pytest.fixture
def here(settings: Settings) -> S3Blobs:
    return build(settings)


@pytest.fixture
def elsewhere(settings: Settings, tmp_path: Path) -> S3Blobs:
    """The same bucket from another machine."""
    return build(settings.model_copy(update={"data_dir": tmp_path / "elsewhere"}))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    original = tmp_path / "original.bin"
    original.write_bytes(CONTENT)
    return original


def copies(settings: Settings) -> list[str]:
    """Names of what lies in the cache, unfinished or not."""
    return sorted(file.name for file in (settings.data_dir / "cache").rglob("*") if file.is_file() and file.name != "=lock")


def unused_for(file: Path, seconds: float) -> None:
    os.utime(file, (time.time() - seconds,) * 2)


# ── what goes over the wire ──────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_an_object_is_named_by_prefix_tenant_and_hash(s3_server: S3Server, settings: Settings, bucket: str, file: Path) -> None:
    blobs = build(settings.model_copy(update={"s3_prefix": "/some/folder/"}))
    await blobs.put(file, tenant="acme")
    await blobs.put(file, tenant="Acme")

    digest = "=" + sha256(b"Acme").hexdigest()[:32]
    assert s3_server.keys(bucket) == [f"some/folder/{digest}/{HASH[:2]}/{HASH}", f"some/folder/{KEY}"]
    assert await blobs.hashes(tenant="Acme") == {HASH}


async def test_bytes_that_are_there_are_only_looked_at(
    s3_server: S3Server, elsewhere: S3Blobs, here: S3Blobs, bucket: str, file: Path
) -> None:
    await elsewhere.put(file, tenant="acme")
    before = s3_server.requests(bucket)
    await here.put(file, tenant="acme")

    assert s3_server.requests(bucket)[len(before) :] == [f"HEAD /{bucket}/{KEY}"]


async def test_what_was_just_put_is_read_without_asking(s3_server: S3Server, here: S3Blobs, bucket: str, file: Path) -> None:
    await here.put(file, tenant="acme")
    before = s3_server.requests(bucket)

    assert (await here.local(HASH, tenant="acme")).read_bytes() == CONTENT
    assert s3_server.requests(bucket) == before


async def test_what_is_wanted_many_times_at_once_is_fetched_once(
    s3_server: S3Server, elsewhere: S3Blobs, here: S3Blobs, bucket: str, file: Path
) -> None:
    await elsewhere.put(file, tenant="acme")
    found = await asyncio.gather(*(here.local(HASH, tenant="acme") for _ in range(8)))

    assert len(set(found)) == 1
    assert s3_server.requests(bucket).count(f"GET /{bucket}/{KEY}") == 1


@pytest.mark.parametrize("size_bytes", [0, PART_BYTES - 1, PART_BYTES, PART_BYTES + 1, 3 * PART_BYTES])
async def test_a_file_of_any_number_of_parts_comes_back(elsewhere: S3Blobs, here: S3Blobs, tmp_path: Path, size_bytes: int) -> None:
    (tmp_path / "large").write_bytes(os.urandom(size_bytes))
    content_hash, stored_bytes = await elsewhere.put(tmp_path / "large", tenant="acme")

    assert stored_bytes == size_bytes
    assert (await here.local(content_hash, tenant="acme")).read_bytes() == (tmp_path / "large").read_bytes()


async def test_more_objects_than_one_page_are_listed(s3_server: S3Server, here: S3Blobs, bucket: str) -> None:
    names = {sha256(str(number).encode()).hexdigest() for number in range(1005)}
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda name: s3_server.put(bucket, f"acme/{name[:2]}/{name}", b""), names))
    s3_server.put(bucket, "acme/no/hash", b"")
    s3_server.put(bucket, f"acme2/{HASH[:2]}/{HASH}", b"")

    assert await here.hashes(tenant="acme") == names


# ── copies on this machine ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("stored", [b"y" * len(CONTENT), CONTENT[:-1], CONTENT + b"x", b""])
async def test_a_damaged_object_is_refused_and_not_kept(
    s3_server: S3Server, settings: Settings, here: S3Blobs, bucket: str, stored: bytes
) -> None:
    s3_server.put(bucket, KEY, stored)

    with pytest.raises(CorruptDataError, match=HASH):
        await here.local(HASH, tenant="acme")
    assert copies(settings) == []
    assert await here.corrupt(tenant="acme") == [HASH]


async def test_a_file_that_vanishes_while_it_is_checked_is_not_damaged(here: S3Blobs, file: Path) -> None:
    await here.put(file, tenant="acme")

    damaged, _ = await asyncio.gather(here.corrupt(tenant="acme"), asyncio.to_thread(here.remove, HASH, tenant="acme"))

    assert damaged == []


async def test_removed_bytes_leave_no_copy(settings: Settings, here: S3Blobs, file: Path) -> None:
    await here.put(file, tenant="acme")
    assert copies(settings) == [HASH]
    here.remove(HASH, tenant="acme")

    assert copies(settings) == []


async def test_bytes_removed_on_another_machine_are_noticed_within_a_minute(
    settings: Settings, elsewhere: S3Blobs, here: S3Blobs, file: Path
) -> None:
    await here.put(file, tenant="acme")
    elsewhere.remove(HASH, tenant="acme")
    unused_for(await here.local(HASH, tenant="acme"), KNOWN_S)

    with pytest.raises(NotFoundError):
        await here.local(HASH, tenant="acme")
    assert copies(settings) == []


async def test_a_copy_is_asked_about_again_but_not_fetched_again(s3_server: S3Server, here: S3Blobs, bucket: str, file: Path) -> None:
    await here.put(file, tenant="acme")
    unused_for(await here.local(HASH, tenant="acme"), KNOWN_S)
    before = s3_server.requests(bucket)
    for _ in range(3):
        await here.local(HASH, tenant="acme")

    assert s3_server.requests(bucket)[len(before) :] == [f"HEAD /{bucket}/{KEY}"]


async def test_a_copy_with_missing_bytes_is_fetched_again(here: S3Blobs, file: Path) -> None:
    await here.put(file, tenant="acme")
    copy = await here.local(HASH, tenant="acme")
    copy.write_bytes(b"cut")
    unused_for(copy, KNOWN_S)

    assert (await here.local(HASH, tenant="acme")).read_bytes() == CONTENT


@pytest.fixture
async def three(settings: Settings, here: S3Blobs, tmp_path: Path) -> list[Path]:
    """Copies of 100,000 bytes each, used one after the other an hour ago."""
    places: list[Path] = []
    for number in range(3):
        (tmp_path / "one").write_bytes(str(number).encode() * 100_000)
        content_hash, _ = await here.put(tmp_path / "one", tenant="acme")
        places.append(await here.local(content_hash, tenant="acme"))
        unused_for(places[-1], 3600 - number)
    return places


async def test_the_copies_used_longest_ago_make_room(settings: Settings, three: list[Path], file: Path) -> None:
    await build(settings.model_copy(update={"s3_cache_bytes": 400_000})).put(file, tenant="acme")

    assert copies(settings) == sorted([three[2].name, HASH])


async def test_a_copy_in_use_stays_however_little_room_there_is(settings: Settings, three: list[Path], file: Path) -> None:
    unused_for(three[0], USED_S)
    await build(settings.model_copy(update={"s3_cache_bytes": 0})).put(file, tenant="acme")

    assert copies(settings) == sorted([three[0].name, HASH])


async def test_a_copy_unused_for_a_day_goes_where_there_is_room(settings: Settings, three: list[Path], file: Path) -> None:
    unused_for(three[0], UNUSED_S + 1)
    await build(settings).put(file, tenant="acme")

    assert copies(settings) == sorted([three[1].name, three[2].name, HASH])


async def test_a_copy_used_while_room_is_made_stays(settings: Settings, three: list[Path]) -> None:
    cache = Cache(settings.data_dir / "cache" / "blobs", 0)

    assert cache._freed(three[0], used=three[0].stat().st_mtime - 1) == 0
    assert cache._freed(three[0].with_name("gone"), used=0) == 0
    assert three[0].exists()


async def test_a_full_disk_is_named_and_space_that_returns_is_used(settings: Settings, tmp_path: Path, file: Path) -> None:
    with mounted(tmp_path / "disk", size_bytes=1_000_000) as disk:
        blobs = build(settings.model_copy(update={"data_dir": disk}))
        (disk / "other").write_bytes(b"x" * 900_000)

        with pytest.raises(StorageFullError):
            await blobs.put(file, tenant="acme")
        (disk / "other").unlink()
        assert (await blobs.put(file, tenant="acme"))[1] == len(CONTENT)


# ── outages and refusals ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_an_outage_is_named_and_passes(tmp_path: Path, file: Path) -> None:
    with running_s3(tmp_path) as server:
        bucket = server.new_bucket()
        blobs = build(server.settings(tmp_path / "data", bucket), QUICK)
        await blobs.put(file, tenant="acme")
        unused_for(await blobs.local(HASH, tenant="acme"), KNOWN_S)
        server.kill()
        for call in CALLS.values():
            with pytest.raises(BackendUnavailableError):
                await call(blobs, file)
        server.start()
        server.new_bucket(bucket)

        assert await blobs.hashes(tenant="acme") == frozenset()
        await blobs.put(file, tenant="acme")
        assert (await blobs.local(HASH, tenant="acme")).read_bytes() == CONTENT


async def test_an_upload_that_was_broken_off_leaves_nothing_that_can_be_seen(tmp_path: Path) -> None:
    (tmp_path / "large").write_bytes(os.urandom(8 * PART_BYTES))
    with running_s3(tmp_path) as server:
        settings = server.settings(tmp_path / "data", server.new_bucket())
        upload = asyncio.create_task(build(settings).put(tmp_path / "large", tenant="acme"))
        while not any(request.startswith("PUT") and "/acme/" in request for request in server.requests(settings.s3_bucket)):
            await asyncio.sleep(0.01)
        upload.cancel()
        with pytest.raises(asyncio.CancelledError):
            await upload

        assert server.keys(settings.s3_bucket) == []
        assert copies(settings) == []


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS.keys())
async def test_a_server_that_does_not_answer_is_a_timeout(settings: Settings, file: Path, call: Callable[[S3Blobs, Path], Any]) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        blobs = build(settings.model_copy(update={"s3_endpoint": address}), QUICK)

        with pytest.raises(BackendTimeoutError, match="in time"):
            await asyncio.wait_for(call(blobs, file), 10)


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS.keys())
async def test_a_missing_bucket_is_named(settings: Settings, file: Path, call: Callable[[S3Blobs, Path], Any]) -> None:
    blobs = build(settings.model_copy(update={"s3_bucket": "no-such-bucket"}))

    with pytest.raises(ConfigurationError, match="no bucket 'no-such-bucket'"):
        await call(blobs, file)


@pytest.fixture
def answering(settings: Settings) -> Iterator[Callable[[int, str], S3Blobs]]:
    """A store whose server gives the same answer to everything."""
    servers: list[ThreadingHTTPServer] = []

    def answer(status: int, code: str) -> S3Blobs:
        body = f"<Error><Code>{code}</Code><StringToSign>{KEY_ID}</StringToSign></Error>".encode() if code else b""

        class Answer(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body if self.command != "HEAD" else b"")

            do_HEAD = do_PUT = do_DELETE = do_GET  # noqa: N815  # the names that the base class looks for

            def log_message(self, *_: Any) -> None: ...

        servers.append(ThreadingHTTPServer(("127.0.0.1", 0), Answer))
        threading.Thread(target=servers[-1].serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{servers[-1].server_port}"
        return build(settings.model_copy(update={"s3_endpoint": address}), QUICK)

    yield answer
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize(
    ("status", "code", "error"),
    [
        (401, "", ConfigurationError),
        (403, "", ConfigurationError),
        (403, "AccessDenied", ConfigurationError),
        (403, "InvalidAccessKeyId", ConfigurationError),
        (403, "SignatureDoesNotMatch", ConfigurationError),
        (403, "RequestTimeTooSkewed", ConfigurationError),
        (400, "ExpiredToken", ConfigurationError),
        (400, "AuthorizationHeaderMalformed", ConfigurationError),
        (301, "", ConfigurationError),
        (403, "QuotaExceeded", StorageFullError),
        (507, "XMinioStorageFull", StorageFullError),
        (507, "", StorageFullError),
        (503, "SlowDown", BackendUnavailableError),
        (500, "", BackendUnavailableError),
        (400, "EntityTooLarge", BackendResponseError),
    ],
)
async def test_every_refusal_has_its_error_and_names_no_key(
    answering: Callable[[int, str], S3Blobs], status: int, code: str, error: type[SemanticMemoryError]
) -> None:
    blobs = answering(status, code)

    with pytest.raises(error) as raised:
        await blobs.hashes(tenant="acme")
    assert error is StorageFullError or code in raised.value.message
    assert not {KEY_ID, SECRET, "127.0.0.1"} & set(raised.value.message.replace(":", " ").split())
    assert raised.value.__cause__ is None


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS.keys())
async def test_a_wrong_key_is_named(answering: Callable[[int, str], S3Blobs], file: Path, call: Callable[[S3Blobs, Path], Any]) -> None:
    with pytest.raises(ConfigurationError, match="S3_SECRET_ACCESS_KEY"):
        await call(answering(403, "SignatureDoesNotMatch"), file)


async def test_a_machine_without_a_role_needs_a_key(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_METADATA_ENDPOINT", "http://127.0.0.1:1")
    blobs = build(settings.model_copy(update=NO_KEY), QUICK)

    with pytest.raises(BackendUnavailableError, match="S3_ACCESS_KEY_ID"):
        await blobs.hashes(tenant="acme")


async def test_without_a_key_the_environment_s_is_used(settings: Settings, monkeypatch: pytest.MonkeyPatch, file: Path) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY_ID)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:1")
    blobs = build(settings.model_copy(update=NO_KEY))
    await blobs.put(file, tenant="acme")

    assert await blobs.hashes(tenant="acme") == {HASH}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"s3_bucket": ""}, "S3_BUCKET"),
        ({"s3_bucket": "a/b"}, "S3_BUCKET"),
        ({"s3_access_key_id": ""}, "both or neither"),
        ({"s3_access_key_id": "two\nlines"}, "S3_ACCESS_KEY_ID"),
        ({"s3_region": "no region"}, "S3_REGION"),
        ({"s3_prefix": "a//b"}, "S3_PREFIX"),
        ({"s3_prefix": "a/../b"}, "S3_PREFIX"),
        ({"s3_endpoint": "s3.example.org"}, "S3_ENDPOINT"),
        ({"s3_endpoint": "https://user:pass@s3.example.org"}, "S3_ENDPOINT"),
        ({"s3_endpoint": "http://s3.example.org:no"}, "S3_ENDPOINT"),
        ({"offline": True, "s3_endpoint": ""}, "OFFLINE"),
        ({"offline": True, "s3_endpoint": "https://s3.example.org"}, "OFFLINE"),
    ],
)
def test_settings_that_cannot_work_are_refused_at_start(settings: Settings, change: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message) as raised:
        build(settings.model_copy(update=change))
    assert "user:pass" not in raised.value.message


def test_a_bucket_of_amazon_needs_neither_address_nor_region(settings: Settings) -> None:
    build(settings.model_copy(update={"s3_endpoint": "", "s3_region": ""}))

    assert copies(settings) == []


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]"])
def test_nothing_is_connected_to_at_start(settings: Settings, host: str) -> None:
    build(settings.model_copy(update={"s3_endpoint": f"https://{host}:1", "offline": True}))

    assert copies(settings) == []


PUT_AND_FETCH = """
import asyncio, resource, sys
from pathlib import Path
from semantic_memory.core.settings import Settings
from semantic_memory.store.blobs.s3 import build

async def put_and_fetch(settings, file):
    await build(settings).put(file.with_name("small"), tenant="acme")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    content_hash, _ = await build(settings).put(file, tenant="acme")
    await build(settings.model_copy(update={"data_dir": file.with_name("elsewhere")})).local(content_hash, tenant="acme")
    print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024)

asyncio.run(put_and_fetch(Settings(), Path(sys.argv[1])))
"""


@pytest.mark.slow
def test_a_large_file_does_not_pass_through_memory_whole(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "small").write_bytes(b"small")
    with (tmp_path / "large").open("wb") as large:
        large.truncate(200_000_000)
    environment = {name.upper(): str(getattr(settings, name)) for name in Settings.model_fields if name.startswith("s3_")}
    environment |= {"DATA_DIR": str(settings.data_dir), "S3_SECRET_ACCESS_KEY": SECRET}

    done = subprocess.run(
        [sys.executable, "-c", PUT_AND_FETCH, tmp_path / "large"],
        env={**os.environ, **environment}, capture_output=True, text=True, timeout=300, check=True,
    )  # fmt: skip

    assert int(done.stdout) < 60_000_000, "eight times a part, and what the libraries themselves keep"

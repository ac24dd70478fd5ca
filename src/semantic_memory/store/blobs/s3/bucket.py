"""One bucket through obstore: small calls that must be quick, and transfers in parts of bounded size.

obstore retries connection errors, dropped connections, 5xx answers, and timeouts of what may be repeated, with growing pauses and
jitter. What happened is told apart by the store's own error code, which obstore gives as text only.
"""

import re
from collections.abc import AsyncGenerator, Generator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import obstore
from obstore.exceptions import BaseError
from obstore.store import S3Store

from semantic_memory.core.errors import (
    BackendError,
    BackendResponseError,
    BackendTimeoutError,
    BackendUnavailableError,
    ConfigurationError,
    NotFoundError,
    StorageFullError,
)
from semantic_memory.core.settings import Settings

if TYPE_CHECKING:
    from obstore.store import ClientConfig, RetryConfig, S3Config, S3Credential

PART_BYTES = 5 * 1024 * 1024
"""The smallest part that S3 takes; 10,000 of them, its limit, are 48 GiB."""
PARTS_AT_ONCE = 2
"""Of one upload: one is sent while the next is read. Memory of a transfer is twice this and a part."""
PAGE = 1000
"""Objects of one listing request, S3's limit."""

BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,254}")
"""S3's rule of 2006, which old buckets and some servers still follow; today's is narrower."""
CODE = re.compile(r"<Code>(\w+)</Code>")
STATUS = re.compile(r"status code: (\d{3})")

FULL = frozenset({"QuotaExceeded", "XMinioStorageFull", "XMinioAdminBucketQuotaExceeded"})
REFUSED = frozenset({"AuthorizationHeaderMalformed", "ExpiredToken", "InvalidToken"})
"""Answers with status 400 that only another key, region or endpoint can change."""

REDIRECTED, TIMED_OUT, ROLE = "redirect without LOCATION", "TimedOut", "/latest/api/token"
"""How obstore 0.12 says that the bucket is in another region, that time ran out, and that it looked for a machine's role."""

KEY_ID = re.compile(r"[!-~]*")
ENDPOINT = re.compile(r"https?://([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:\d{1,5})?(/[A-Za-z0-9._/-]*)?")
REGION = re.compile(r"[A-Za-z0-9_-]*")


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds and further tries. A call that fails has taken three times `call_s` at most, a part three times `part_s`.

    `call_s` is short because the catalogue waits while bytes are removed; `part_s` lets four ingests share 6 Mbit/s.
    """

    call_s: float = 5
    part_s: float = 60
    retries: int = 3


class Bucket:
    """Objects by key. Every method raises BackendError and ConfigurationError, with messages free of keys and addresses."""

    def __init__(self, name: str, calls: S3Store, transfers: S3Store) -> None:
        self._name = name
        self._calls = calls
        self._transfers = transfers

    async def size(self, key: str) -> int | None:
        """Bytes of the object; None also when the bucket itself is missing, which a HEAD cannot tell."""
        try:
            with translated_errors(self._name):
                return (await obstore.head_async(self._calls, key))["size"]
        except NotFoundError:
            return None

    async def require(self) -> None:
        """Raises: ConfigurationError when there is no such bucket."""
        with translated_errors(self._name):
            await self._list("=none").collect_async()

    async def write(self, file: Path, key: str) -> None:
        """Durable, and visible whole, on return. What a broken upload leaves in the bucket is for its lifecycle rule."""
        with translated_errors(self._name):
            await obstore.put_async(self._transfers, key, file, chunk_size=PART_BYTES, max_concurrency=PARTS_AT_ONCE)

    async def parts(self, key: str, size_bytes: int) -> AsyncGenerator["obstore.Bytes"]:
        """The object's bytes in order. Raises: NotFoundError."""
        for start in range(0, size_bytes, PART_BYTES):
            with translated_errors(self._name):
                part = await obstore.get_range_async(self._transfers, key, start=start, length=PART_BYTES)
            yield part

    def remove(self, key: str) -> None:
        """Blocks. An absent object is fine."""
        with suppress(NotFoundError), translated_errors(self._name):
            obstore.delete(self._calls, key)

    async def names(self, folder: str) -> AsyncGenerator[str]:
        """Last parts of the keys below `folder`."""
        with translated_errors(self._name):
            async for page in self._list(folder):
                for found in page:
                    yield found["path"].rpartition("/")[2]

    def _list(self, folder: str) -> "obstore.ListStream[Sequence[obstore.ObjectMeta]]":
        return obstore.list(self._calls, folder, chunk_size=PAGE)  # pyright: ignore[reportUnknownMemberType]  # an overload needs arro3


def open_bucket(settings: Settings, patience: Patience) -> Bucket:
    """Connects to nothing. Raises: ConfigurationError."""
    if not BUCKET.fullmatch(settings.s3_bucket):
        raise ConfigurationError(f"BLOB_STORE=s3 needs the name of a bucket in S3_BUCKET, not {settings.s3_bucket!r}")
    if settings.offline and not _is_this_machine(settings.s3_endpoint):
        raise ConfigurationError("OFFLINE forbids the bucket's endpoint; choose BLOB_STORE=files")
    credential = _credential(settings)
    calls, transfers = (_store(settings, credential, timeout_s, patience.retries) for timeout_s in (patience.call_s, patience.part_s))
    return Bucket(settings.s3_bucket, calls, transfers)


@contextmanager
def translated_errors(bucket: str) -> Generator[None]:
    """Turns obstore's errors into ours. They are not chained: what S3 answers to a wrong signature quotes the session token."""
    try:
        yield
    except (BaseError, FileNotFoundError) as error:
        raise _translated(error, bucket) from None


def _translated(error: Exception, bucket: str) -> BackendError | ConfigurationError | NotFoundError:
    text = str(error)
    status, code = (found[1] if found else "" for found in (STATUS.search(text), CODE.search(text)))
    if code == "NoSuchBucket":
        return ConfigurationError(f"there is no bucket {bucket!r}: check S3_BUCKET, S3_REGION and S3_ENDPOINT")
    if code in FULL or status == "507":
        return StorageFullError(f"the bucket {bucket!r} is full")
    if isinstance(error, FileNotFoundError):
        return NotFoundError()
    if code in REFUSED or status in {"401", "403"} or REDIRECTED in text:
        return ConfigurationError(
            f"the bucket {bucket!r} refuses us{f' with {code}' if code else ''}: check S3_ACCESS_KEY_ID, S3_SECRET_ACCESS_KEY, their "
            "rights (GetObject, PutObject, DeleteObject, ListBucket), S3_REGION and this machine's clock"
        )
    return _failure(text, code or status, bucket)


def _failure(text: str, answer: str, bucket: str) -> BackendError:
    if TIMED_OUT in text:
        return BackendTimeoutError(f"the bucket {bucket!r} did not answer in time")
    if ROLE in text:
        return BackendUnavailableError("this machine has no role to take credentials from: set S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY")
    if "status code: 4" in text:
        return BackendResponseError(f"the bucket {bucket!r} refused the request with {answer}")
    return BackendUnavailableError(f"the bucket {bucket!r} {f'answered {answer}' if answer else 'cannot be reached'}")


def _credential(settings: Settings) -> "S3Credential | None":
    """Of the settings alone, so that no session token of the environment is sent with it; None leaves all to the environment."""
    key_id, secret = settings.s3_access_key_id, settings.s3_secret_access_key.get_secret_value()
    if bool(key_id) != bool(secret):
        raise ConfigurationError("S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY belong together: set both or neither")
    if not KEY_ID.fullmatch(key_id):
        raise ConfigurationError("S3_ACCESS_KEY_ID holds a character that no key has")
    return {"access_key_id": key_id, "secret_access_key": secret, "expires_at": None} if key_id else None


def _store(settings: Settings, credential: "S3Credential | None", timeout_s: float, retries: int) -> S3Store:
    client: ClientConfig = {"timeout": timedelta(seconds=timeout_s), "allow_http": settings.s3_endpoint.startswith("http://")}
    retry: RetryConfig = {
        "max_retries": retries,
        "retry_timeout": timedelta(seconds=2 * timeout_s),
        "backoff": {"init_backoff": timedelta(seconds=0.1), "max_backoff": timedelta(seconds=2), "base": 2},
    }
    try:
        return S3Store(
            settings.s3_bucket,
            prefix=settings.s3_prefix.strip("/") or None,
            config=_config(settings),
            client_options=client,
            retry_config=retry,
            credential_provider=(lambda: credential) if credential else None,
        )
    except (BaseError, ValueError) as error:
        raise ConfigurationError(f"S3_PREFIX cannot be the folder {settings.s3_prefix!r}") from error


def _config(settings: Settings) -> "S3Config":
    """Only what is set, so that the rest comes from the environment; the endpoint under the name that wins over the environment's."""
    config: S3Config = {"disable_bulk_delete": True}  # some compatible servers lack it, and one object is removed at a time
    if not REGION.fullmatch(settings.s3_region):
        raise ConfigurationError(f"S3_REGION cannot be {settings.s3_region!r}")
    if settings.s3_region:
        config["region"] = settings.s3_region
    if settings.s3_endpoint:
        config["aws_endpoint_url_s3"] = _endpoint(settings.s3_endpoint)
    return config


def _endpoint(address: str) -> str:
    """Checked, because obstore panics on what is no address."""
    if not ENDPOINT.fullmatch(address):
        raise ConfigurationError("S3_ENDPOINT must be an address such as https://s3.example.org, without user, password or query")
    return address.rstrip("/")


def _is_this_machine(address: str) -> bool:
    host = urlsplit(address).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"

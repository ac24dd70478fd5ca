"""L1: results that several processes share, in Redis or Valkey. It may be slow, full, wrong or gone; no request notices but in time."""

import asyncio
import secrets
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TYPE_CHECKING, Any, TypeVar, cast

import structlog

from semantic_memory.core.breaker import Breaker
from semantic_memory.core.cache import STALE_S, Entry, Key, tenant_digest
from semantic_memory.core.errors import BackendUnavailableError, ConfigurationError
from semantic_memory.core.settings import Settings
from semantic_memory.store.cache_envelope import HEADER_BYTES, MAX_BYTES, NotKeptError, NotOursError, opened, sealed

if TYPE_CHECKING:
    from redis.asyncio import Redis

log = structlog.get_logger()

T = TypeVar("T")

TIMEOUT_S = 0.2
"""For a connection and for each answer. A round trip takes 0.1 ms on one machine and 1 ms in one data centre."""
CALL_TIMEOUT_S = 0.25
"""For all of one call, waiting for a free connection included: what a request loses at most when Redis begins to hang."""
CONNECTIONS = 32
PAUSE_S, LONGEST_PAUSE_S = 0.5, 4.0
"""After one failed call nobody asks for so long; a recovery is noticed within the longer."""
SCAN_COUNT = 1_000
LONGEST_BYTES = HEADER_BYTES + MAX_BYTES
WRONG_TYPE = b"a list, a set, a hash"
"""Stands for a value that is no string."""

GET_OR_LOCK = (
    "local found = redis.call('getrange', KEYS[1], 0, ARGV[3]) if found ~= '' then return found end "
    "if redis.call('set', KEYS[2], ARGV[1], 'nx', 'px', ARGV[2]) then return 1 end return 0"
)
PUT_IF_LOCKED = "if redis.call('get', KEYS[2]) == ARGV[1] then redis.call('set', KEYS[1], ARGV[2], 'px', ARGV[3]) return 1 end return 0"
PROLONG_IF_LOCKED = "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('pexpire', KEYS[1], ARGV[2]) end return 0"
UNLOCK_IF_LOCKED = "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end return 0"
"""Compare and act in one step, so that nobody touches a lock that has passed on: redis.io/docs/latest/commands/set ("patterns")."""


def build(settings: Settings) -> "RedisCache":
    """On the server at `REDIS_URL`; connects with the first call."""
    return RedisCache(settings.redis_url.get_secret_value(), f"{settings.store_namespace}:cache:")


class RedisCache:
    """`Tier` in Redis. Every key ends by itself; every value carries its key and a checksum.

    Raises: ConfigurationError for an address that is none.
    """

    level = "l1"

    def __init__(self, url: str, prefix: str) -> None:
        self._client = _client(url)
        self._prefix = prefix
        self._breaker = Breaker(opens_after=1, pause_s=PAUSE_S, longest_pause_s=LONGEST_PAUSE_S)
        self._asked: set[asyncio.Task[Any]] = set()
        self.events: Counter[str] = Counter()

    @property
    def is_down(self) -> bool:
        """Whether the last call failed; until a ping in the background succeeds, none is made."""
        return self._breaker.is_open

    async def get(self, key: Key[T]) -> Entry[T] | None:
        name = self._name(key)
        found = await self._call(lambda redis: redis.getrange(name, 0, LONGEST_BYTES), b"", wrong_type=WRONG_TYPE)
        return await self._opened(key, found) if found else None

    async def get_or_lock(self, key: Key[T], *, lease_s: float) -> tuple[Entry[T] | None, str | None]:
        token, lease_ms = secrets.token_hex(16), round(1000 * lease_s)
        names = (self._name(key), self._lock(key))
        found = await self._call(
            lambda redis: redis.eval(GET_OR_LOCK, 2, *names, token, lease_ms, LONGEST_BYTES), None, wrong_type=WRONG_TYPE
        )
        if isinstance(found, bytes):
            entry = await self._opened(key, found)
            return entry, "" if entry is None else None
        return None, {0: None, 1: token}.get(found, "")

    async def lock(self, key: Key[Any], *, lease_s: float) -> str | None:
        token, lease_ms = secrets.token_hex(16), round(1000 * lease_s)
        taken = await self._call(lambda redis: redis.set(self._lock(key), token, nx=True, px=lease_ms), "")
        return token if taken else taken

    async def prolong(self, key: Key[Any], token: str, *, lease_s: float) -> bool:
        lock, lease_ms = self._lock(key), round(1000 * lease_s)
        return bool(await self._call(lambda redis: redis.eval(PROLONG_IF_LOCKED, 1, lock, token, lease_ms), 0))

    async def unlock(self, key: Key[Any], token: str) -> None:
        await self._call(lambda redis: redis.eval(UNLOCK_IF_LOCKED, 1, self._lock(key), token), 0)

    async def put(self, key: Key[T], entry: Entry[T], *, token: str = "") -> None:
        try:
            value = sealed(key, entry)
        except NotKeptError:
            self.events["too large"] += 1
            return
        life_ms = max(1, round(1000 * (entry.life_s + STALE_S)))
        name, lock = self._name(key), self._lock(key)
        if not token:
            await self._call(lambda redis: redis.set(name, value, px=life_ms), None)
        elif await self._call(lambda redis: redis.eval(PUT_IF_LOCKED, 2, name, lock, token, value, life_ms), 1) == 0:
            self.events["late"] += 1

    async def clear(self, *, kind: str | None = None, tenant: str | None = None) -> int:
        from redis.exceptions import RedisError

        try:
            names = await self._names(kind, tenant)
            chunks = [names[start : start + SCAN_COUNT] for start in range(0, len(names), SCAN_COUNT)]
            return sum([int(await self._client.unlink(*chunk)) for chunk in chunks])
        except (RedisError, OSError) as error:
            raise BackendUnavailableError(f"the cache at REDIS_URL was not cleared: {type(error).__name__}") from error

    async def close(self) -> None:
        """Waits for the calls nobody waits for any more; each ends by its own timeouts."""
        await asyncio.gather(*self._asked)
        await self._client.aclose()

    def _name(self, key: Key[Any]) -> str:
        return self._prefix + key.name

    def _lock(self, key: Key[Any]) -> str:
        return f"{self._prefix}lock:{key.name}"

    async def _opened(self, key: Key[T], found: bytes) -> Entry[T] | None:
        """The entry; what is none is deleted."""
        try:
            return opened(key, found)
        except NotOursError as error:
            self.events["corrupt"] += 1
            log.error("cache entry dropped", kind=key.kind.name, reason=str(error))
            await self._call(lambda redis: redis.unlink(self._name(key)), 0)
            return None

    async def _call(self, ask: Callable[["Redis"], Awaitable[Any]], otherwise: Any, *, wrong_type: Any = None) -> Any:
        """The answer, or `otherwise` when there is none in time.

        The call itself is never cancelled: a connection given back in the middle of an answer would hand it to the next caller.
        """
        if self._breaker.is_open:
            self.events["down"] += 1
            if self._breaker.admits():
                self._start(lambda redis: redis.ping(), None, None)  # pyright: ignore[reportUnknownMemberType]
            return otherwise
        asked = self._start(ask, otherwise, wrong_type)
        await asyncio.wait([asked], timeout=CALL_TIMEOUT_S)
        if asked.done():
            return asked.result()
        self._failed(TimeoutError())
        return otherwise

    def _start(self, ask: Callable[["Redis"], Awaitable[Any]], otherwise: Any, wrong_type: Any) -> "asyncio.Task[Any]":
        asked = asyncio.create_task(self._answer(ask, otherwise, wrong_type, is_trial=self._breaker.is_open))
        self._asked.add(asked)
        asked.add_done_callback(self._asked.discard)
        return asked

    async def _answer(self, ask: Callable[["Redis"], Awaitable[Any]], otherwise: Any, wrong_type: Any, *, is_trial: bool) -> Any:
        from redis.exceptions import RedisError, ResponseError

        try:
            answer = await ask(self._client)
        except ResponseError as error:  # it answers: full, read only, or a value of another type
            self.events["refused"] += 1
            answer = wrong_type if wrong_type is not None and "WRONGTYPE" in str(error) else otherwise
        except (RedisError, OSError, ValueError) as error:
            self._failed(error, is_trial=is_trial)
            return otherwise
        if self._breaker.is_open:
            log.info("cache server answers again")
        self._breaker.succeeded()
        return answer

    def _failed(self, error: Exception, *, is_trial: bool = False) -> None:
        """Of the calls under way when it begins to fail, only one counts."""
        self.events["failed"] += 1
        if not self._breaker.is_open:
            log.warning("cache server does not answer; going on without it", error=type(error).__name__)
        if is_trial or not self._breaker.is_open:
            self._breaker.failed()

    async def _names(self, kind: str | None, tenant: str | None) -> list[str]:
        """Names of the entries, locks left out."""
        scanned = cast("AsyncIterator[bytes]", self._client.scan_iter(match=f"{self._prefix}*", count=SCAN_COUNT))  # pyright: ignore[reportUnknownMemberType]
        wanted = (kind, None if tenant is None else tenant_digest(tenant))
        found = [name.decode() async for name in scanned]
        return [name for name in found if _is_of(name.removeprefix(self._prefix), *wanted)]


def _is_of(name: str, kind: str | None, digest: str | None) -> bool:
    """Whether a name, less the prefix, is that of an entry of this kind and tenant."""
    of_kind, _, rest = name.partition(":")
    return of_kind != "lock" and kind in (None, of_kind) and digest in (None, rest.partition(":")[0])


def _client(url: str) -> "Redis":
    """No retries, as redis-py's ten would turn 0.2 s into 8; and no greetings that cost round trips before the first answer."""
    from redis.asyncio import BlockingConnectionPool, Redis
    from redis.asyncio.retry import Retry
    from redis.backoff import NoBackoff

    try:
        pool = BlockingConnectionPool.from_url(  # pyright: ignore[reportUnknownMemberType]
            url,
            max_connections=CONNECTIONS,
            timeout=TIMEOUT_S,
            socket_timeout=TIMEOUT_S,
            socket_connect_timeout=TIMEOUT_S,
            retry=Retry(NoBackoff(), 0),
            protocol=2,
            driver_info=None,
        )
    except ValueError as error:
        raise ConfigurationError("REDIS_URL: not an address of the kind redis://host:6379/0") from error
    return Redis.from_pool(pool)

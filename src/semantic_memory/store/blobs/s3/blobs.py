"""The blob store on a bucket: every file passes through a private copy on this machine, whose hash is what counts."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from hashlib import sha256
from pathlib import Path
from typing import IO
from weakref import WeakValueDictionary

from semantic_memory.core.errors import CorruptDataError, NotFoundError
from semantic_memory.store.blob_files import HASH, copy_into, digest, disk_errors, place, tenant_folder
from semantic_memory.store.blobs.s3.bucket import Bucket
from semantic_memory.store.blobs.s3.cache import Cache


class S3Blobs:
    """`BlobStore` in objects `<tenant>/<first two digits>/<hash>`. Calls about one file take turns within this process."""

    def __init__(self, bucket: Bucket, cache: Cache) -> None:
        self._bucket = bucket
        self._cache = cache
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def put(self, file: Path, *, tenant: str) -> tuple[str, int]:
        """Also raises: NotFoundError or InvalidInputError when `file` cannot be read; BackendError; ConfigurationError."""
        content_hash, size_bytes = await asyncio.to_thread(digest, file)
        key = place(content_hash, tenant)
        async with self._turn(key):
            if await self._bucket.size(key) == size_bytes:
                return content_hash, size_bytes
            return await self._upload(file, size_bytes, tenant)

    async def local(self, content_hash: str, *, tenant: str) -> Path:
        """A copy that stays for ten minutes at least. Also raises: BackendError; ConfigurationError."""
        key = place(content_hash, tenant)
        async with self._turn(key):
            known = await asyncio.to_thread(self._cache.known, key)
            return known or await self._asked(key)

    async def has(self, content_hash: str, *, tenant: str) -> bool:
        if not HASH.fullmatch(content_hash):
            return False
        stored = await self._bucket.size(place(content_hash, tenant)) is not None
        if not stored:
            await self._bucket.require()
        return stored

    def remove(self, content_hash: str, *, tenant: str) -> None:
        with suppress(NotFoundError):
            key = place(content_hash, tenant)
            self._bucket.remove(key)
            self._cache.drop(key)

    async def hashes(self, *, tenant: str) -> frozenset[str]:
        return frozenset([name async for name in self._bucket.names(tenant_folder(tenant)) if HASH.fullmatch(name)])

    async def corrupt(self, *, tenant: str) -> list[str]:
        """Hashes whose bytes are no longer what was stored, in order; transfers every object."""
        return [name for name in sorted(await self.hashes(tenant=tenant)) if await self._is_corrupt(place(name, tenant))]

    async def _upload(self, file: Path, size_bytes: int, tenant: str) -> tuple[str, int]:
        async with self._copy(size_bytes) as copy:
            content_hash, size_bytes = await asyncio.to_thread(copy_into, copy, file)
            key = place(content_hash, tenant)
            await self._bucket.write(Path(copy.name), key)
            await asyncio.to_thread(self._cache.keep, copy, key)
        return content_hash, size_bytes

    async def _asked(self, key: str) -> Path:
        """Asks the bucket first. Raises: NotFoundError, and then no copy is left either."""
        size_bytes = await self._bucket.size(key)
        if size_bytes is None:
            await asyncio.to_thread(self._cache.drop, key)
            await self._bucket.require()
            raise NotFoundError(f"no file {Path(key).name!r}")
        confirmed = await asyncio.to_thread(self._cache.confirm, key, size_bytes)
        return confirmed or await self._download(key, size_bytes)

    async def _download(self, key: str, size_bytes: int) -> Path:
        async with self._copy(size_bytes) as copy:
            hashed = sha256()
            async for part in self._bucket.parts(key, size_bytes):
                await asyncio.to_thread(hashed.update, part)
                await asyncio.to_thread(copy.write, part)
            if hashed.hexdigest() != Path(key).name:
                raise CorruptDataError(f"the stored bytes of {Path(key).name!r} are not those that were put")
            return await asyncio.to_thread(self._cache.keep, copy, key)

    async def _is_corrupt(self, key: str) -> bool:
        """False also for an object that was deleted since it was listed."""
        hashed = sha256()
        size_bytes = await self._bucket.size(key)
        if size_bytes is None:
            return False
        with suppress(NotFoundError):
            async for part in self._bucket.parts(key, size_bytes):
                await asyncio.to_thread(hashed.update, part)
            return hashed.hexdigest() != Path(key).name
        return False

    @asynccontextmanager
    async def _copy(self, size_bytes: int) -> AsyncGenerator[IO[bytes]]:
        """An unfinished copy, made and removed in threads."""
        context = self._cache.copy(size_bytes)
        copy = await asyncio.to_thread(context.__enter__)
        try:
            with disk_errors():
                yield copy
        finally:
            await asyncio.to_thread(context.__exit__, None, None, None)

    def _turn(self, key: str) -> asyncio.Lock:
        return self._turns.setdefault(key, asyncio.Lock())

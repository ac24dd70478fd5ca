"""A cached result as bytes: a header, the whole key, the value. Whatever does not fit is no result, however it came there.

Layout: magic (2 bytes), version (1), flags (1), BLAKE2b of the rest (8), then msgpack of [key text, made at, life, cost, value], with LZ4
when that is shorter and flagged.
"""

from collections.abc import Sequence
from hashlib import blake2b
from typing import Any, TypeVar, cast

import lz4.frame  # type: ignore[import-untyped]
import msgpack

from semantic_memory.core.cache import Entry, Key

T = TypeVar("T")

MAGIC = b"sm"
VERSION = 1
PLAIN, COMPRESSED = b"\0", b"\1"
COMPRESS_FROM_BYTES = 2_048
"""Below, LZ4 saves less than its frame costs."""
MAX_BYTES = 4 * 1024 * 1024
"""Of a body before LZ4. Larger results are not kept: they would push out thousands of others."""
DIGEST_BYTES = 8
HEADER_BYTES = len(MAGIC) + 2 + DIGEST_BYTES


class NotOursError(ValueError):
    """the bytes are no entry of this key"""


class NotKeptError(ValueError):
    """the value is too large, or holds what msgpack cannot: an integer of more than 64 bits, half a surrogate pair"""


def sealed(key: Key[T], entry: Entry[T]) -> bytes:
    """Raises: NotKeptError."""
    body, flags = _body(key, entry), PLAIN
    if len(body) >= COMPRESS_FROM_BYTES and len(shorter := _compressed(body)) < len(body):
        body, flags = shorter, COMPRESSED
    return MAGIC + bytes((VERSION,)) + flags + _digest(body) + body


def size_of(key: Key[T], entry: Entry[T]) -> int:
    """Bytes of the entry when packed. Raises: NotKeptError."""
    return len(_body(key, entry))


def opened(key: Key[T], sealed: bytes) -> Entry[T]:
    """Raises: NotOursError for anything but what `sealed` made for this key."""
    body = sealed[HEADER_BYTES:]
    header, flags = sealed[:3], sealed[3:4]
    if header != MAGIC + bytes((VERSION,)) or flags not in (PLAIN, COMPRESSED) or sealed[4:HEADER_BYTES] != _digest(body):
        raise NotOursError("another format, or damaged")
    try:
        fields = cast("Sequence[Any]", msgpack.unpackb(_decompressed(body) if flags == COMPRESSED else body))  # pyright: ignore[reportUnknownMemberType]
        text, made_at, life_s, cost_s, plain = fields
        if text != key.text:
            raise NotOursError("an entry of another key")
        return Entry(key.kind.restored(plain), float(made_at), float(life_s), float(cost_s))
    except (ValueError, TypeError, RuntimeError) as error:
        raise NotOursError(str(error)[:200]) from error


def _body(key: Key[T], entry: Entry[T]) -> bytes:
    try:
        body = _packed([key.text, entry.made_at, entry.life_s, entry.cost_s, key.kind.plain(entry.value)])
    except (ValueError, OverflowError, TypeError) as error:
        raise NotKeptError(str(error)[:200]) from error
    if len(body) > MAX_BYTES:
        raise NotKeptError(f"{len(body)} bytes; the limit is {MAX_BYTES}")
    return body


def _digest(body: bytes) -> bytes:
    return blake2b(body, digest_size=DIGEST_BYTES).digest()


def _packed(value: Any) -> bytes:
    return cast("bytes", msgpack.packb(value))  # pyright: ignore[reportUnknownMemberType]


def _compressed(body: bytes) -> bytes:
    return cast("bytes", lz4.frame.compress(body))  # pyright: ignore[reportUnknownMemberType]


def _decompressed(body: bytes) -> bytes:
    """No more than an entry may have: four megabytes of LZ4 can hold a gigabyte."""
    return cast("bytes", lz4.frame.LZ4FrameDecompressor().decompress(body, max_length=MAX_BYTES))  # pyright: ignore[reportUnknownMemberType]

"""Sealed entries come back as they were; nothing else is ever taken for one."""

import lz4.frame
import msgpack
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from semantic_memory.core.cache import Entry
from semantic_memory.store.cache_envelope import (
    COMPRESS_FROM_BYTES,
    COMPRESSED,
    HEADER_BYTES,
    MAGIC,
    MAX_BYTES,
    PLAIN,
    VERSION,
    NotKeptError,
    NotOursError,
    _digest,
    opened,
    sealed,
    size_of,
)
from tests.store.cache.making import Note, entry, key

WITHOUT_SURROGATES = st.text(st.characters(exclude_categories=["Cs"]), max_size=3_000)


def with_header(body: bytes, *, flags: bytes = PLAIN) -> bytes:
    """What somebody who knows the format would put in a cache."""
    return MAGIC + bytes((VERSION,)) + flags + _digest(body) + body


@settings(max_examples=200, deadline=None)
@given(WITHOUT_SURROGATES, st.lists(st.integers(-(2**63), 2**63 - 1), max_size=5), st.floats(0, 1e9), st.floats(0, 1e9))
def test_an_entry_comes_back_as_it_was_sealed(text: str, lines: list[int], made_at: float, cost_s: float) -> None:
    made = Entry(Note(text, tuple(lines)), made_at, 30.0, cost_s)

    assert opened(key(), sealed(key(), made)) == made


def test_a_long_text_is_stored_in_less_space_than_it_has() -> None:
    long = "the same words over and over " * 1_000

    assert len(sealed(key(), entry(long))) < len(long) / 10
    assert sealed(key(), entry("x"))[3] == 0


def test_what_lz4_would_lengthen_is_stored_as_it_is() -> None:
    noise = "".join(chr(0x4E00 + number * 7919 % 20_000) for number in range(COMPRESS_FROM_BYTES))

    assert opened(key(), sealed(key(), entry(noise))).value.text == noise


def test_the_size_of_an_entry_is_that_of_its_body() -> None:
    assert size_of(key(), entry("x")) == len(sealed(key(), entry("x"))) - HEADER_BYTES


def test_cache_06_another_keys_entry_is_none_of_this_key() -> None:
    with pytest.raises(NotOursError, match="another key"):
        opened(key(), sealed(key(tenant="other"), entry()))


@pytest.mark.parametrize("text", ["short", "long " * 2_000], ids=["plain", "compressed"])
def test_cache_06_every_truncation_is_noticed(text: str) -> None:
    whole = sealed(key(), entry(text))
    for length in range(len(whole)):
        with pytest.raises(NotOursError):
            opened(key(), whole[:length])


def test_cache_06_every_changed_byte_is_noticed() -> None:
    whole = sealed(key(), entry())
    for position in range(len(whole)):
        changed = bytearray(whole)
        changed[position] ^= 0xFF
        with pytest.raises(NotOursError):
            opened(key(), bytes(changed))


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=300), st.sampled_from([PLAIN, COMPRESSED]), st.booleans())
def test_cache_06_random_bytes_are_no_entry(content: bytes, flags: bytes, has_header: bool) -> None:
    with pytest.raises(NotOursError):
        opened(key(), with_header(content, flags=flags) if has_header else content)


FORGED = {
    "a pickle": b"\x80\x04\x95\x0b\x00\x00\x00\x00\x00\x00\x00\x8c\x07builtins\x94.",
    "another version": MAGIC + bytes((VERSION + 1, 0)) + sealed(key(), entry())[4:],
    "no list": with_header(msgpack.packb("text")),
    "too few fields": with_header(msgpack.packb([key().text, 1.0, 1.0])),
    "a value of another shape": with_header(msgpack.packb([key().text, 1.0, 1.0, 1.0, {"text": [1]}])),
    "a life that is no number": with_header(msgpack.packb([key().text, 1.0, None, 1.0, {"text": "x"}])),
    "nested too deep": with_header(b"\x91" * 100_000 + b"\xc0"),
    "a bomb": with_header(lz4.frame.compress(msgpack.packb([key().text, 1.0, 1.0, 1.0, {"text": "x" * 40 * MAX_BYTES}])), flags=COMPRESSED),
}


@pytest.mark.parametrize("content", FORGED.values(), ids=FORGED)
def test_cache_06_forgeries_are_no_entries(content: bytes) -> None:
    with pytest.raises(NotOursError):
        opened(key(), content)


def test_the_largest_entry_comes_back_and_a_larger_one_is_not_sealed() -> None:
    room = MAX_BYTES - size_of(key(), entry(""))
    largest = entry("x" * (room - 4))  # msgpack writes a longer length before it

    assert opened(key(), sealed(key(), largest)) == largest
    with pytest.raises(NotKeptError, match=str(MAX_BYTES)):
        sealed(key(), entry("x" * (room + 1)))

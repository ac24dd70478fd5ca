"""Random changes to valid files. A failing example is printed as its changes, not as its bytes."""

from collections.abc import Sequence
from dataclasses import dataclass

from hypothesis import strategies as st

from tests.fuzz.samples import unzipped, zipped

HOSTILE = (
    b"\x00" * 8,
    b"\xff" * 8,
    b"\x7f\xff\xff\xff",
    b"-1",
    b"0",
    b"99999999999",
    b"1e999",
    b"NaN",
    b"null",
    b'"',
    b"'",
    b"\\",
    b"\\u0000",
    b"\r\n\r\n",
    b"</",
    b"<!--",
    b"]]>",
    b"&#xD800;",
    b"&x;",
    b"<!DOCTYPE x [<!ENTITY x 'y'>]>",
    b"../",
    b"%00",
    b"{" * 50,
    b"[" * 2000,
    b"(" * 2000,
    b"<a>" * 500,
    b"> " * 300,
    b"obj endobj stream",
    b"\xe2\x80\xae",
    b"\xf3\xa0\x81\xa1",
    "日本語".encode("utf-16"),
)
"""Pieces that parsers are known to stumble over; long ones test depth."""
MAX_PIECE = 64
"""Bytes that are cut, doubled or moved at once."""


@dataclass(frozen=True, slots=True)
class Change:
    """`at` and `to` are places as shares of the length; `piece` is what flip and insert use."""

    kind: str
    at: float
    to: float
    size: int
    piece: bytes

    def apply(self, data: bytes) -> bytes:
        start, other = int(self.at * len(data)), int(self.to * len(data))
        end = start + self.size
        before, cut, after = data[:start], data[start:end], data[end:]
        results: dict[str, bytes] = {
            "truncate": before,
            "flip": before + bytes(byte ^ self.piece[0] for byte in cut[:1]) + cut[1:] + after,
            "delete": before + after,
            "double": before + cut * 3 + after,
            "move": (before + after)[:other] + cut + (before + after)[other:],
            "overwrite": before + self.piece + data[start + len(self.piece) :],
            "insert": before + self.piece + cut + after,
        }
        return results[self.kind]


_SHARES = st.floats(0, 1, exclude_max=True)
_KINDS = st.sampled_from(("flip", "flip", "insert", "overwrite", "delete", "double", "move", "truncate"))
_PIECES = st.one_of(st.sampled_from(HOSTILE), st.binary(min_size=1, max_size=8))
CHANGES = st.lists(st.builds(Change, _KINDS, _SHARES, _SHARES, st.integers(1, MAX_PIECE), _PIECES), min_size=1, max_size=6)


def changed(sample: bytes, changes: Sequence[Change], *, inside: float | None) -> bytes:
    """The sample with its changes; with `inside` it is a zip, and the member at that share of its list is changed instead."""
    if inside is None:
        return _changed(sample, changes)
    members = unzipped(sample)
    name = list(members)[int(inside * len(members))]
    return zipped({**members, name: _changed(members[name], changes)})


def _changed(data: bytes, changes: Sequence[Change]) -> bytes:
    for change in changes:
        data = change.apply(data)
    return data

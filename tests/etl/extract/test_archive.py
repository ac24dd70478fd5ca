import bz2
import gzip
import io
import lzma
import os
import stat
import tarfile
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import repeat
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from semantic_memory.core.errors import (
    CorruptFileError,
    EmptyDocumentError,
    ExtractionError,
    ExtractionLimitError,
    PasswordRequiredError,
)
from semantic_memory.core.model import BlockType, Extraction
from semantic_memory.etl.archives import MAX_MEMBER_BYTES, MAX_MEMBERS, MAX_TOTAL_BYTES, MEGABYTE
from semantic_memory.etl.blocks.lists import NAMES_PER_BLOCK
from semantic_memory.etl.containers.entries import MAX_ENTRIES, Entry, Meter, take
from semantic_memory.etl.containers.names import MAX_CHARACTERS, SKIPPED_NAMES, member_path, refused_name
from semantic_memory.etl.extract.archive import ArchiveFormat
from semantic_memory.etl.pool import WorkerPool
from semantic_memory.etl.source.files import SKIPPED_NAMES as SKIPPED_IN_FOLDERS
from semantic_memory.etl.text import clean
from tests.etl.conftest import Read, Write

Opened = tuple[Extraction, dict[str, bytes]]
Open = Callable[[bytes], Opened]


@pytest.fixture
def opened(read: Read, write: Write, tmp_path: Path) -> Open:
    """Extracts and unpacks an archive; both agree, and nothing but numbered files appears."""

    def open_archive(content: bytes) -> Opened:
        extraction = read("a.zip", content)
        into = tmp_path / "into"
        into.mkdir()
        before = _everything(tmp_path)
        members = ArchiveFormat().unpack(write("a.zip", content), "a.zip", extraction.media_type, into)
        assert [member.path for member in members] == list(extraction.members)
        assert _everything(tmp_path) - before == {f"into/{number:04}" for number in range(1, len(members) + 1)}
        return extraction, {member.path: Path(member.file).read_bytes() for member in members}

    return open_archive


def _everything(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


def zipped(members: Sequence[tuple[str | zipfile.ZipInfo, bytes]], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return buffer.getvalue()


def unix(name: str, mode: int) -> zipfile.ZipInfo:
    """A member of this file type; the name is stored as it is."""
    member = zipfile.ZipInfo("x")
    member.filename = name
    member.create_system = 3
    member.external_attr = mode << 16
    return member


def tarred(*members: tarfile.TarInfo, content: bytes = b"text") -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for member in members:
            member.size = len(content) if member.isreg() else 0
            archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def member(name: str, kind: bytes = tarfile.REGTYPE, target: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


TAR = tarred(member("docs/a.txt"), member("docs/b.txt"))


@pytest.mark.parametrize(
    "content",
    [
        zipped([("docs/a.txt", b"text"), ("docs/", b""), ("docs/b.txt", b"text")]),
        TAR,
        gzip.compress(TAR),
        bz2.compress(TAR),
        lzma.compress(TAR),
    ],
    ids=["zip", "tar", "tar.gz", "tar.bz2", "tar.xz"],
)
def test_an_archive_lists_its_files_and_gives_them_out(opened: Open, content: bytes) -> None:
    extraction, files = opened(content)

    assert files == {"docs/a.txt": b"text", "docs/b.txt": b"text"}
    assert [(block.type, block.text) for block in extraction.blocks] == [(BlockType.LIST, "- docs/a.txt\n- docs/b.txt")]
    assert not extraction.warnings


def test_a_gzip_file_knows_what_it_was_called(opened: Open) -> None:
    buffer = io.BytesIO()
    with gzip.GzipFile("notes/größe.txt", "wb", fileobj=buffer) as stream:
        stream.write(b"text")

    assert opened(buffer.getvalue())[1] == {"größe.txt": b"text"}


def test_a_compressed_file_is_named_after_itself_when_it_says_nothing_else(write: Write, tmp_path: Path) -> None:
    file = write("notes.txt.bz2", bz2.compress(b"text"))

    (member,) = ArchiveFormat().unpack(file, "deep/notes.txt.bz2", "application/x-bzip2", tmp_path)

    assert member.path == "notes.txt"


@pytest.mark.parametrize("content", [bz2.compress(b"text"), lzma.compress(b"text"), gzip.compress(b"text")])
def test_a_compressed_file_without_a_name_holds_content(opened: Open, content: bytes) -> None:
    assert opened(content)[1] == {"content": b"text"}


def test_a_gzip_file_with_an_extra_field_still_has_its_name(opened: Open) -> None:
    plain = gzip.compress(b"text", mtime=0)
    content = plain[:3] + bytes([4 | 8]) + plain[4:10] + b"\x03\x00abc" + b"a.md\0" + plain[10:]

    assert opened(content)[1] == {"a.md": b"text"}


def test_a_long_list_is_several_blocks(opened: Open) -> None:
    extraction, _ = opened(zipped([(f"{number}.txt", b"") for number in range(NAMES_PER_BLOCK + 1)]))

    assert [len(block.metadata["items"]) for block in extraction.blocks] == [NAMES_PER_BLOCK, 1]


def test_names_in_utf8_that_the_archive_does_not_declare_are_read_right(opened: Open) -> None:
    content = zipped([("größe.txt", b"x"), ("naive.txt", b"y")])
    undeclared = content.replace(b"\x00\x08\x08\x00", b"\x00\x00\x08\x00")

    assert set(opened(undeclared)[1]) == {"größe.txt", "naive.txt"}


def test_names_of_an_old_zip_archive_are_read_with_its_code_page(opened: Open) -> None:
    content = zipped([("gr__e.txt", b"x")])

    assert set(opened(content.replace(b"gr__e.txt", b"gr\x94\xe1e.txt"))[1]) == {"größe.txt"}


def test_names_of_an_old_tar_archive_are_decoded(opened: Open) -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT, encoding="latin-1") as archive:
        archive.addfile(member("Bücher für Müller.txt"))

    assert set(opened(buffer.getvalue())[1]) == {"Bücher für Müller.txt"}


BAD_NAMES: Mapping[str, str] = {
    "../evil": "leads out",
    "a/../../evil": "leads out",
    "..\\evil": "leads out",
    "a/.\u200b./evil": "leads out",
    "/etc/passwd": "absolute",
    "\\\\server\\share\\x": "absolute",
    "C:\\x.txt": "absolute",
    "./.": "no name",
    "x" * (MAX_CHARACTERS + 1): "characters",
    ".git/config": "left out",
    "a/node_modules/b.js": "left out",
    "__MACOSX/._a.txt": "left out",
    "a/._b.txt": "left out",
    "a/.DS_Store": "left out",
}


@pytest.mark.parametrize("name", BAD_NAMES)
def test_file_02_a_name_that_no_file_may_have_is_refused_with_its_reason(opened: Open, name: str) -> None:
    content = zipped([("good.txt", b"good"), (unix(name, stat.S_IFREG), b"evil")])

    extraction, files = opened(content)

    assert files == {"good.txt": b"good"}
    assert BAD_NAMES[name] in extraction.warnings[0]


@pytest.mark.parametrize("name", [name for name in BAD_NAMES if len(name) < 100])
def test_file_02_in_tar_archives_too(opened: Open, name: str) -> None:
    extraction, files = opened(gzip.compress(tarred(member("good.txt"), member(name))))

    assert files == {"good.txt": b"text"}
    assert BAD_NAMES[name] in extraction.warnings[0]


def test_file_02_links_and_devices_in_a_tar_archive_are_refused_and_so_is_what_lies_behind_a_link(opened: Open) -> None:
    kinds = [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE]
    odd = [member(f"odd{number}", kind, "/etc") for number, kind in enumerate(kinds)]

    extraction, files = opened(tarred(member("good.txt"), *odd, member("odd0/passwd"), member("odd1")))

    assert files == {"good.txt": b"text", "odd1": b"text"}
    assert [warning.partition(": ")[2] for warning in extraction.warnings] == [
        "'odd0', 'odd1': it is a link",
        "'odd2', 'odd3', 'odd4': it is no regular file",
        "'odd0/passwd': it lies behind a link",
    ]


def test_file_02_links_and_devices_in_a_zip_archive_are_refused(opened: Open) -> None:
    odd = [(unix("link", stat.S_IFLNK), b"/etc"), (unix("device", stat.S_IFCHR), b""), ("link/passwd", b"x")]

    extraction, files = opened(zipped([("good.txt", b"good"), *odd]))

    assert files == {"good.txt": b"good"}
    assert len(extraction.warnings) == 3


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_file_02_of_one_name_the_first_file_counts_and_other_cases_stay_apart(opened: Open) -> None:
    extraction, files = opened(zipped([("a.txt", b"1"), ("A.TXT", b"2"), ("a.txt", b"3"), ("./a.txt", b"4"), ("dir\\b.txt", b"5")]))

    assert files == {"a.txt": b"1", "A.TXT": b"2", "dir/b.txt": b"5"}
    assert extraction.warnings == ("not read: 'a.txt', 'a.txt': the archive holds a file of this name already",)


def test_many_refusals_are_counted(opened: Open) -> None:
    extraction, _ = opened(zipped([("good.txt", b""), *((f"../{number}", b"") for number in range(9))]))

    assert extraction.warnings[0].endswith("'../4' and 4 more: its path leads out of the archive")


def test_what_is_left_out_of_folders_is_left_out_of_archives() -> None:
    assert SKIPPED_IN_FOLDERS <= SKIPPED_NAMES


@pytest.mark.parametrize(
    ("content", "error", "words"),
    [
        (zipped([("../x", b"")]), EmptyDocumentError, "leads out"),
        (zipped([]), EmptyDocumentError, "no file"),
        (tarred(member("d", tarfile.DIRTYPE)), EmptyDocumentError, "no file"),
        (zipped([("a.txt", os.urandom(3000))])[:2000], CorruptFileError, "cannot be listed"),
        (gzip.compress(TAR)[:60], CorruptFileError, "damaged"),
        (bz2.compress(b"text" * 1000)[:-8], CorruptFileError, "damaged"),
        (lzma.compress(b"text" * 1000)[:-8], CorruptFileError, "damaged"),
        (gzip.compress(b"text")[:-4], CorruptFileError, "damaged"),
        (gzip.compress(b"text")[:-8] + bytes(8), CorruptFileError, "CRC"),
        (TAR[:514], CorruptFileError, "end of data"),
    ],
)
def test_file_04_an_archive_without_anything_to_read_says_why(read: Read, content: bytes, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        read("a.zip", content)


@pytest.mark.parametrize("cut", [TAR[:1536], TAR[:2048], TAR[:1700], TAR[:1024] + b"junk" * 600])
def test_file_04_a_tar_archive_that_breaks_off_gives_what_came_before(opened: Open, cut: bytes) -> None:
    extraction, files = opened(cut)

    assert files["docs/a.txt"] == b"text"
    assert "could be read" in extraction.warnings[0]


def test_file_04_a_damaged_member_does_not_spoil_the_others(opened: Open) -> None:
    content = zipped([("a.txt", b"first file"), ("b.txt", b"second file")], zipfile.ZIP_STORED)

    extraction, files = opened(content.replace(b"first file", b"first fire"))

    assert files == {"b.txt": b"second file"}
    assert "Bad CRC-32" in extraction.warnings[0]


def test_a_member_of_an_unknown_compression_is_refused(opened: Open) -> None:
    content = zipped([("a.txt", b"x" * 100), ("b.txt", b"y")], zipfile.ZIP_STORED)
    first = content.index(b"PK\x01\x02")

    extraction, files = opened(content[: first + 10] + b"\x5d" + content[first + 11 :])

    assert files == {"b.txt": b"y"}
    assert "compression" in extraction.warnings[0]


def _encrypted(content: bytes, *names: bytes) -> bytes:
    """Sets the flag of members in the directory."""
    for name in names:
        entry = content.rindex(name) - 46
        content = content[: entry + 8] + bytes([content[entry + 8] | 1]) + content[entry + 9 :]
    return content


def test_file_04_an_encrypted_archive_asks_for_the_password(read: Read) -> None:
    with pytest.raises(PasswordRequiredError):
        read("a.zip", _encrypted(zipped([("a.txt", b"x"), ("b.txt", b"y")]), b"a.txt", b"b.txt"))


def test_file_04_of_a_partly_encrypted_archive_the_rest_is_read(opened: Open) -> None:
    extraction, files = opened(_encrypted(zipped([("a.txt", b"x"), ("b.txt", b"y")]), b"a.txt"))

    assert files == {"b.txt": b"y"}
    assert "password" in extraction.warnings[0]


def test_file_04_zip64_is_read(opened: Open) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive, archive.open("a.txt", "w", force_zip64=True) as stream:
        stream.write(b"text")

    assert opened(buffer.getvalue())[1] == {"a.txt": b"text"}


def _lying(content: bytes, size: int) -> bytes:
    """Says in the directory that the first member has another size."""
    first = content.index(b"PK\x01\x02")
    return content[: first + 24] + size.to_bytes(4, "little") + content[first + 28 :]


def test_file_03_a_member_larger_than_it_says_is_cut_and_refused(opened: Open) -> None:
    extraction, files = opened(_lying(zipped([("a.txt", b"x" * 100_000), ("b.txt", b"y")]), 10))

    assert files == {"b.txt": b"y"}
    assert "damaged" in extraction.warnings[0]


def test_file_03_a_member_that_announces_too_much_is_refused_unread(opened: Open) -> None:
    extraction, files = opened(_lying(zipped([("a.txt", b"x"), ("b.txt", b"y")]), MAX_MEMBER_BYTES + 1))

    assert files == {"b.txt": b"y"}
    assert str(MAX_MEMBER_BYTES) in extraction.warnings[0]


def _quoting(count: int) -> bytes:
    """An archive whose directory names the same bytes many times."""
    content = zipped([("a.txt", b"\0" * 100_000)])
    start = content.index(b"PK\x01\x02")
    end = content.index(b"PK\x05\x06")
    entries = content[start:end] * count
    counts = count.to_bytes(2, "little") * 2
    return content[:start] + entries + content[end : end + 8] + counts + len(entries).to_bytes(4, "little") + content[end + 16 :]


def _announcing_much() -> bytes:
    """An honest archive in form, whose directory adds up to more than may be inflated."""
    content = zipped([(f"{number}", b"x") for number in range(4)])
    size = (MAX_TOTAL_BYTES // 3).to_bytes(4, "little")
    position = 0
    while (position := content.find(b"PK\x01\x02", position)) >= 0:
        content = content[: position + 24] + size + content[position + 28 :]
        position += 46
    return content


ZEROS = bytes(60 * 1024 * 1024)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: _quoting(300), "share their bytes"),
        (_announcing_much, "inflates to"),
        (lambda: zipped([("zeros", ZEROS)]), "times, like a bomb"),
        (lambda: gzip.compress(ZEROS, 9), "times, like a bomb"),
        (lambda: bz2.compress(ZEROS), "times, like a bomb"),
        (lambda: gzip.compress(tarred(member("zeros"), content=ZEROS), 9), "times, like a bomb"),
        (lambda: zipped([(f"{number}", b"") for number in range(MAX_MEMBERS + 1)]), "files inside"),
    ],
    ids=["overlapping", "announced", "zip", "gzip", "bzip2", "tar.gz", "many"],
)
def test_file_03_a_bomb_is_refused_at_the_limit(write: Write, read: Read, tmp_path: Path, make: Callable[[], bytes], words: str) -> None:
    content = make()
    into = tmp_path / "into"
    into.mkdir()

    with pytest.raises(ExtractionLimitError, match=words):
        read("a.zip", content)
    with pytest.raises(ExtractionLimitError, match=words):
        ArchiveFormat().unpack(write("a.zip", content), "a.zip", _type_of(content), into)
    assert sum(path.stat().st_size for path in into.iterdir()) <= len(ZEROS)


def _type_of(content: bytes) -> str:
    kinds = {b"PK": "application/zip", b"\x1f\x8b": "application/gzip", b"BZ": "application/x-bzip2"}
    media_type = kinds[content[:2]]
    is_tar = media_type == "application/gzip" and gzip.GzipFile(fileobj=io.BytesIO(content)).read(5) == b"zeros"
    return "application/x-compressed-tar" if is_tar else media_type


def test_file_03_archives_within_archives_are_opened_one_level_at_a_time(opened: Open) -> None:
    content = zipped([("a.txt", b"text")])
    for level in range(5):
        content = zipped([(f"{level}.zip", content)])

    assert set(opened(content)[1]) == {"4.zip"}


def test_a_sparse_file_with_a_hole_of_a_terabyte_is_refused(opened: Open) -> None:
    sparse = member("hole", tarfile.GNUTYPE_SPARSE)
    header = bytearray(sparse.tobuf(tarfile.GNU_FORMAT)[:512])
    header[386 : 386 + 24] = b"00000000000\x0000000000000\x00"
    header[483:495] = b"\x80" + (10**12).to_bytes(11)
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)

    extraction, files = opened(tarred(member("good.txt"))[:1024] + bytes(header) + bytes(10240))

    assert files == {"good.txt": b"text"}
    assert "no regular file" in extraction.warnings[0]


def test_tar_headers_that_each_announce_another_are_corrupt(read: Read) -> None:
    name = member("x", tarfile.GNUTYPE_LONGNAME)
    name.size = 10
    header = name.tobuf(tarfile.GNU_FORMAT) + b"a".ljust(512, b"\0")

    with pytest.raises(CorruptFileError, match="nested"):
        read("a.tar", header * 1500)


@pytest.mark.parametrize(
    ("entries", "words"),
    [
        (lambda: (Entry("../x", list) for _ in range(MAX_ENTRIES + 1)), "entries"),
        (lambda: [Entry("a", lambda: repeat(bytes(MEGABYTE), MAX_MEMBER_BYTES // MEGABYTE + 1))], "bytes"),
    ],
)
def test_file_03_taking_stops_at_the_limit(entries: Callable[[], Iterable[Entry]], words: str) -> None:
    with pytest.raises(ExtractionLimitError, match=words):
        take(entries(), None)


def test_file_03_what_comes_out_in_all_is_limited() -> None:
    meter = Meter(stored_bytes=MAX_TOTAL_BYTES)
    meter.count(MAX_TOTAL_BYTES)

    with pytest.raises(ExtractionLimitError, match="more than"):
        meter.count(1)


async def test_a_worker_unpacks_an_archive_and_survives_a_bomb(pool: WorkerPool, write: Write, tmp_path: Path) -> None:
    into = tmp_path / "into"
    into.mkdir()

    with pytest.raises(ExtractionLimitError):
        await pool.extract(write("bomb.gz", gzip.compress(ZEROS, 9)), name="bomb.gz")
    members = await pool.unpack(write("a.tgz", gzip.compress(TAR)), name="a.tgz", into=into)

    assert [(member.path, Path(member.file).read_bytes()) for member in members] == [("docs/a.txt", b"text"), ("docs/b.txt", b"text")]


@pytest.mark.parametrize(
    ("given_name", "path"),
    [
        ("%2e%2e%2fx", "%2e%2e%2fx"),
        ("a\u202efdp.exe", "afdp.exe"),
        ("line\nbreak\x00.txt", "line break.txt"),
        ('"><img src=x>', '"><img src=x>'),
        (".htaccess", ".htaccess"),
        ("CON", "CON"),
        ("cafe\u0301.txt", "café.txt"),
        (" a / b ", "a/b"),
        ("a\udcfcb", "aüb"),
        ("a\ud800b", "a?b"),
    ],
)
def test_file_01_names_are_shown_as_they_are_but_without_what_cannot_be_seen(given_name: str, path: str) -> None:
    assert (member_path(given_name), refused_name(given_name)) == (path, "")


@given(st.text(max_size=60) | st.text("./\\\u200b\u0000 aC:", max_size=20))
def test_file_01_no_accepted_name_leads_anywhere_else(given_name: str) -> None:
    path = member_path(given_name)

    assert refused_name(given_name) or (Path("/top/folder", path).resolve().is_relative_to("/top/folder") and clean(path) == path and path)
    assert member_path(path) == path


@given(st.binary(max_size=300), st.sampled_from([b"", b"PK\x03\x04", b"\x1f\x8b\x08\x00", b"BZh9", b"\xfd7zXZ\x00"]), st.integers(0, 400))
@example(TAR[:512] * 3, b"", 0)
def test_file_18_junk_ends_in_a_typed_error(tmp_path_factory: pytest.TempPathFactory, junk: bytes, start: bytes, cut: int) -> None:
    file = tmp_path_factory.getbasetemp() / "junk"
    file.write_bytes(start + junk)
    whole = zipped([("a.txt", b"text" * 20)])
    damaged = file.with_name("damaged")
    damaged.write_bytes(whole[:cut] + junk[:4] + whole[cut + 4 :])

    for path in (file, damaged):
        for media_type in ArchiveFormat.media_types:
            try:
                ArchiveFormat().extract(path, "a", media_type)
            except (ExtractionError, EmptyDocumentError):
                continue

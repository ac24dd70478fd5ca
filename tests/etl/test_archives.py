import zipfile
from pathlib import Path

import pytest

from semantic_memory.core.errors import CorruptFileError, ExtractionLimitError, PasswordRequiredError
from semantic_memory.etl.archives import MAX_MEMBER_BYTES, MAX_MEMBERS, checked_archive, read_member


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    file = tmp_path / "a.zip"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as opened:
        opened.writestr("part.xml", "x" * 1000)
    return file


def test_a_member_is_read_in_full(archive: Path) -> None:
    with checked_archive(archive) as opened:
        assert b"".join(read_member(opened, "part.xml")) == b"x" * 1000


def test_a_member_that_is_not_there_means_a_corrupt_file(archive: Path) -> None:
    with checked_archive(archive) as opened, pytest.raises(CorruptFileError, match="has no part"):
        list(read_member(opened, "other.xml"))


def test_inflating_stops_at_the_limit(archive: Path) -> None:
    with checked_archive(archive) as opened, pytest.raises(ExtractionLimitError, match="999"):
        list(read_member(opened, "part.xml", 999))


def test_a_directory_that_announces_too_much_is_refused(archive: Path) -> None:
    content = bytearray(archive.read_bytes())
    position = content.index(b"PK\x01\x02")
    content[position + 24 : position + 28] = (MAX_MEMBER_BYTES + 1).to_bytes(4, "little")
    archive.write_bytes(content)

    with pytest.raises(ExtractionLimitError), checked_archive(archive):
        pass


def test_members_that_share_their_bytes_are_a_bomb(archive: Path) -> None:
    content = archive.read_bytes()
    start, end = content.index(b"PK\x01\x02"), content.index(b"PK\x05\x06")
    entry = content[start:end]
    counts = (2).to_bytes(2, "little") * 2 + (2 * len(entry)).to_bytes(4, "little")
    archive.write_bytes(content[:start] + entry * 2 + content[end : end + 8] + counts + content[end + 16 :])

    with pytest.raises(ExtractionLimitError, match="share their bytes"), checked_archive(archive):
        pass


@pytest.mark.parametrize("content", [b"PK\x03\x04 and nothing more", b"PK\x05\x06" + b"\xff" * 18])
def test_what_cannot_be_listed_is_corrupt(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "a.zip"
    file.write_bytes(content)

    with pytest.raises((CorruptFileError, ExtractionLimitError)), checked_archive(file):
        pass


def test_a_member_that_turns_out_damaged_means_a_corrupt_file(archive: Path) -> None:
    content = archive.read_bytes()
    data = content.index(b"part.xml") + len("part.xml")
    archive.write_bytes(content[:data] + b"\xff\xff" + content[data + 2 :])

    with pytest.raises(CorruptFileError, match="damaged"), checked_archive(archive) as opened:
        list(read_member(opened, "part.xml"))


def test_an_encrypted_member_asks_for_the_password(archive: Path) -> None:
    content = bytearray(archive.read_bytes())
    content[content.index(b"PK\x01\x02") + 8] |= 1
    archive.write_bytes(content)

    with pytest.raises(PasswordRequiredError), checked_archive(archive):
        pass


def test_a_part_that_declares_a_document_type_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "a.docx"
    with zipfile.ZipFile(file, "w") as opened:
        opened.writestr("word/document.xml", '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "b">]><x/>'.encode("utf-16"))

    with pytest.raises(CorruptFileError, match="document type"), checked_archive(file):
        pass


def test_too_many_parts_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "a.docx"
    with zipfile.ZipFile(file, "w") as opened:
        for number in range(MAX_MEMBERS + 1):
            opened.writestr(str(number), "")

    with pytest.raises(ExtractionLimitError, match="parts"), checked_archive(file):
        pass

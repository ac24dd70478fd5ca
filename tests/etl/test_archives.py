import zipfile
from pathlib import Path

import pytest

from semantic_memory.core.errors import CorruptFileError, ExtractionLimitError
from semantic_memory.etl.archives import MAX_MEMBER_BYTES, checked_archive, read_member


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

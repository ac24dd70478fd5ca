from pathlib import Path

import pytest
from PIL import Image

from semantic_memory.etl.ocr import cache
from semantic_memory.etl.ocr.recognised import Recognised, Word

FOUND = Recognised((Word("wörd", (1.5, 2, 3, 4), 0.75, 0, 0), Word("end", (5, 2, 6, 4), 0.5, 0, 1)), "an engine", ("a warning",))


def test_what_was_kept_comes_back(tmp_path: Path) -> None:
    cache.save(tmp_path / "new" / "folder", "key", FOUND)

    assert cache.load(tmp_path / "new" / "folder", "key") == FOUND
    assert [file.name for file in (tmp_path / "new" / "folder").iterdir()] == ["key"]


def test_what_was_not_kept_is_a_miss(tmp_path: Path) -> None:
    assert cache.load(tmp_path, "key") is None


@pytest.mark.parametrize(
    "content",
    [b"", b"\xff\xff\xff", b"\x80", b"\xc1", b"\x81\xa5words\x01", b"\x81\xa5words\x91\x91\x01", b"\x00" * 1000],
    ids=["empty", "text", "no fields", "no such type", "number", "half a word", "zeros"],
)
def test_a_damaged_file_is_a_miss(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "key").write_bytes(content)

    assert cache.load(tmp_path, "key") is None


@pytest.mark.parametrize("cut", [1, 10, 40])
def test_a_file_that_was_cut_is_a_miss(tmp_path: Path, cut: int) -> None:
    cache.save(tmp_path, "key", FOUND)
    (tmp_path / "key").write_bytes((tmp_path / "key").read_bytes()[:-cut])

    assert cache.load(tmp_path, "key") is None


def test_a_failed_write_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "key").mkdir()  # a folder cannot be replaced by a file

    with pytest.raises(OSError, match="key"):
        cache.save(tmp_path, "key", FOUND)

    assert [file.name for file in tmp_path.iterdir()] == ["key"]


def test_the_key_depends_on_pixels_shape_and_settings() -> None:
    pictures = [Image.new("L", (4, 2), 0), Image.new("L", (2, 4), 0), Image.new("L", (4, 2), 1)]
    keys = [cache.key_of(picture, ["eng"]) for picture in pictures]

    assert len({*keys, cache.key_of(pictures[0], ["deu"])}) == 4
    assert cache.key_of(pictures[0], ["eng"]) == keys[0]

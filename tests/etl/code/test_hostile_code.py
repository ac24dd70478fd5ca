"""Code that was made to hurt (row 10 of the reliability catalogue)."""

from pathlib import Path
from time import process_time

import pytest

from semantic_memory.core.errors import ExtractionLimitError, GeneratedFileError
from semantic_memory.etl.code.layout import Code, read_code
from semantic_memory.etl.extract.code import build
from semantic_memory.etl.extract.format import ReadOptions
from semantic_memory.etl.text import TEXT_BYTES
from tests.etl.conftest import Read
from tests.etl.extract.test_code import assert_lines_covered

SECONDS = 3.0
"""The parser's least time, what runs over it before it is stopped, and as much again for a busy machine."""


def read_in_time(language: str, text: str) -> Code:
    started = process_time()
    found = read_code(text, language, "a")

    assert process_time() - started < SECONDS + 4e-6 * len(text)
    assert_lines_covered(text, found.blocks)
    return found


@pytest.mark.parametrize("language", ["bash", "c", "cpp", "css", "dart", "javascript", "python", "yaml"])
@pytest.mark.parametrize(
    "text",
    ["a" * 50_000 + "!", "x = " + "(" * 100_000, "[" * 100_000, "<" * 50_000, "if a:\n " * 10_000, "{\n" * 30_000],
    ids=["letters", "round brackets", "square brackets", "angle brackets", "no end", "braces"],
)
@pytest.mark.slow
def test_file_10_what_stops_a_parser_is_cut_at_blank_lines_in_time(language: str, text: str) -> None:
    read_in_time(language, text)


@pytest.mark.parametrize("language", ["javascript", "python", "c"])
def test_file_10_brackets_a_hundred_thousand_deep_are_read(language: str) -> None:
    read_in_time(language, "x = " + "(" * 100_000 + "\n")


def test_file_10_a_parser_that_takes_too_long_is_stopped_and_says_so() -> None:
    found = read_in_time("dart", "[" * 100_000 + "\n\nlast\n")

    assert found.warnings == ("parsing took too long; the file is cut at blank lines, not at definitions",)
    assert [block.metadata["start_line"] for block in found.blocks] == [1, 3]


def test_file_10_a_file_too_long_to_parse_says_so() -> None:
    (warning,) = read_in_time("python", "def f():\n    return 1\n\n" * 100_000).warnings

    assert warning.startswith("the file has 2300000 characters")


def test_file_10_ten_megabytes_of_minified_code_are_refused_with_the_reason(tmp_path: Path) -> None:
    (tmp_path / "a.js").write_text("function a(b){return b+1};" * 400_000)

    with pytest.raises(GeneratedFileError, match="minified"):
        build(ReadOptions()).extract(tmp_path / "a.js", "a.js", "text/x-javascript")


def test_file_10_ten_megabytes_of_minified_code_are_one_block_when_wanted() -> None:
    found = read_in_time("javascript", "function a(b){return b+1};" * 400_000)

    assert len(found.blocks) == 1


def test_file_10_two_hundred_megabytes_in_one_line_are_refused(tmp_path: Path) -> None:
    with (tmp_path / "a.py").open("wb") as file:
        file.truncate(200 * 1024 * 1024)

    with pytest.raises(ExtractionLimitError, match=f"at most {TEXT_BYTES} are read"):
        build(ReadOptions()).extract(tmp_path / "a.py", "a.py", "text/x-python")


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        ("def grüße():\n    return 'schön'\n".encode("utf-16"), "utf-16"),
        ("def grüße():\n    return 'schön'\n".encode("latin-1"), None),
        (b"def f():\n    return '\xff\xfe\x00'\n\n" + b"# x\n" * 100, None),
        (b"\xef\xbb\xbfdef f():\n    return 1\n", None),
    ],
    ids=["UTF-16", "Latin-1", "invalid UTF-8 and NUL", "mark"],
)
def test_file_10_code_in_any_encoding_keeps_its_definitions(read: Read, content: bytes, encoding: str | None) -> None:
    extraction = read("a.py", content)

    assert [block.metadata["end_line"] for block in extraction.blocks if "kind" in block.metadata] == [2]
    assert encoding in {None, extraction.metadata.get("encoding")}

from pathlib import Path

import pytest

from semantic_memory.core.errors import ExtractionError
from semantic_memory.etl.ocr import tesseract
from tests.etl.ocr.engines import needs_tesseract
from tests.etl.ocr.pictures import LINES, picture, texts


@pytest.fixture
def failing_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A tesseract that lists its languages and fails on every picture."""
    program = tmp_path / "tesseract"
    program.write_text(
        '#!/bin/sh\ncase "$1" in\n--*) echo "List of languages"; echo eng; echo osd;;\n*) echo "no more memory" >&2; exit 3;;\nesac\n'
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))


@needs_tesseract
def test_lines_have_their_words_with_boxes_in_pixels() -> None:
    page = picture(*LINES)

    lines = tesseract.read(page, ["eng"], 200)

    assert texts(lines) == list(LINES)
    left, top, right, bottom = lines[0].words[0].box
    assert lines[0].words[0].text == "The"
    assert (left, top) == (pytest.approx(60, abs=4), pytest.approx(64, abs=6))
    assert (right, bottom) == (pytest.approx(105, abs=8), pytest.approx(84, abs=6))
    assert all(0.8 < word.confidence <= 1 for word in lines[0].words)


@needs_tesseract
def test_a_missing_language_is_named_and_the_others_are_used() -> None:
    assert tesseract.usable(["xxx", "eng"]) == ["eng"]
    assert tesseract.usable(["xxx"]) == ["eng"]
    assert tesseract.warnings(["xxx", "eng"]) == ("Tesseract has no data for the language 'xxx'; text was read as 'eng'",)


@needs_tesseract
def test_every_resolution_is_taken() -> None:
    assert texts(tesseract.read(picture("Any resolution will do."), ["eng"], 1e9)) == ["Any resolution will do."]


def test_without_the_program_there_is_no_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    assert tesseract.version() == ""


@pytest.mark.usefixtures("failing_program")
def test_a_failure_of_the_program_carries_its_reason() -> None:
    assert tesseract.version() == "List of languages eng"
    with pytest.raises(ExtractionError, match="code 3: no more memory"):
        tesseract.read(picture("some text"), ["eng"], 200)


def test_a_program_that_cannot_be_run_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "tesseract").write_bytes(b"\x7fELF no program")
    (tmp_path / "tesseract").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(ExtractionError, match="cannot be run"):
        tesseract.version()

from pathlib import Path
from random import Random

import pytest
from PIL import Image, ImageFilter

from semantic_memory.core.errors import ExtractionError, NeedsOcrError
from semantic_memory.etl.extract.format import ReadOptions
from semantic_memory.etl.ocr.recognise import Recognised, recognise
from tests.etl.ocr.engines import needs_rapidocr, needs_tesseract
from tests.etl.ocr.pictures import LINES, picture

PAGE = picture(*LINES)
TESSERACT = ReadOptions(ocr_engine="tesseract")


def text(found: Recognised) -> str:
    return " ".join(word.text for word in found.words)


@pytest.fixture
def no_programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is the only one in which programs are looked for."""
    (tmp_path / "programs").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "programs"))
    return tmp_path / "programs"


def install(folder: Path, script: str) -> None:
    """A `tesseract` that lists English and answers pictures with the script."""
    program = folder / "tesseract"
    program.write_text(f'#!/bin/sh\ncase "$1" in --*) echo languages; echo eng; exit;; esac\n{script}\n')
    program.chmod(0o755)


def test_switched_off_ocr_says_so() -> None:
    with pytest.raises(NeedsOcrError, match="switched off"):
        recognise(PAGE, ReadOptions(ocr_engine="off"), dpi=None)


@pytest.mark.usefixtures("no_programs")
def test_a_missing_engine_is_named_with_what_to_install() -> None:
    with pytest.raises(NeedsOcrError, match=r"install the program tesseract \(Debian: tesseract-ocr\)$"):
        recognise(PAGE, TESSERACT, dpi=None)


@needs_rapidocr
@pytest.mark.usefixtures("no_programs")
def test_without_tesseract_rapidocr_reads() -> None:
    found = recognise(PAGE, ReadOptions(ocr_languages=("eng", "rus")), dpi=None)

    assert (text(found), found.engine) == (" ".join(LINES), "rapidocr")
    assert found.warnings == ("RapidOCR does not know all letters of rus",)


@needs_rapidocr
def test_rapidocr_reads_when_tesseract_fails(no_programs: Path) -> None:
    install(no_programs, "echo 'out of memory' >&2; exit 1")

    found = recognise(PAGE, ReadOptions(), dpi=None)

    assert (text(found), found.engine) == (" ".join(LINES), "rapidocr")
    assert found.warnings == ("read by RapidOCR because Tesseract failed: Tesseract failed with code 1: out of memory",)


def test_a_failure_without_another_engine_is_an_error(no_programs: Path) -> None:
    install(no_programs, "exit 1")

    with pytest.raises(ExtractionError, match="code 1"):
        recognise(PAGE, TESSERACT, dpi=None)


@needs_tesseract
def test_a_sure_reading_of_tesseract_stands() -> None:
    found = recognise(PAGE, ReadOptions(), dpi=200)

    assert (text(found), found.engine, found.warnings) == (" ".join(LINES), "tesseract", ())
    assert found.confidence > 0.94
    assert {word.line for word in found.words} == {0, 1, 2}


@needs_tesseract
@needs_rapidocr
def test_rapidocr_reads_again_what_tesseract_is_unsure_of() -> None:
    faint = picture(*LINES, size=10).filter(ImageFilter.GaussianBlur(1))

    unsure = recognise(faint, TESSERACT, dpi=None)
    found = recognise(faint, ReadOptions(), dpi=None)

    assert unsure.confidence < 0.94
    assert (text(found), found.engine) == (" ".join(LINES), "rapidocr")


@needs_tesseract
@needs_rapidocr
def test_rapidocr_reads_a_language_that_tesseract_has_no_data_for() -> None:
    assert recognise(PAGE, ReadOptions(ocr_languages=("epo",)), dpi=None).engine == "rapidocr"
    found = recognise(PAGE, ReadOptions(ocr_languages=("tlh",)), dpi=None)

    assert (found.engine, text(found)) == ("tesseract", " ".join(LINES))
    assert found.warnings == ("Tesseract has no data for the language 'tlh'; text was read as 'eng'",)


@needs_tesseract
@pytest.mark.parametrize("turn", [Image.Transpose.ROTATE_90, Image.Transpose.ROTATE_180, Image.Transpose.ROTATE_270])
def test_a_page_on_its_side_or_head_is_read_and_its_boxes_lie_where_the_words_are(turn: Image.Transpose) -> None:
    page = picture(*LINES * 3)
    turned = page.transpose(turn)

    found = recognise(turned, TESSERACT, dpi=None)

    assert text(found) == " ".join(LINES * 3)
    first = found.words[0].box
    mask = turned.crop(tuple(round(edge) for edge in first)).point([255 if level < 128 else 0 for level in range(256)])  # type: ignore[arg-type]
    assert mask.getbbox() is not None
    upright = recognise(page, TESSERACT, dpi=None).words[0].box
    assert sorted([first[2] - first[0], first[3] - first[1]]) == pytest.approx(
        sorted([upright[2] - upright[0], upright[3] - upright[1]]), abs=5
    )


@needs_tesseract
def test_small_and_skewed_words_have_boxes_in_the_pixels_of_the_picture() -> None:
    small = picture(*LINES * 3, size=10).rotate(1.5, Image.Resampling.BICUBIC, fillcolor=255)

    found = recognise(small, TESSERACT, dpi=None)

    left, top, right, bottom = found.words[0].box
    assert found.words[0].text == "The"
    assert 55 < left < right < 90
    assert 55 < top < bottom < 85


@needs_tesseract
def test_the_texture_of_a_picture_is_no_text() -> None:
    noise = Image.frombytes("L", (400, 300), Random(3).randbytes(120_000)).filter(ImageFilter.GaussianBlur(1.5))

    assert recognise(noise, TESSERACT, dpi=None).words == ()


def test_an_empty_page_is_not_given_to_an_engine(no_programs: Path) -> None:
    install(no_programs, "exit 1")

    assert recognise(Image.new("L", (400, 300), 255), TESSERACT, dpi=None) == Recognised((), "tesseract")


def test_unsure_text_is_kept_with_a_warning(no_programs: Path) -> None:
    install(no_programs, r"printf '5\t1\t1\t1\t1\t1\t60\t60\t40\t20\t50.0\tword\n'")

    found = recognise(PAGE, TESSERACT, dpi=None)

    assert text(found) == "word"
    assert found.warnings == ("the text was read with little confidence (0.50)",)


def test_what_is_surely_no_text_is_left_out_with_a_warning(no_programs: Path) -> None:
    install(no_programs, r"printf '5\t1\t1\t1\t1\t1\t60\t60\t40\t20\t20.0\tword\n'")

    found = recognise(PAGE, TESSERACT, dpi=None)

    assert found.words == ()
    assert found.warnings == ("what looks like text was read with little confidence (0.20) and was left out",)


def test_the_same_picture_is_read_once(no_programs: Path, tmp_path: Path) -> None:
    count = tmp_path / "count"
    install(no_programs, rf"""echo x >> {count}; printf '5\t1\t1\t1\t1\t1\t60\t60\t40\t20\t95.0\tword\n'""")
    options = ReadOptions(ocr_engine="tesseract", ocr_cache=str(tmp_path / "cache"))

    first = recognise(PAGE, options, dpi=None)
    again = recognise(PAGE.convert("RGB"), options, dpi=300)

    assert again == first
    assert count.read_text() == "x\n"


def test_a_damaged_cache_file_is_read_again_and_replaced(no_programs: Path, tmp_path: Path) -> None:
    install(no_programs, r"printf '5\t1\t1\t1\t1\t1\t60\t60\t40\t20\t95.0\tword\n'")
    options = ReadOptions(ocr_engine="tesseract", ocr_cache=str(tmp_path / "cache"))
    recognise(PAGE, options, dpi=None)
    (kept,) = (tmp_path / "cache").iterdir()
    kept.write_bytes(b"damaged")

    assert text(recognise(PAGE, options, dpi=None)) == "word"
    assert kept.stat().st_size > 20


def test_a_cache_that_cannot_be_written_is_a_warning(no_programs: Path, tmp_path: Path) -> None:
    install(no_programs, r"printf '5\t1\t1\t1\t1\t1\t60\t60\t40\t20\t95.0\tword\n'")
    (tmp_path / "file").write_text("no folder")

    found = recognise(PAGE, ReadOptions(ocr_engine="tesseract", ocr_cache=str(tmp_path / "file")), dpi=None)

    assert text(found) == "word"
    assert found.warnings == ("the recognised text could not be cached: File exists",)

import pytest

from semantic_memory.etl.ocr import rapidocr
from tests.etl.ocr.engines import needs_rapidocr
from tests.etl.ocr.pictures import LINES, picture, texts


@needs_rapidocr
def test_lines_have_their_words_with_boxes_in_pixels() -> None:
    lines = rapidocr.read(picture(*LINES[:2]))

    assert texts(lines) == list(LINES[:2])
    left, top, right, bottom = lines[0].words[1].box
    assert lines[0].words[1].text == "barometer"
    assert (left, right) == (pytest.approx(112, abs=8), pytest.approx(226, abs=8))
    assert (top, bottom) == (pytest.approx(63, abs=8), pytest.approx(88, abs=8))
    assert all(0.8 < word.confidence <= 1 for word in lines[0].words)


@needs_rapidocr
def test_a_picture_without_text_has_no_lines() -> None:
    assert rapidocr.read(picture("", "")) == []


def test_languages_with_letters_outside_the_alphabet_are_known() -> None:
    assert rapidocr.can_read(["eng", "deu"])
    assert not rapidocr.can_read(["eng", "rus"])

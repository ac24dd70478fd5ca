from random import Random

import numpy as np
import pytest
from PIL import Image

from semantic_memory.etl.ocr.lines import Box
from semantic_memory.etl.ocr.measures import line_height, skew
from semantic_memory.etl.ocr.preparation import MAX_PIXELS, Prepared, grey, prepared
from tests.etl.ocr.pictures import LINES, picture

PAGE = picture(*LINES * 4)


def ink_box(image: Image.Image) -> Box:
    box = image.point([255 if level < 128 else 0 for level in range(256)]).getbbox()
    assert box is not None
    return tuple(map(float, box))  # type: ignore[return-value]


def found_again(page: Image.Image, ready: Prepared) -> bool:
    """Whether the ink of the prepared picture leads back to the ink of the page, within three pixels."""
    return ready.original(ink_box(ready.image)) == pytest.approx(ink_box(page), abs=3)


def test_a_clean_page_keeps_its_pixels() -> None:
    ready = prepared(PAGE)

    assert ready.image == PAGE
    assert ready.original((1, 2, 3, 4)) == (1, 2, 3, 4)


def test_small_letters_are_enlarged() -> None:
    small = picture(*LINES * 4, size=10)

    ready = prepared(small)

    assert ready.image.width > 2 * small.width
    assert ready.line_height == pytest.approx(24, abs=6)
    assert found_again(small, ready)


def test_huge_letters_are_scaled_down() -> None:
    huge = picture("Huge", "letters", size=220)

    ready = prepared(huge)

    assert ready.image.width < huge.width / 2
    assert found_again(huge, ready)


@pytest.mark.parametrize("degrees", [-3.0, -1.0, 2.0])
def test_skewed_lines_become_level(degrees: float) -> None:
    skewed = PAGE.rotate(degrees, Image.Resampling.BICUBIC, fillcolor=255, expand=True)

    ready = prepared(skewed)

    assert abs(skew(np.asarray(ready.image) < 128)) < 0.25


@pytest.mark.parametrize("size", [10, 24, 220], ids=["enlarged", "kept", "scaled down"])
def test_boxes_of_a_levelled_page_lead_back_to_the_page(size: int) -> None:
    dot = Image.new("L", (size, size), 0)
    page = picture(*LINES[:2] * 3, size=size)
    page.paste(dot, (page.width - size - 5, 5))
    skewed = page.rotate(2, Image.Resampling.BICUBIC, fillcolor=255)
    level = prepared(skewed)

    wide = level.original((0, 0, level.image.width, level.image.height))

    assert wide[0] < size
    assert wide[1] < size
    assert wide[2] > skewed.width - size
    assert wide[3] > skewed.height - size


def test_specks_are_removed_and_letters_stay() -> None:
    random = Random(1)
    dirty = PAGE.copy()
    for _ in range(PAGE.width * PAGE.height // 60):
        dirty.putpixel((random.randrange(PAGE.width), random.randrange(PAGE.height)), 0)

    cleaned = np.asarray(prepared(dirty).image) < 128

    original = np.asarray(PAGE) < 128
    assert (cleaned & ~original).sum() < 0.3 * ((np.asarray(dirty) < 128) & ~original).sum()
    assert (cleaned & original).sum() > 0.97 * original.sum()


def test_light_letters_on_a_dark_ground_become_dark_ones() -> None:
    screen = picture(*LINES, paper="#202020", ink="#e0e0e0")

    assert np.median(np.asarray(prepared(screen).image)) > 200


def test_a_shadow_is_evened_out() -> None:
    shade = Image.linear_gradient("L").resize(PAGE.size).point([250 - level // 2 for level in range(256)])
    shaded = Image.composite(PAGE, shade, PAGE.point([255 if level < 128 else 0 for level in range(256)]))

    lit = np.asarray(prepared(shaded).image)

    assert np.asarray(shaded)[-40:].max() < 140
    assert lit[-40:].min() > 230
    assert lit[:40].min() > 230


def test_a_page_turned_left_leads_back() -> None:
    ready = prepared(PAGE)

    turned = ready.turned_left()

    assert turned.image.size == (PAGE.height, PAGE.width)
    assert found_again(PAGE, turned)
    assert found_again(PAGE, turned.turned_left())


def test_a_picture_is_never_read_at_more_than_the_limit() -> None:
    ready = prepared(Image.new("L", (6000, 5000), 255))

    assert ready.image.width * ready.image.height <= MAX_PIXELS * 1.001


@pytest.mark.parametrize("level", [0, 128, 255])
def test_an_empty_picture_has_no_lines(level: int) -> None:
    ready = prepared(Image.new("L", (100, 80), level))

    assert ready.image.size == (100, 80)
    assert line_height(np.zeros((80, 100), bool), 0) is None


def test_what_is_transparent_is_paper() -> None:
    image = Image.new("RGBA", (2, 1), (0, 0, 0, 0))
    image.putpixel((1, 0), (0, 0, 0, 255))

    assert list(grey(image).tobytes()) == [255, 0]


@pytest.mark.parametrize("mode", ["I;16", "I", "F"])
def test_deep_grey_uses_the_whole_range(mode: str) -> None:
    image = Image.fromarray(np.array([[1000, 3000, 5000]], {"I;16": np.uint16, "I": np.int32, "F": np.float32}[mode]))

    assert list(grey(image).tobytes()) == [0, 127, 255]

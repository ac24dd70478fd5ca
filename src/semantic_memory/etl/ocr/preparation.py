"""What is done to a picture before it is read: grey, dark letters on an even white, level lines, letters of a good size.

Each step looks first whether the picture needs it, so that a clean page keeps its pixels.
"""

import math
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageChops, ImageFilter

from semantic_memory.etl.ocr.lines import Box, around
from semantic_memory.etl.ocr.measures import dark_threshold, line_height, skew, speckle_share, speckles

Coefficients = tuple[float, float, float, float, float, float]
"""(a, b, c, d, e, f): the pixel (x, y) of the result is (ax + by + c, dx + ey + f) of the source; as in `Image.transform`."""

GOOD_LINE_HEIGHT = 24
"""Pixels from top to bottom of a line's letters that small lines are enlarged to: eleven points at 230 dpi. `python -m eval.ocr` reads
one word in five wrong at a third of it and gains nothing from more."""
SMALL_LINE_HEIGHT = 13
"""Lines from here on are left as they are: enlarging costs time, and dirt grows with the letters."""
LARGE_LINE_HEIGHT = 90
"""Lines above are scaled down: a poster, or a scan at 1200 dpi."""
MAX_ENLARGEMENT = 4.0
MAX_PIXELS = 20_000_000
"""Of a picture that is read: twice an A4 page at 300 dpi. Reading takes up to 2 CPU seconds per million."""
MIN_SKEW = 0.25
"""Degrees; below, Tesseract's own line finder follows. At 2.5 it loses half the page, without being less sure of the rest."""
MAX_SPECKLE_SHARE = 0.003
"""Share of all pixels that are dark and stand alone: pages drawn at 75 dpi have up to 0.002, pages with 2 % of noise 0.008."""
UNEVEN = 24
"""Grey levels between the darkest and the lightest paper of a page from which on its shades are evened out."""
SHADE_STEP, SHADE_REACH = 4, 9
"""The shade of the paper at a place is the lightest of the 9 x 9 squares around, each the mean of 4 x 4 pixels: that evens out noise and
finds the paper between the letters, whose strokes are narrower than 36 pixels."""
WHITE = 255


@dataclass(frozen=True, slots=True)
class Prepared:
    """A greyscale picture to read, and the way back to the pixels of the one it was made from."""

    image: Image.Image
    line_height: float | None
    """Of the text in `image`, in pixels; None where no lines were found."""
    back: Coefficients

    def original(self, box: Box) -> Box:
        """The smallest box in the given picture that holds `box`."""
        left, top, right, bottom = box
        a, b, c, d, e, f = self.back
        corners = [(a * x + b * y + c, d * x + e * y + f) for x in (left, right) for y in (top, bottom)]
        return around((x, y, x, y) for x, y in corners)

    def turned_left(self) -> "Prepared":
        """Turned by a quarter, against the clock: what ran down the page runs to the right."""
        a, b, c, d, e, f = self.back
        width = self.image.width
        back = (b, -a, a * width + c, e, -d, d * width + f)
        return Prepared(self.image.transpose(Image.Transpose.ROTATE_90), self.line_height, back)


def grey(image: Image.Image) -> Image.Image:
    """The picture in grey (mode L); what is transparent shows the white of paper, and deep grey uses the whole range."""
    if image.mode.startswith(("I", "F")):
        return _eight_bits(image)
    if image.has_transparency_data:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    return image.convert("L")


def _eight_bits(image: Image.Image) -> Image.Image:
    """From 16 or 32 bits, whose values above 255 a plain conversion would call white."""
    pixels = np.nan_to_num(np.asarray(image, np.float32))
    low, high = float(pixels.min()), float(pixels.max())
    return Image.fromarray(((pixels - low) * (WHITE / max(high - low, 1e-6))).astype(np.uint8))


def prepared(image: Image.Image) -> Prepared:
    """A greyscale picture made ready for an engine."""
    clean = _without_speckles(_evenly_lit(_dark_on_light(image)))
    pixels = np.asarray(clean)
    ink = pixels < dark_threshold(pixels)
    angle = skew(ink)
    angle = angle if abs(angle) >= MIN_SKEW else 0.0
    height = line_height(ink, angle)
    scale = _scale(height, clean.width * clean.height)
    back = _coefficients(clean.size, angle, scale)
    return Prepared(_resampled(clean, back, angle, scale), height and height * scale, back)


def _dark_on_light(image: Image.Image) -> Image.Image:
    """Light letters on a dark ground (a dark screen, a slide) become dark ones on a light ground."""
    return ImageChops.invert(image) if np.median(np.asarray(image)[::4, ::4]) < WHITE / 2 else image


def _evenly_lit(image: Image.Image) -> Image.Image:
    """The picture divided by the shade of its paper, where that differs from place to place."""
    shades = image.reduce(SHADE_STEP).filter(ImageFilter.MaxFilter(SHADE_REACH)).filter(ImageFilter.BoxBlur(SHADE_REACH))
    dark, light = np.percentile(np.asarray(shades), (5, 95))
    if light - dark < UNEVEN:
        return image
    shade = np.asarray(shades.resize(image.size, Image.Resampling.BILINEAR), np.float32)
    return Image.fromarray(np.minimum(np.asarray(image) * (WHITE / np.maximum(shade, 1)), WHITE).astype(np.uint8))


def _without_speckles(image: Image.Image) -> Image.Image:
    """Pixels that stand alone take the median of those around them, where they are too many to be part of letters."""
    pixels = np.asarray(image)
    ink = pixels < dark_threshold(pixels)
    if speckle_share(ink) < MAX_SPECKLE_SHARE:
        return image
    smooth = np.asarray(image.filter(ImageFilter.MedianFilter(3)))
    return Image.fromarray(np.where(speckles(ink), smooth, pixels))


def _scale(height: float | None, pixels: int) -> float:
    wanted = 1.0
    if height is not None and height < SMALL_LINE_HEIGHT:
        wanted = min(GOOD_LINE_HEIGHT / height, MAX_ENLARGEMENT)
    elif height is not None and height > LARGE_LINE_HEIGHT:
        wanted = 2 * GOOD_LINE_HEIGHT / height
    return min(wanted, math.sqrt(MAX_PIXELS / pixels))


def _coefficients(size: tuple[int, int], angle: float, scale: float) -> Coefficients:
    """The way back from a picture scaled by `scale` in which lines that fell by `angle` degrees are level; both share their middle."""
    cos, sin = math.cos(math.radians(angle)) / scale, math.sin(math.radians(angle)) / scale
    x, y = size[0] / 2, size[1] / 2
    return cos, -sin, x - scale * (cos * x - sin * y), sin, cos, y - scale * (sin * x + cos * y)


def _resampled(image: Image.Image, back: Coefficients, angle: float, scale: float) -> Image.Image:
    if angle == 0 and scale == 1:
        return image
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    if angle == 0 or scale < 1:  # `transform` leaves pixels out when it scales down
        image = image.resize(size, Image.Resampling.BICUBIC)
        return image if angle == 0 else image.rotate(angle, Image.Resampling.BICUBIC, fillcolor=WHITE)
    return image.transform(size, Image.Transform.AFFINE, back, Image.Resampling.BICUBIC, fillcolor=WHITE)

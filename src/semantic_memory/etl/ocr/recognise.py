"""The one door to OCR: prepares a picture, lets the engine of choice read it, asks the other one when the first is unsure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from semantic_memory.core.errors import ExtractionError, NeedsOcrError
from semantic_memory.etl.extract.format import ReadOptions
from semantic_memory.etl.ocr import cache, rapidocr, tesseract
from semantic_memory.etl.ocr.layout import paragraphs
from semantic_memory.etl.ocr.lines import ReadLine
from semantic_memory.etl.ocr.measures import dark_threshold, letter_rows
from semantic_memory.etl.ocr.preparation import GOOD_LINE_HEIGHT, Prepared, grey, prepared
from semantic_memory.etl.ocr.recognised import Recognised, Word

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["Recognised", "recognise"]

SURE = 0.94
"""Tesseract's mean confidence from which on its reading stands. `python -m eval.ocr`: pages above have at most 2 % of their words wrong;
pages below have 2 to 30 %, and RapidOCR leaves 1 to 3 % of them at two to three times the price."""
UNSURE = 0.6
"""Mean confidence below which a page may stand on its head, and below which its text is called uncertain."""
NOISE = 0.35
"""Mean confidence below which what Tesseract reads is the texture of a photograph; a page on its head has 0.30."""
DPI_OF_GOOD_LINES = 230
"""Resolution at which eleven-point lines have the good height; a guess for pictures that do not tell theirs."""


@dataclass(frozen=True, slots=True)
class _Reading:
    """Lines in the pixels of `picture.image`."""

    picture: Prepared
    engine: str
    lines: Sequence[ReadLine] = ()
    warnings: tuple[str, ...] = ()

    @property
    def letters(self) -> int:
        return sum(len(word.text) for line in self.lines for word in line.words)

    @property
    def confidence(self) -> float:
        return sum(word.confidence * len(word.text) for line in self.lines for word in line.words) / max(1, self.letters)

    def recognised(self) -> Recognised:
        return Recognised(tuple(self._words()), self.engine, self.warnings)

    def _words(self) -> Iterator[Word]:
        number = 0
        for place, paragraph in enumerate(paragraphs(self.lines)):
            for line in paragraph:
                for word in line.words:
                    yield Word(word.text, self.picture.original(word.box), word.confidence, number, place)
                number += 1


def recognise(image: "Image", options: ReadOptions, *, dpi: float | None) -> Recognised:
    """The text in a picture of any mode; `dpi` is its resolution, where that is known.

    A picture that was read before under the same options comes from `options.ocr_cache`.
    Raises: NeedsOcrError when OCR is off or no engine is installed; ExtractionTimeoutError, ExtractionError when the engine fails.
    """
    recognised = _cached(grey(image), options, _engines(options), dpi)
    options.page_done()
    return recognised


def _cached(picture: "Image", options: ReadOptions, engines: Sequence[str], dpi: float | None) -> Recognised:
    if not options.ocr_cache:
        return _read(prepared(picture), options, engines, dpi).recognised()
    folder = Path(options.ocr_cache)
    key = cache.key_of(picture, [*engines, *options.ocr_languages, tesseract.version(), rapidocr.version()])
    return cache.load(folder, key) or _kept(folder, key, _read(prepared(picture), options, engines, dpi).recognised())


def _engines(options: ReadOptions) -> list[str]:
    """The installed engines that may be used, first choice first."""
    if options.ocr_engine == "off":
        raise NeedsOcrError("the text is in pictures, and OCR is switched off")
    installed = {tesseract.ENGINE: tesseract.version(), rapidocr.ENGINE: rapidocr.version()}
    allowed = [engine for engine in installed if options.ocr_engine in {"auto", engine}]
    usable = [engine for engine in allowed if installed[engine]]
    if not usable:
        needed = {tesseract.ENGINE: "the program tesseract (Debian: tesseract-ocr)", rapidocr.ENGINE: "semantic-memory[ocr]"}
        raise NeedsOcrError(f"the text is in pictures; to read it, install {' or '.join(needed[engine] for engine in allowed)}")
    return usable


def _kept(folder: Path, key: str, recognised: Recognised) -> Recognised:
    try:
        cache.save(folder, key, recognised)
    except OSError as error:
        return replace(recognised, warnings=(*recognised.warnings, f"the recognised text could not be cached: {error.strerror}"))
    return recognised


def _read(picture: Prepared, options: ReadOptions, engines: Sequence[str], dpi: float | None) -> _Reading:
    if picture.line_height is None:  # nothing as high as a letter
        return _Reading(picture, engines[0])
    if engines == [rapidocr.ENGINE]:
        return _judged(_with_rapidocr(picture, options.ocr_languages))
    has_other = rapidocr.ENGINE in engines and rapidocr.can_read(options.ocr_languages)
    try:
        first = _with_tesseract(picture, options.ocr_languages, dpi)
    except ExtractionError as error:
        if not has_other:
            raise
        other = _with_rapidocr(picture, options.ocr_languages)
        return _judged(replace(other, warnings=(*other.warnings, f"read by RapidOCR because Tesseract failed: {error.message}")))
    is_sure = first.confidence >= SURE and not tesseract.warnings(options.ocr_languages)
    return _judged(_second_opinion(first, options.ocr_languages) if has_other and not is_sure else first)


def _with_tesseract(picture: Prepared, languages: Sequence[str], dpi: float | None) -> _Reading:
    """Read upright: the program reads lines that run down the page, but takes those that run up for lines on their head."""
    reading = _once_with_tesseract(picture, languages, dpi)
    if reading.lines and 2 * sum(line.height > line.box[2] - line.box[0] for line in reading.lines) > len(reading.lines):
        reading = _once_with_tesseract(reading.picture.turned_left(), languages, dpi)
    if reading.lines and reading.confidence < UNSURE:
        turned = _once_with_tesseract(reading.picture.turned_left().turned_left(), languages, dpi)
        reading = max(reading, turned, key=lambda one: one.confidence)
    return reading


def _once_with_tesseract(picture: Prepared, languages: Sequence[str], dpi: float | None) -> _Reading:
    """The height of the lines tells more about the resolution than the file, which for photographs and screenshots names any number."""
    seen = picture.line_height and DPI_OF_GOOD_LINES * picture.line_height / GOOD_LINE_HEIGHT
    lines = tesseract.read(picture.image, languages, seen or dpi or DPI_OF_GOOD_LINES)
    return _Reading(picture, tesseract.ENGINE, _tight(lines, picture), tesseract.warnings(languages))


def _with_rapidocr(picture: Prepared, languages: Sequence[str]) -> _Reading:
    unread = sorted(set(languages) - rapidocr.SCRIPTS)
    warnings = (f"RapidOCR does not know all letters of {', '.join(unread)}",) if unread else ()
    return _Reading(picture, rapidocr.ENGINE, _tight(rapidocr.read(picture.image), picture), warnings)


def _tight(lines: Sequence[ReadLine], picture: Prepared) -> list[ReadLine]:
    """The lines with boxes as high as their letters; RapidOCR adds white to them, and Tesseract does for blurred letters."""
    pixels = np.asarray(picture.image)
    ink = pixels < dark_threshold(pixels)
    return [line.between(*letter_rows(ink, line.box)) for line in lines]


def _second_opinion(first: _Reading, languages: Sequence[str]) -> _Reading:
    """RapidOCR's reading, unless it fails or misses half of what Tesseract is fairly sure of."""
    try:
        second = _with_rapidocr(first.picture, languages)
    except ExtractionError as error:
        return replace(first, warnings=(*first.warnings, f"there is no second opinion on unsure text: {error.message}"))
    return first if first.confidence >= UNSURE and 2 * second.letters < first.letters else second


def _judged(reading: _Reading) -> _Reading:
    """Without what is no text; with a warning when the text is uncertain."""
    if not reading.lines:
        return reading
    doubt = f"was read with little confidence ({reading.confidence:.2f})"
    if reading.confidence < NOISE:
        return replace(reading, lines=(), warnings=(*reading.warnings, f"what looks like text {doubt} and was left out"))
    if reading.confidence < UNSURE:
        return replace(reading, warnings=(*reading.warnings, f"the text {doubt}"))
    return reading

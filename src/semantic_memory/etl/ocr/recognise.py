"""The one door to OCR: which engine reads a picture, and what is done to the picture before."""

from typing import TYPE_CHECKING

from semantic_memory.core.errors import NeedsOcrError
from semantic_memory.etl.extract.format import ReadOptions
from semantic_memory.etl.ocr import tesseract
from semantic_memory.etl.ocr.recognised import Recognised

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["Recognised", "recognise"]


def recognise(image: "Image", options: ReadOptions, *, dpi: float | None) -> Recognised:
    """The text in a picture (any mode, upright or nearly so). `dpi` is its resolution where that is known.

    Raises: NeedsOcrError when OCR is off or no engine is installed; ExtractionTimeoutError, ExtractionError when the engine fails.
    """
    if options.ocr_engine == "off":
        raise NeedsOcrError("the text is in pictures, and OCR is switched off (OCR_ENGINE=off)")
    if not tesseract.is_installed():
        raise NeedsOcrError("the text is in pictures; install Tesseract (Debian: tesseract-ocr) or `semantic-memory[ocr]`")
    return tesseract.read(image.convert("L"), options.ocr_languages, round(dpi or 300))

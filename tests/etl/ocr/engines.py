"""Which engines this machine has; tests of the others are skipped, which pytest shows."""

import pytest

from semantic_memory.etl.ocr import rapidocr, tesseract

needs_tesseract = pytest.mark.skipif(not tesseract.version(), reason="the program tesseract is not installed")
needs_rapidocr = pytest.mark.skipif(not rapidocr.version(), reason="rapidocr is not installed (extra `ocr`)")

"""Pages as pictures, in the size and the place that the boxes of blocks refer to."""

import io
from collections.abc import Iterator
from pathlib import Path

from semantic_memory.core.model import PageImage
from semantic_memory.etl.pdf.document import opened

WIDTH = 1000
"""Pixels: readable on a screen, 20 to 90 kB a page."""
COLOURS = 256
"""A palette makes the file of a printed page 4 to 20 times smaller and is drawn in two thirds of the time."""
MAX_HEIGHT = 4000
"""Pixels; a roll of paper is drawn more coarsely."""


def page_images(file: Path, pages: range) -> Iterator[PageImage]:
    """Raises: PasswordRequiredError, CorruptFileError."""
    from PIL import Image

    with opened(file) as document:
        for number in document.numbers(pages):
            with document.page(number) as (_, frame):
                width, height = frame.width, frame.height
            scale = min(WIDTH / width, MAX_HEIGHT / height)
            buffer = io.BytesIO()
            document.picture(number, scale).quantize(COLOURS, method=Image.Quantize.FASTOCTREE).save(buffer, "PNG")
            yield PageImage(number, width, height, buffer.getvalue())

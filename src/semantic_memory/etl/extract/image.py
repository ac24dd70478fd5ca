"""Pictures: the text that is seen in them, read by `etl/ocr`. Of a TIFF every page, of an animation the first frame."""

import io
import struct
import warnings
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, cast

from semantic_memory.core.errors import CorruptFileError, EmptyDocumentError, ExtractionLimitError
from semantic_memory.core.model import BlockDraft, Extraction, PageImage
from semantic_memory.etl.extract.format import Format, ReadOptions

if TYPE_CHECKING:
    from PIL.Image import Image

READERS = {
    "image/png": "PNG",
    "image/jpeg": "JPEG",
    "image/gif": "GIF",
    "image/tiff": "TIFF",
    "image/bmp": "BMP",
    "image/webp": "WEBP",
}
"""Media type → Pillow's name of the one decoder that may read it; no other sees the bytes."""
PAGED = "image/tiff"
MAX_PIXELS = 40_000_000
"""Of one picture, from its header: A3 at 400 dpi, 160 MB in memory at four bytes each."""
MIN_SIDE = 64
"""Pixels; smaller pictures are icons and rules."""
SANE_DPI = (50, 2400)
"""Resolutions outside are placeholders."""
SCREEN_DPI = 96
"""What a picture is measured with that does not tell its resolution: the reference pixel of CSS."""
MAX_SHOWN_SIDE = 2000
"""Pixels of a page as it is shown."""
POINTS_PER_INCH = 72


def build(options: ReadOptions) -> Format:
    return ImageFormat(options)


class ImageFormat:
    media_types = frozenset(READERS)

    def __init__(self, options: ReadOptions) -> None:
        self._options = options

    def extract(self, file: Path, name: str, media_type: str) -> Extraction:  # noqa: ARG002  part of the contract
        """A block per paragraph that is seen, with page, box and words.

        Boxes are in points, measured as the picture stands upright: pixels times 72 and divided by its resolution, or by 96 where the file
        names none between 50 and 2400 dpi. Of the file's own metadata only its orientation is used; nothing of it is kept.
        Raises: CorruptFileError, ExtractionLimitError, NeedsOcrError; EmptyDocumentError when no text is seen.
        """
        blocks: list[BlockDraft] = []
        notes: list[str] = []
        number = 0
        with _opened(file, media_type) as image:
            for number, page in enumerate(_pages(image, media_type, self._options.max_pages), start=1):
                self._read_page(page, number, blocks, notes)
            notes.extend(_left_out(image, media_type, number))
        if not blocks:
            raise EmptyDocumentError("; ".join(["no text was found in the picture", *dict.fromkeys(notes)]))
        return Extraction(media_type, blocks, metadata={"pages": number}, warnings=tuple(dict.fromkeys(notes)))

    def page_images(self, file: Path, media_type: str, pages: range) -> Iterator[PageImage]:
        """As PNG of at most 2000 pixels per side; sizes in the points of the boxes."""
        with _opened(file, media_type) as image:
            for number, page in enumerate(_pages(image, media_type, pages.stop - 1), start=1):
                if number in pages:
                    yield _shown(page, number)

    def _read_page(self, page: "Image", number: int, blocks: list[BlockDraft], notes: list[str]) -> None:
        from semantic_memory.etl.ocr.recognise import recognise

        upright, dpi = _upright(page)
        if min(upright.size) < MIN_SIDE:
            notes.append(
                f"page {number} has {upright.width} x {upright.height} pixels; pictures below {MIN_SIDE} x {MIN_SIDE} are not read"
            )
            return
        recognised = recognise(upright, self._options, dpi=dpi)
        blocks.extend(recognised.blocks(number, POINTS_PER_INCH / (dpi or SCREEN_DPI)))
        notes.extend(recognised.warnings)


@contextmanager
def _opened(file: Path, media_type: str) -> Generator["Image"]:
    """The picture, of which only the header is read. Raises: CorruptFileError, ExtractionLimitError, here and while it is used."""
    from PIL import Image

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(file, formats=[READERS[media_type]]) as image:
                yield image
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise ExtractionLimitError(f"the picture is too large: {error}") from error
    except (OSError, EOFError, SyntaxError, ValueError, struct.error) as error:
        raise CorruptFileError(f"the picture cannot be decoded: {error}") from error


def _pages(image: "Image", media_type: str, most: int) -> Iterator["Image"]:
    """The same picture, at one page after the other; pages are decoded when their pixels are used."""
    for number in range(most if media_type == PAGED else 1):
        if number:
            try:
                image.seek(number)
            except EOFError:
                return
        if image.width * image.height > MAX_PIXELS:
            raise ExtractionLimitError(f"the picture has {image.width} x {image.height} pixels; at most {MAX_PIXELS} are read")
        yield image


def _left_out(image: "Image", media_type: str, read: int) -> Iterator[str]:
    frames = cast("int", getattr(image, "n_frames", 1))
    if frames > read and media_type == PAGED:
        yield f"only {read} of {frames} pages were read"
    elif frames > read and image.format != "MPO":  # a photograph with its own thumbnails
        yield f"an animation of {frames} frames: only the first was read"


def _upright(page: "Image") -> tuple["Image", float | None]:
    """The page as it is meant to be seen, with square pixels; and its resolution, if it has a sane one."""
    from PIL import ImageOps

    across, down = _resolution(page)
    if across is None or down is None:
        return ImageOps.exif_transpose(page), None
    dpi = max(across, down)
    if max(across, down) > 1.05 * min(across, down):  # a fax has 204 x 98
        page = _squared(page, dpi / across, dpi / down)
    return ImageOps.exif_transpose(page), dpi


def _squared(page: "Image", across: float, down: float) -> "Image":
    """With the orientation tag that resizing drops."""
    size = (round(page.width * across), round(page.height * down))
    if size[0] * size[1] > MAX_PIXELS:
        raise ExtractionLimitError(f"the picture has {size[0]} x {size[1]} square pixels; at most {MAX_PIXELS} are read")
    squared = page.convert("L").resize(size)
    squared.info["exif"] = page.getexif().tobytes()
    return squared


def _resolution(page: "Image") -> tuple[float, float] | tuple[None, None]:
    stated = cast("Sequence[float] | None", page.info.get("dpi"))
    if stated is None:
        return None, None
    low, high = SANE_DPI
    across, down = float(stated[0]), float(stated[1])
    return (across, down) if low <= across <= high and low <= down <= high else (None, None)


def _shown(page: "Image", number: int) -> PageImage:
    upright, dpi = _upright(page)
    scale = POINTS_PER_INCH / (dpi or SCREEN_DPI)
    width, height = upright.width * scale, upright.height * scale
    shown = upright.convert("RGB")
    shown.thumbnail((MAX_SHOWN_SIDE, MAX_SHOWN_SIDE))
    buffer = io.BytesIO()
    shown.save(buffer, "PNG")
    return PageImage(number, width, height, buffer.getvalue())

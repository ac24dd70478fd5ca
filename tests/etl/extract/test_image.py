"""Pictures as documents; FILE-08: hostile pictures are refused from their headers, and nothing of their metadata is kept."""

import io
import struct
import tempfile
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from semantic_memory.core.errors import (
    CorruptFileError,
    EmptyDocumentError,
    ExtractionError,
    ExtractionLimitError,
    InvalidInputError,
    NeedsOcrError,
)
from semantic_memory.core.model import Extraction, PageImage
from semantic_memory.etl.extract.format import ReadOptions
from semantic_memory.etl.extract.image import ImageFormat
from semantic_memory.etl.formats import Formats
from semantic_memory.etl.pool import WorkerPool
from semantic_memory.etl.protocol import Limits
from semantic_memory.etl.worker import Reader
from tests.etl.conftest import Write
from tests.etl.ocr.engines import needs_rapidocr, needs_tesseract
from tests.etl.ocr.pictures import LINES, picture

PAGE = picture(*LINES)
TEXT = " ".join(LINES)
ORIENTATION, GPS = 0x0112, 0x8825
OPTIONS = ReadOptions(ocr_engine="tesseract")


def saved(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


SMALL = {kind: saved(picture("text", size=20), kind) for kind in ("PNG", "GIF", "TIFF", "BMP", "WEBP", "JPEG")}
FORMATS = Formats()

ReadPicture = Callable[..., Extraction]


@pytest.fixture
def read_picture(write: Write, formats: Formats) -> ReadPicture:
    def read(content: bytes, options: ReadOptions = OPTIONS) -> Extraction:
        return Reader(formats, Limits(), options).extract(write("a-picture", content), "a-picture")

    return read


def png(width: int, height: int, *chunks: tuple[bytes, bytes]) -> bytes:
    """A one-bit PNG with this header, whatever its pixels are."""
    header = (b"IHDR", struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0))
    parts = [struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in (header, *chunks)]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def pages_of(image_format: ImageFormat, file: Path, media_type: str, pages: range) -> Sequence[PageImage]:
    return list(image_format.page_images(file, media_type, pages))


@needs_tesseract
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "TIFF", "BMP", "WEBP"])
def test_text_is_read_from_every_kind_of_picture(read_picture: ReadPicture, kind: str) -> None:
    extraction = read_picture(saved(PAGE, kind))

    assert " ".join(block.text for block in extraction.blocks) == TEXT
    assert (extraction.media_type, extraction.metadata, extraction.warnings) == (f"image/{kind.lower()}", {"pages": 1}, ())


@needs_tesseract
@pytest.mark.parametrize(("dpi", "scale"), [(144, 0.5), (None, 0.75), (1, 0.75)], ids=["stated", "unknown", "placeholder"])
def test_boxes_are_in_points(read_picture: ReadPicture, dpi: int | None, scale: float) -> None:
    extraction = read_picture(saved(PAGE, dpi=(dpi, dpi)) if dpi else saved(PAGE))

    (block,) = extraction.blocks
    left, top, _, _ = block.metadata["bbox"]
    assert (block.page, left, top) == (1, pytest.approx(60 * scale, abs=3), pytest.approx(64 * scale, abs=4))
    word, *box, confidence = block.metadata["words"][0]
    assert (word, box[:2]) == ("The", [left, pytest.approx(top, abs=4)])
    assert 0.8 < confidence <= 1
    assert block.metadata["ocr"]["engine"] == "tesseract"


@needs_tesseract
def test_pages_of_a_tiff_are_numbered(read_picture: ReadPicture) -> None:
    pages = [picture(f"This is the page number {number}.") for number in (1, 2)]

    extraction = read_picture(saved(pages[0], "TIFF", save_all=True, append_images=pages[1:]))

    assert [(block.page, block.text) for block in extraction.blocks] == [
        (1, "This is the page number 1."),
        (2, "This is the page number 2."),
    ]


@needs_tesseract
def test_pixels_that_are_not_square_are_made_so(read_picture: ReadPicture) -> None:
    page = picture(*LINES, size=40)
    fax = page.resize((page.width, page.height // 2))

    extraction = read_picture(saved(fax, "TIFF", dpi=(204, 102)))

    assert " ".join(block.text for block in extraction.blocks) == TEXT
    assert extraction.blocks[0].metadata["bbox"][1] == pytest.approx(66 * 72 / 204, abs=3)


@needs_tesseract
def test_a_word_processor_like_page_is_in_paragraphs(read_picture: ReadPicture) -> None:
    page = picture("THE FIRST PARAGRAPH", "that has two lines.", "", "And a second one, which", "has two lines as well.")

    assert [block.text for block in read_picture(saved(page)).blocks] == [
        "THE FIRST PARAGRAPH that has two lines.",
        "And a second one, which has two lines as well.",
    ]


def test_a_picture_without_text_is_empty(read_picture: ReadPicture) -> None:
    with pytest.raises((EmptyDocumentError, NeedsOcrError), match=r"no text was found|install"):
        read_picture(saved(Image.new("RGB", (300, 200), "navy")))


@pytest.mark.parametrize("size", [(63, 64), (64, 63), (1, 1), (400, 20)])
def test_icons_are_not_read(read_picture: ReadPicture, size: tuple[int, int]) -> None:
    with pytest.raises(EmptyDocumentError, match=f"{size[0]} x {size[1]} pixels; pictures below 64 x 64 are not read"):
        read_picture(saved(Image.new("L", size)), ReadOptions(ocr_engine="off"))


def test_switched_off_ocr_is_said(read_picture: ReadPicture) -> None:
    with pytest.raises(NeedsOcrError, match="switched off"):
        read_picture(saved(PAGE), ReadOptions(ocr_engine="off"))


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "TIFF", "BMP", "WEBP"])
def test_damaged_pictures_are_corrupt(read_picture: ReadPicture, kind: str) -> None:
    content = saved(PAGE, kind)

    with pytest.raises(CorruptFileError):
        read_picture(content[: len(content) // 2])


@given(kind=st.sampled_from(["PNG", "GIF", "TIFF", "BMP", "WEBP", "JPEG"]), place=st.floats(0, 1), noise=st.binary(min_size=1, max_size=40))
@settings(max_examples=100, deadline=None)
def test_file_18_whatever_is_damaged_ends_in_an_error_of_ours(kind: str, place: float, noise: bytes) -> None:
    content = bytearray(SMALL[kind])
    start = 16 + int(place * (len(content) - 16))  # behind what names the kind
    content[start : start + len(noise)] = noise
    with tempfile.NamedTemporaryFile() as file:
        Path(file.name).write_bytes(content)

        with pytest.raises((ExtractionError, InvalidInputError)):
            Reader(FORMATS, Limits(), ReadOptions(ocr_engine="off")).extract(Path(file.name), "a")


def test_page_images_are_measured_in_the_points_of_the_boxes(write: Write) -> None:
    pages = [PAGE.resize((300, 150)), PAGE.resize((3000, 1500))]
    file = write("a.tiff", saved(pages[0], "TIFF", save_all=True, append_images=pages[1:], dpi=(144, 144)))

    first, second = pages_of(ImageFormat(OPTIONS), file, "image/tiff", range(1, 9))

    assert (first.page, first.width, first.height) == (1, 150, 75)
    assert (second.page, second.width, second.height) == (2, 1500, 750)
    assert Image.open(io.BytesIO(second.png)).size == (2000, 1000)
    assert [page.page for page in pages_of(ImageFormat(OPTIONS), file, "image/tiff", range(2, 3))] == [2]


@pytest.mark.parametrize("size", [(50_000, 50_000), (1, 1_000_000_000), (8_000, 8_000)], ids=str)
def test_file_08_a_flood_of_pixels_is_refused_from_the_header(read_picture: ReadPicture, size: tuple[int, int]) -> None:
    with pytest.raises(ExtractionLimitError, match="pixels"):
        read_picture(png(*size, (b"IDAT", zlib.compress(b"\x00" * 100)), (b"IEND", b"")))


@needs_tesseract
def test_file_08_a_large_page_behind_a_small_one_is_refused(read_picture: ReadPicture) -> None:
    small, large = Image.new("1", (100, 100)), Image.new("1", (8_000, 8_000))

    with pytest.raises(ExtractionLimitError, match="8000 x 8000 pixels"):
        read_picture(saved(small, "TIFF", save_all=True, append_images=[large], compression="group4"), OPTIONS)


def test_file_08_pixels_made_square_count_too(read_picture: ReadPicture) -> None:
    with pytest.raises(ExtractionLimitError, match="square pixels"):
        read_picture(saved(Image.new("1", (10_000, 1_000)), "TIFF", dpi=(2400, 60), compression="group4"))


@needs_tesseract
def test_file_08_of_an_animation_with_many_frames_only_the_first_is_decoded(read_picture: ReadPicture) -> None:
    rows = b"".join(b"\x00" + row for row in _one_bit_rows(PAGE))
    control = (b"acTL", struct.pack(">II", 10_000, 0))
    frame = (b"fcTL", struct.pack(">IIIIIHHBB", 0, PAGE.width, PAGE.height, 0, 0, 1, 100, 0, 0))

    extraction = read_picture(png(PAGE.width, PAGE.height, control, frame, (b"IDAT", zlib.compress(rows)), (b"IEND", b"")))

    assert " ".join(block.text for block in extraction.blocks) == TEXT
    assert extraction.warnings == ("an animation of 10000 frames: only the first was read",)


def _one_bit_rows(image: Image.Image) -> list[bytes]:
    bits = image.convert("1", dither=Image.Dither.NONE)
    width = (image.width + 7) // 8
    return [bits.tobytes()[row * width : (row + 1) * width] for row in range(image.height)]


@needs_tesseract
def test_file_08_a_looping_gif_ends(read_picture: ReadPicture) -> None:
    frames = [PAGE, Image.new("L", PAGE.size, 255)]

    extraction = read_picture(saved(frames[0], "GIF", save_all=True, append_images=frames[1:], loop=0, duration=10))

    assert " ".join(block.text for block in extraction.blocks) == TEXT
    assert extraction.warnings == ("an animation of 2 frames: only the first was read",)


@needs_tesseract
def test_file_08_of_a_tiff_with_a_thousand_pages_the_allowed_ones_are_read(read_picture: ReadPicture) -> None:
    pages = [PAGE, *[Image.new("L", (64, 64), 255)] * 999]

    extraction = read_picture(saved(pages[0], "TIFF", save_all=True, append_images=pages[1:]), ReadOptions(max_pages=20))

    assert extraction.metadata == {"pages": 20}
    assert extraction.warnings == ("only 20 of 1000 pages were read",)


@needs_tesseract
def test_file_08_the_orientation_is_applied_and_the_place_is_dropped(read_picture: ReadPicture) -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = 6  # to be shown turned to the right by a quarter
    exif[0x010E] = "a description with a secret place"
    exif.get_ifd(GPS).update({1: "N", 2: (52.0, 31.0, 12.0), 29: "2024:05:17"})
    sideways = PAGE.transpose(Image.Transpose.ROTATE_90)

    extraction = read_picture(saved(sideways, "JPEG", exif=exif, quality=95, dpi=(96, 96)))

    assert " ".join(block.text for block in extraction.blocks) == TEXT
    assert extraction.blocks[0].metadata["bbox"][:2] == [pytest.approx(45, abs=3), pytest.approx(48, abs=4)]
    assert "secret" not in repr(extraction)
    assert "2024:05:17" not in repr(extraction)


@needs_tesseract
async def test_pictures_are_read_within_the_limits_of_a_worker_and_only_once(write: Write, tmp_path: Path) -> None:
    file = write("a.png", saved(PAGE.resize((2400, 1200)), dpi=(300, 300)))
    pool = WorkerPool(1, Limits(timeout_s=60, memory_mb=1024), (), OPTIONS, tmp_path / "cache")

    first = await pool.extract(file, name="a.png", tenant="one")
    again = await pool.extract(file, name="b.png", tenant="one")
    other = await pool.extract(file, name="a.png", tenant="two")
    await pool.close()

    assert " ".join(block.text for block in first.blocks) == TEXT
    assert again.blocks == first.blocks == other.blocks
    assert sorted(len(list(folder.iterdir())) for folder in (tmp_path / "cache").iterdir()) == [1, 1]


@needs_rapidocr
@pytest.mark.slow
async def test_rapidocr_reads_a_large_page_within_the_limits_of_a_worker(write: Write) -> None:
    file = write("a.png", saved(picture(*LINES * 4, size=50)))
    pool = WorkerPool(1, Limits(), (), ReadOptions(ocr_engine="rapidocr"))

    extraction = await pool.extract(file, name="a.png")
    await pool.close()

    assert " ".join(block.text for block in extraction.blocks) == " ".join(LINES * 4)

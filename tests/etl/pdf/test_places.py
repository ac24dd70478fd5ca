"""Boxes fit the pictures of their pages, whatever boxes and turns the pages have."""

import io
from pathlib import Path

import pytest
from PIL import Image

from semantic_memory.etl.extract.format import PdfTier, ReadOptions
from semantic_memory.etl.extract.pdf import PdfFormat
from semantic_memory.etl.pdf.drawing import WIDTH
from tests.etl.conftest import Write
from tests.etl.extract.test_pdf import raw_pdf

PLACED = b"BT /F 24 Tf 100 100 Td (Barometer readings) Tj ET"
CROPPED = b"/MediaBox[-20 -30 600 800]/CropBox[50 60 450 560]"


def turned(turn: int, boxes: bytes) -> bytes:
    page = b"<</Type/Page/Parent 2 0 R/Rotate %d%s/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>>>" % (turn, boxes)
    content = b"<</Length %d>>stream\n%s\nendstream" % (len(PLACED), PLACED)
    font = b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"
    return raw_pdf(b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[3 0 R]/Count 1>>", page, content, font)


def ink(png: bytes) -> tuple[int, int, int, int]:
    picture = Image.open(io.BytesIO(png)).convert("L")
    box = picture.point([255] * 128 + [0] * 128).getbbox()
    assert box is not None
    return box


def bbox(file: Path, tier: PdfTier) -> list[float]:
    (block,) = PdfFormat(ReadOptions(pdf_tier=tier)).extract(file, "a.pdf", "application/pdf").blocks
    return block.metadata["bbox"]  # type: ignore[return-value]  # a list of four numbers


@pytest.mark.parametrize("boxes", [b"/MediaBox[0 0 595 842]", CROPPED], ids=["plain", "cropped"])
@pytest.mark.parametrize("turn", [0, 90, 180, 270])
def test_the_box_of_the_text_is_where_its_ink_is(write: Write, turn: int, boxes: bytes) -> None:
    file = write("a.pdf", turned(turn, boxes))

    (image,) = PdfFormat(ReadOptions()).page_images(file, "application/pdf", range(1, 5))
    scale = Image.open(io.BytesIO(image.png)).width / image.width
    x0, y0, x1, y1 = (edge / scale for edge in ink(image.png))
    left, top, right, bottom = bbox(file, "fast")

    assert abs(scale * image.width - WIDTH) < 2
    assert left - 3 <= x0 <= x1 <= right + 3
    assert top - 3 <= y0 <= y1 <= bottom + 3
    assert (right - left) * (bottom - top) < 2.5 * (x1 - x0) * (y1 - y0)


@pytest.mark.slow
@pytest.mark.parametrize("turn", [0, 90])
def test_the_layout_tier_has_the_same_boxes(write: Write, turn: int) -> None:
    pytest.importorskip("pymupdf4llm")
    file = write("a.pdf", turned(turn, CROPPED))

    assert bbox(file, "layout") == pytest.approx(bbox(file, "fast"), abs=1)

import asyncio
import io
from collections.abc import Callable, Sequence

import pytest
from PIL import Image
from reportlab.lib import colors
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Table

from semantic_memory.core.errors import CorruptFileError, EmptyDocumentError, ExtractionError, NeedsOcrError, PasswordRequiredError
from semantic_memory.core.model import BlockType, Extraction
from semantic_memory.etl.extract.format import ReadOptions
from semantic_memory.etl.extract.pdf import PdfFormat
from semantic_memory.etl.formats import Formats
from semantic_memory.etl.pool import WorkerPool
from semantic_memory.etl.protocol import Limits
from semantic_memory.etl.worker import Reader
from tests.etl.conftest import Read, Write

PAGE = (595, 842)
LINES = ["The barometer is read every morning at nine and", "its value is written into the log of the station."]


def pdf(*pages: Callable[[Canvas], object], **options: str) -> bytes:
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=PAGE, **options)
    for draw in pages:
        draw(canvas)
        canvas.showPage()
    canvas.save()
    return buffer.getvalue()


def text(lines: Sequence[str], *, y: float = 700, font: str = "Helvetica", size: float = 11) -> Callable[[Canvas], None]:
    def draw(canvas: Canvas) -> None:
        canvas.setFont(font, size)
        for number, line in enumerate(lines):
            canvas.drawString(72, y - number * size * 1.2, line)

    return draw


def together(*parts: Callable[[Canvas], None]) -> Callable[[Canvas], None]:
    def draw(canvas: Canvas) -> None:
        for part in parts:
            part(canvas)

    return draw


def table(rows: list[list[str]], *, y: float = 500) -> Callable[[Canvas], None]:
    def draw(canvas: Canvas) -> None:
        drawn = Table(rows, style=[("GRID", (0, 0), (-1, -1), 1, colors.black)])
        drawn.wrapOn(canvas, 400, 400)
        drawn.drawOn(canvas, 72, y)

    return draw


def scan(canvas: Canvas) -> None:
    canvas.drawImage(ImageReader(Image.new("RGB", (600, 800), "grey")), 0, 0, *PAGE)


def raw_pdf(*objects: bytes) -> bytes:
    """Objects numbered from 1 with a right cross-reference table; the first is the catalogue."""
    out, offsets = b"%PDF-1.4\n", list[int]()
    for number, content in enumerate(objects, start=1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    size = len(objects) + 1
    return out + b"xref\n0 %d\n0000000000 65535 f \n%strailer <</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % (
        size,
        table,
        size,
        len(out),
    )


def test_paragraphs_know_their_page_and_box(read: Read) -> None:
    extraction = read("a.pdf", pdf(text(LINES), text(["Second page with another sentence on it."])))

    first, second = extraction.blocks
    assert (first.text, first.page, second.page) == (" ".join(LINES), 1, 2)
    left, top, right, bottom = first.metadata["bbox"]
    assert left == pytest.approx(72, abs=2)
    assert top == pytest.approx(842 - 700 - 11, abs=4)
    assert 250 < right < PAGE[0]
    assert bottom == pytest.approx(842 - 700 + 15, abs=4)
    assert extraction.metadata == {"pages": 2, "tiers": {"fast": 2, "layout": 0, "ocr": 0}}


def test_headings_have_levels_and_the_first_top_one_is_the_title(read: Read) -> None:
    page = together(
        text(["Station manual"], y=780, font="Helvetica-Bold", size=22),
        text(["Reading the barometer"], y=730, font="Helvetica-Bold", size=15),
        text(LINES * 3),
    )

    extraction = read("a.pdf", pdf(page))

    headings = [(block.text, block.metadata["level"]) for block in extraction.blocks if block.type is BlockType.HEADING]
    assert headings == [("Station manual", 1), ("Reading the barometer", 2)]
    assert extraction.title == "Station manual"


def test_tables_have_rows_and_a_rendering(read: Read) -> None:
    extraction = read("a.pdf", pdf(together(text(LINES), table([["Name", "Count"], ["bolt", "12"], ["nut", "7"]]))))

    (found,) = [block for block in extraction.blocks if block.type is BlockType.TABLE]
    assert (found.metadata["rows"], found.metadata["header_rows"]) == ([["Name", "Count"], ["bolt", "12"], ["nut", "7"]], 1)
    assert found.text == "| Name | Count |\n| --- | --- |\n| bolt | 12 |\n| nut | 7 |"


def test_list_items_of_a_page_are_one_list(read: Read) -> None:
    extraction = read("a.pdf", pdf(text(["• first thing", "• second thing", "1. numbered", "2. again"])))

    (block,) = extraction.blocks
    assert block.text == "- first thing\n- second thing\n1. numbered\n2. again"


def test_code_keeps_its_indentation(read: Read) -> None:
    code = ["def f(x):", "    if x:", "        return 1", "    return *args"]
    extraction = read("a.pdf", pdf(together(text(LINES), text(code, y=600, font="Courier", size=10))))

    assert [block.text for block in extraction.blocks if block.type is BlockType.CODE] == ["\n".join(code)]


def test_signs_of_markdown_in_the_text_stay_as_printed(read: Read) -> None:
    line = r"Use __init__ and *args in C:\temp\*.txt, as the manual says it should be."

    assert read("a.pdf", pdf(text([line]))).blocks[0].text == line


def test_running_headers_are_left_out_and_broken_words_are_joined(read: Read) -> None:
    header = text(["Larkfield Instruments, internal"], y=810, size=9)
    body = [f"Sentence number {number} of a page that tells about the cali-" for number in range(8)]
    pages = [together(header, text([f"Page topic {page}", *body, "bration laboratory."])) for page in range(4)]

    shown = " ".join(block.text for block in read("a.pdf", pdf(*pages)).blocks)

    assert "Larkfield" not in shown
    assert "calibration laboratory" in shown


def test_prose_gets_a_language(read: Read) -> None:
    extraction = read("a.pdf", pdf(text(["Der schnelle braune Fuchs springt jeden Morgen", "am Fluss entlang und wartet auf den Hund."])))

    assert extraction.blocks[0].language == "de"


def test_the_file_needs_no_extension(write: Write, formats: Formats) -> None:
    file = write("0a1b2c", pdf(text(LINES)))

    assert Reader(formats, Limits(), ReadOptions()).extract(file, "a.pdf").blocks[0].text == " ".join(LINES)


def read_with(options: ReadOptions, write: Write, content: bytes) -> Extraction:
    return PdfFormat(options).extract(write("a.pdf", content), "a.pdf", "application/pdf")


def test_a_scan_without_ocr_says_what_it_needs(write: Write) -> None:
    with pytest.raises(NeedsOcrError):
        read_with(ReadOptions(ocr_engine="off"), write, pdf(scan))


def test_scanned_pages_among_others_are_a_warning(write: Write) -> None:
    extraction = read_with(ReadOptions(ocr_engine="off"), write, pdf(text(LINES), scan))

    assert [warning[:27] for warning in extraction.warnings] == ["without text are page 2: th"]


def test_a_picture_in_which_no_text_is_found_is_a_warning(read: Read) -> None:
    assert any("page 2" in warning for warning in read("a.pdf", pdf(text(LINES), scan)).warnings)


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (pdf(text(LINES), encrypt="secret"), PasswordRequiredError),
        (pdf(text(LINES))[:400], CorruptFileError),
        (b"%PDF-1.7\n" + bytes(range(256)) * 10, CorruptFileError),
        (pdf(lambda canvas: None), EmptyDocumentError),
        (raw_pdf(b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[2 0 R]/Count 1>>"), EmptyDocumentError),
    ],
    ids=["password", "cut", "junk", "blank page", "page tree without end"],
)
def test_unreadable_files_say_why(read: Read, content: bytes, error: type[Exception]) -> None:
    with pytest.raises(error):
        read("a.pdf", content)


def test_a_broken_page_among_good_ones_is_a_warning(read: Read) -> None:
    page = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>>>"
    content = b"<</Length 51>>stream\nBT /F 12 Tf 72 700 Td (One page of two is here.) Tj ET \nendstream"
    font = b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"
    kids = b"<</Type/Pages/Kids[3 0 R 9 0 R]/Count 2>>"

    extraction = read("a.pdf", raw_pdf(b"<</Type/Catalog/Pages 2 0 R>>", kids, page, content, font))

    assert [block.text for block in extraction.blocks] == ["One page of two is here."]
    assert len(extraction.warnings) == 1


async def test_a_form_that_draws_itself_costs_one_file_and_no_other(write: Write) -> None:
    """About 550 bytes on which PDFium never returns and takes all memory."""
    page = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Contents 4 0 R/Resources<</XObject<</F 5 0 R>>>>>>"
    form = b"<</Type/XObject/Subtype/Form/BBox[0 0 9 9]/Resources<</XObject<</F 5 0 R>>>>/Length 11>>stream\n/F Do /F Do\nendstream"
    content = b"<</Length 5>>stream\n/F Do\nendstream"
    loop = raw_pdf(b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[3 0 R]/Count 1>>", page, content, form)
    pool = WorkerPool(2, Limits(timeout_s=20, memory_mb=400))

    hostile, sibling = await asyncio.gather(
        pool.extract(write("loop.pdf", loop), name="loop.pdf"),
        pool.extract(write("fine.pdf", pdf(text(LINES))), name="fine.pdf"),
        return_exceptions=True,
    )
    await pool.close()

    assert isinstance(hostile, ExtractionError)
    assert not isinstance(sibling, BaseException)

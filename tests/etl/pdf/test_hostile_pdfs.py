"""FILE-03, 04, 06 and 07 for PDFs: each file gives a typed error or a result within the limits, and the next file is read."""

import random
import zlib
from collections.abc import AsyncIterator

import pytest

from semantic_memory.core.errors import EmptyDocumentError, ExtractionError, SemanticMemoryError
from semantic_memory.core.model import Extraction
from semantic_memory.etl.extract.format import ReadOptions
from semantic_memory.etl.pool import WorkerPool
from semantic_memory.etl.protocol import Limits
from tests.etl.conftest import Write
from tests.etl.extract.test_pdf import LINES, pdf, raw_pdf, text

CATALOGUE = b"<</Type/Catalog/Pages 2 0 R>>"
ONE_PAGE = b"<</Type/Pages/Kids[3 0 R]/Count 1>>"
FONT = b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"
WORDS = b"BT /F 12 Tf 72 700 Td (The barometer is read at nine.) Tj ET"
MEGABYTE = 1_000_000


def stream(content: bytes, extra: bytes = b"") -> bytes:
    return b"<</Length %d%s>>stream\n%s\nendstream" % (len(content), extra, content)


def page(resources: bytes = b"/Font<</F 5 0 R>>", extra: bytes = b"") -> bytes:
    return b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<<%s>>%s>>" % (resources, extra)


def printed(content: bytes = WORDS, filters: bytes = b"", catalogue: bytes = CATALOGUE, extra: bytes = b"", *more: bytes) -> bytes:
    return raw_pdf(catalogue, ONE_PAGE, page(extra=extra), stream(content, filters), FONT, *more)


def forms(depth: int) -> bytes:
    """Each form draws the next one twice; the last one draws itself when there is only one."""
    inner = [
        stream(b"/X Do /X Do", b"/Type/XObject/Subtype/Form/BBox[0 0 9 9]/Resources<</XObject<</X %d 0 R>>>>" % min(number + 6, depth + 4))
        for number in range(depth)
    ]
    return raw_pdf(CATALOGUE, ONE_PAGE, page(b"/XObject<</X 5 0 R>>"), stream(b"/X Do"), *inner)


def run_lengths(chain: int) -> bytes:
    """Byte 129 says "the next byte 128 times": two of them are 64 times as long after each pass, gigabytes after five."""
    return printed(bytes([129, 129]), b"/Filter[" + b"/RunLengthDecode" * chain + b"]")


BOMB = zlib.compress(b" " * 200 * MEGABYTE + WORDS, 9)
JBIG2 = stream(
    bytes(range(256)) * 4,
    b"/Type/XObject/Subtype/Image/Width 60000/Height 60000/BitsPerComponent 1/ColorSpace/DeviceGray/Filter/JBIG2Decode",
)
FILES = {
    "06 a form that draws itself": raw_pdf(
        CATALOGUE,
        ONE_PAGE,
        page(b"/XObject<</X 5 0 R>>"),
        stream(b"/X Do"),
        stream(b"/X Do /X Do", b"/Type/XObject/Subtype/Form/BBox[0 0 9 9]/Resources<</XObject<</X 5 0 R>>>>"),
    ),
    "06 24 levels of forms": forms(24),
    "06 a chain of run lengths": run_lengths(12),
    "06 JBIG2 of garbage": raw_pdf(CATALOGUE, ONE_PAGE, page(b"/XObject<</X 5 0 R>>"), stream(b"595 0 0 842 0 0 cm /X Do"), JBIG2),
    "06 Flate of one to a thousand": printed(BOMB, b"/Filter/FlateDecode"),
    "06 a count that lies": raw_pdf(CATALOGUE, b"<</Type/Pages/Kids[3 0 R]/Count 2000000000>>", page(), stream(WORDS), FONT),
    "06 pages that are their own kids": raw_pdf(CATALOGUE, b"<</Type/Pages/Kids[2 0 R 3 0 R]/Count 2>>", page(), stream(WORDS), FONT),
    "06 a hundred thousand pages": raw_pdf(
        CATALOGUE, b"<</Type/Pages/Kids[%s]/Count 100000>>" % (b"3 0 R " * 100_000), page(), stream(WORDS), FONT
    ),
    "06 a cross-reference table that names itself": pdf(text(LINES)).replace(b"/Root", b"/Prev 9 /Root"),
    "06 deep arrays": printed(b"[" * 10_000 + WORDS),
    "06 a million letters": printed(b"BT /F 1 Tf 1 1 Td (" + b"A " * MEGABYTE + b") Tj ET"),
    "04 cut in half": pdf(text(LINES))[:500],
    "04 random bytes": b"%PDF-1.7\n" + random.Random(1).randbytes(50_000),
    "04 a password": pdf(text(LINES), encrypt="secret"),
    "04 junk before the header": b"x" * 1000 + pdf(text(LINES)),
}


@pytest.fixture
async def guarded() -> AsyncIterator[WorkerPool]:
    pool = WorkerPool(1, Limits(timeout_s=12, memory_mb=1024), reading=ReadOptions(max_pages=200, ocr_engine="off"))
    yield pool
    await pool.close()


@pytest.mark.slow
@pytest.mark.parametrize("name", FILES)
async def test_file_06_hostile_files_end_in_time_and_harm_no_other(guarded: WorkerPool, write: Write, name: str) -> None:
    try:
        found: Extraction | SemanticMemoryError = await guarded.extract(write("bad.pdf", FILES[name]), name="bad.pdf")
    except (ExtractionError, EmptyDocumentError) as error:
        found = error
    sibling = await guarded.extract(write("good.pdf", pdf(text(LINES))), name="good.pdf")

    assert isinstance(found, ExtractionError | EmptyDocumentError) or len(found.blocks) <= 200
    assert sibling.blocks[0].text == " ".join(LINES)


@pytest.mark.parametrize(
    "action",
    [
        b"<</S/JavaScript/JS(app.alert(1);this.submitForm('http://127.0.0.1:9/x'))>>",
        b"<</S/Launch/F(/bin/touch)/P(/tmp/launched)>>",
        b"<</S/URI/URI(http://127.0.0.1:9/x)>>",
    ],
    ids=["script", "launch", "address"],
)
async def test_file_07_actions_are_never_carried_out(guarded: WorkerPool, write: Write, action: bytes) -> None:
    catalogue = b"<</Type/Catalog/Pages 2 0 R/OpenAction %s>>" % action

    extraction = await guarded.extract(write("a.pdf", printed(WORDS, b"", catalogue, b"/AA<</O %s>>" % action)), name="a.pdf")

    assert [block.text for block in extraction.blocks] == ["The barometer is read at nine."]

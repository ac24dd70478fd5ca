import io
import zipfile
from collections.abc import Callable

import docx
import pytest
from docx.document import Document
from PIL import Image

from semantic_memory.core.errors import CorruptFileError, EmptyDocumentError, ExtractionError, ExtractionLimitError, PasswordRequiredError
from semantic_memory.core.model import BlockType, Extraction
from semantic_memory.etl.pool import WorkerPool
from tests.etl.conftest import Read, Write

WORD = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
RELATIONS = (
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r" Target="word/document.xml"'
    ' Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"/></Relationships>'
)


@pytest.fixture
def read_docx(read: Read) -> Callable[[Callable[[Document], object]], Extraction]:
    """Builds a document with python-docx and extracts it."""

    def build(fill: Callable[[Document], object]) -> Extraction:
        document = docx.Document()
        fill(document)
        buffer = io.BytesIO()
        document.save(buffer)
        return read("a.docx", buffer.getvalue())

    return build


def package(body: str, **members: str) -> bytes:
    """The least that is a Word file, around the XML of its body; `__` in a member's name stands for a slash, `_` for a dot."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("_rels/.rels", RELATIONS)
        archive.writestr("word/document.xml", body)
        for name, content in members.items():
            archive.writestr(name.replace("__", "/").replace("_", "."), content)
    return buffer.getvalue()


def document(paragraphs: str, prolog: str = "") -> str:
    return f"<?xml version='1.0'?>{prolog}<w:document {WORD}><w:body>{paragraphs}</w:body></w:document>"


def test_headings_lists_and_tables_are_kept_in_order(read_docx) -> None:
    def fill(document: Document) -> None:
        document.add_heading("Title", 0)
        document.add_heading("Part", 2)
        document.add_paragraph("Text.")
        document.add_paragraph("one", style="List Bullet")
        document.add_paragraph("two", style="List Bullet")
        document.add_paragraph("said", style="Quote")
        table = document.add_table(2, 2)
        for cell, text in zip(table._cells, ["Name", "Count", "bolts", "12"], strict=True):
            cell.text = text

    blocks = read_docx(fill).blocks

    assert [(block.type.value, block.text) for block in blocks] == [
        ("heading", "Title"),
        ("heading", "Part"),
        ("paragraph", "Text."),
        ("list", "- one\n- two"),
        ("paragraph", "said"),
        ("table", "| Name | Count |\n| --- | --- |\n| bolts | 12 |"),
    ]
    assert [blocks[0].metadata["level"], blocks[1].metadata["level"], blocks[4].metadata["original_type"]] == [1, 2, "quote"]
    assert blocks[5].metadata["header_rows"] == 1


def test_merged_cells_and_hyperlinks_and_tracked_insertions_are_kept(read: Read) -> None:
    cells = '<w:tr><w:tc><w:tcPr><w:gridSpan w:val="2"/></w:tcPr><w:p><w:r><w:t>wide</w:t></w:r></w:p></w:tc></w:tr>'
    row = "<w:tr>" + "".join(f"<w:tc><w:p><w:r><w:t>{text}</w:t></w:r></w:p></w:tc>" for text in "ab") + "</w:tr>"
    inserted = "<w:p><w:ins><w:r><w:t>in</w:t></w:r></w:ins><w:del><w:r><w:delText>out</w:delText></w:r></w:del></w:p>"
    blocks = read("a.docx", package(document(f"<w:tbl>{cells}{row}</w:tbl>{inserted}"))).blocks

    assert blocks[0].metadata["rows"] == [["wide", ""], ["a", "b"]]
    assert blocks[1].text == "in"


def test_properties_become_metadata_and_the_title(read_docx) -> None:
    def fill(document: Document) -> None:
        document.core_properties.title = "The title"
        document.core_properties.author = "Ada"
        document.add_heading("A heading")

    extraction = read_docx(fill)

    assert extraction.title == "The title"
    assert extraction.metadata["creator"] == "Ada"


def test_a_picture_gives_its_description_only(read_docx) -> None:
    picture = io.BytesIO()
    Image.new("RGB", (80, 80)).save(picture, "PNG")

    def fill(document: Document) -> None:
        shape = document.add_picture(picture)
        shape._inline.docPr.set("descr", "a plan of the house")

    (image,) = read_docx(fill).blocks

    assert (image.type, image.text, "src" in image.metadata) == (BlockType.IMAGE, "a plan of the house", False)


def test_a_document_without_text_is_empty(read_docx) -> None:
    with pytest.raises(EmptyDocumentError):
        read_docx(lambda document: None)


PARAGRAPH = "<w:p><w:r><w:t>x</w:t></w:r></w:p>"


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (package(document(PARAGRAPH * 50_001)), ExtractionLimitError),
        (package(document(PARAGRAPH * 50_001).encode("utf-16").decode("utf-16"), word__other_xml="x"), ExtractionLimitError),
        (package(document("<w:p><w:r><w:t>" + "x" * 60_000_000 + "</w:t></w:r></w:p>")), ExtractionLimitError),
        (package(document("", '<!DOCTYPE d [<!ENTITY e SYSTEM "file:///etc/passwd">]>')), CorruptFileError),
        (package(document(PARAGRAPH), word__styles_xml='<!DOCTYPE lolz [<!ENTITY a "b">]><x/>'), CorruptFileError),
        (package("<not xml"), CorruptFileError),
        (package(document(PARAGRAPH), docProps__core_xml="<not xml"), CorruptFileError),
        (package(document(PARAGRAPH), **{f"m{number}_x": "" for number in range(10_001)}), ExtractionLimitError),
    ],
    ids=["paragraphs", "paragraphs and a part", "bomb", "external entity", "entity in a part", "no xml", "bad properties", "members"],
)
def test_hostile_packages_are_typed_errors(read: Read, content: bytes, error: type[ExtractionError]) -> None:
    with pytest.raises(error):
        read("a.docx", content)


def test_a_part_that_is_larger_than_its_directory_says_is_counted(read: Read) -> None:
    content = bytearray(package(document(PARAGRAPH * 1000)))
    position = content.rindex(b"PK\x01\x02", 0, content.rindex(b"word/document.xml"))
    content[position + 24 : position + 28] = (10).to_bytes(4, "little")

    with pytest.raises(ExtractionError):
        read("a.docx", bytes(content))


def test_an_encrypted_member_asks_for_a_password(read: Read) -> None:
    content = bytearray(package(document(PARAGRAPH)))
    position = content.rindex(b"PK\x01\x02", 0, content.rindex(b"word/document.xml"))
    content[position + 8] |= 1

    with pytest.raises(PasswordRequiredError):
        read("a.docx", bytes(content))


async def test_nesting_without_end_is_a_limit_and_the_next_file_is_read(pool: WorkerPool, write: Write) -> None:
    nested = "<w:tbl><w:tr><w:tc>" * 3000 + PARAGRAPH + "</w:tc></w:tr></w:tbl>" * 3000

    with pytest.raises(ExtractionError):
        await pool.extract(write("deep.docx", package(document(nested))), name="deep.docx")
    extraction = await pool.extract(write("a.docx", package(document(PARAGRAPH))), name="a.docx")

    assert [block.text for block in extraction.blocks] == ["x"]

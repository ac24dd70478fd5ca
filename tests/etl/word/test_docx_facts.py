"""The sixteen facts that readers of Word files lose (EXTRACTION.md §2.7), planted in one document."""

import io

import docx as python_docx
import pytest
from docx.document import Document
from docx.oxml import parse_xml

from semantic_memory.core.model import BlockDraft, BlockType
from tests.etl.conftest import Read
from tests.etl.word.word_files import NAMESPACES, docx, p, r


def _append(document: Document, xml: str) -> None:
    """Puts raw XML at the end of the body."""
    element = parse_xml(f"<w:body {NAMESPACES}>{xml}</w:body>")
    for child in list(element):
        document.element.body.insert(len(document.element.body) - 1, child)


def _planted() -> bytes:
    document = python_docx.Document()
    document.add_heading("Planted title", 0)
    document.add_heading("Planted heading", 1)
    document.add_paragraph("planted bullet", style="List Bullet")
    document.add_paragraph("planted inner bullet", style="List Bullet 2")
    table = document.add_table(3, 3)
    for cell, text in zip(table._cells, "abcdefghi", strict=True):
        cell.text = text
    table.cell(0, 0).merge(table.cell(0, 1)).text = "planted wide"
    table.cell(1, 2).merge(table.cell(2, 2)).text = "planted tall"
    table.cell(1, 0).add_table(1, 2).cell(0, 0).text = "planted nested"
    document.sections[0].header.paragraphs[0].text = "planted header"
    document.sections[0].footer.paragraphs[0].text = "planted footer"
    _append(
        document,
        p("<w:ins><w:r><w:t>planted insertion</w:t></w:r></w:ins><w:del><w:r><w:delText>planted deletion</w:delText></w:r></w:del>"),
    )
    _append(document, p('<w:hyperlink w:anchor="there"><w:r><w:t>planted link</w:t></w:r></w:hyperlink>'))
    _append(document, p("<w:sdt><w:sdtContent><w:r><w:t>planted inline control</w:t></w:r></w:sdtContent></w:sdt>"))
    _append(document, f"<w:sdt><w:sdtContent>{p('planted block control')}</w:sdtContent></w:sdt>")
    box = f"<w:txbxContent>{p('planted box')}</w:txbxContent>"
    _append(document, p(f"<w:r><w:pict><v:shape><v:textbox>{box}</v:textbox></v:shape></w:pict></w:r>"))
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


@pytest.fixture
def blocks(read: Read) -> list[BlockDraft]:
    return list(read("planted.docx", _planted()).blocks)


TEXTS = [
    "Planted title",
    "Planted heading",
    "planted bullet",
    "planted inner bullet",
    "planted wide",
    "planted tall",
    "planted nested",
    "planted insertion",
    "planted link",
    "planted inline control",
    "planted block control",
    "planted box",
    "planted header",
    "planted footer",
]


@pytest.mark.parametrize("text", TEXTS)
def test_each_planted_text_is_found_once(blocks: list[BlockDraft], text: str) -> None:
    assert sum(block.text.count(text) for block in blocks) == 1


def test_the_deleted_text_is_not_found(blocks: list[BlockDraft]) -> None:
    assert not any("planted deletion" in block.text for block in blocks)


def test_a_footnote_is_found_behind_its_paragraph(read: Read) -> None:
    note = f'<w:footnote w:id="1">{p("planted footnote")}</w:footnote>'

    blocks = read("a.docx", docx(p(r("Text") + '<w:r><w:footnoteReference w:id="1"/></w:r>'), footnotes=note)).blocks

    assert [block.text for block in blocks] == ["Text", "planted footnote"]


def test_the_structure_around_the_texts_is_kept(blocks: list[BlockDraft]) -> None:
    title, heading, listed, table = blocks[2:6]

    assert [block.metadata["original_type"] for block in blocks[:2]] == ["header", "footer"]
    assert (title.type, heading.type, heading.metadata["level"]) == (BlockType.HEADING, BlockType.HEADING, 1)
    assert [item["level"] for item in listed.metadata["items"]] == [0, 1]
    assert table.metadata["rows"] == [["planted wide", "", "c"], ["d\nplanted nested", "e", "planted tall"], ["g", "h", ""]]
    assert table.metadata["spans"] == [[0, 0, 1, 2], [1, 2, 2, 1]]

"""Hostile Word, OpenDocument and RTF files (RELIABILITY.md FILE-03, 04, 09, 13): a typed error or a cut result, nothing fetched."""

import contextlib
import io
import socket
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from semantic_memory.core.errors import (
    CorruptFileError,
    EmptyDocumentError,
    ExtractionError,
    ExtractionLimitError,
    PasswordRequiredError,
    SemanticMemoryError,
)
from semantic_memory.etl.archives import checked_archive
from semantic_memory.etl.fallback.docx import PlainDocxFormat
from semantic_memory.etl.pool import WorkerPool
from semantic_memory.etl.word.docx_package import Package
from semantic_memory.etl.word.docx_reader import DocxReader
from semantic_memory.etl.word.rtf_tokens import Tokens
from semantic_memory.etl.word.xml import events
from tests.etl.conftest import Read, Write
from tests.etl.word.word_files import docx, odt, p, r, root, tbl, tc, tr, zipped

PARAGRAPH = "<w:p><w:r><w:t>x</w:t></w:r></w:p>"
LAUGHS = "".join(f'<!ENTITY l{n + 1} "{f"&l{n};" * 10}">' for n in range(9))
BLOWN_UP = "&big;" * 50_000


class Listener:
    """A port of this machine; the kernel takes connections, they are counted when asked for."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{self.port}/x"

    @property
    def port(self) -> int:
        return self._socket.getsockname()[1]

    def hits(self) -> int:
        count = 0
        self._socket.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            while True:
                self._socket.accept()[0].close()
                count += 1
        return count

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def listener() -> Iterator[Listener]:
    listener = Listener()
    yield listener
    listener.close()


def test_the_listener_counts(listener: Listener) -> None:
    socket.create_connection(("127.0.0.1", listener.port)).close()

    assert listener.hits() == 1


DOCUMENT_TYPES = {
    "external entity": '<!DOCTYPE d [<!ENTITY e SYSTEM "file:///etc/passwd">]>',
    "entity on the network": '<!DOCTYPE d [<!ENTITY e SYSTEM "{address}">]>',
    "parameter entity": '<!DOCTYPE d [<!ENTITY % p SYSTEM "{address}"> %p;]>',
    "external subset": '<!DOCTYPE d SYSTEM "{address}">',
    "billion laughs": f'<!DOCTYPE d [<!ENTITY l0 "ha">{LAUGHS}<!ENTITY e "&l9;">]>',
    "quadratic blow-up": f'<!DOCTYPE d [<!ENTITY big "{"a" * 50_000}"><!ENTITY e "{BLOWN_UP}">]>',
    "late": f'<!-- {"x" * 5000} --><!DOCTYPE d [<!ENTITY e SYSTEM "file:///etc/passwd">]>',
}


@pytest.mark.parametrize("prolog", DOCUMENT_TYPES.values(), ids=DOCUMENT_TYPES.keys())
@pytest.mark.parametrize("kind", ["docx", "odt"])
def test_file_09_and_13_entities_are_refused_and_nothing_is_fetched(read: Read, listener: Listener, kind: str, prolog: str) -> None:
    prolog = prolog.replace("{address}", listener.address)
    content = docx(p("<w:r><w:t>&e;</w:t></w:r>"), prolog=prolog) if kind == "docx" else odt("<text:p>&e;</text:p>", prolog=prolog)

    with pytest.raises(CorruptFileError, match="document type"):
        read(f"a.{kind}", content)

    assert listener.hits() == 0


def test_file_09_a_template_from_outside_is_not_fetched(read: Read, listener: Listener) -> None:
    kinds = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    relation = f'<Relationship Id="r1" Type="{kinds}/attachedTemplate" Target="{listener.address}" TargetMode="External"/>'
    picture = '<w:r><w:drawing><a:blip r:link="l" r:embed="l"/></w:drawing></w:r>'
    settings = f'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{relation}</Relationships>'

    extraction = read("a.docx", docx(p(r("Text") + picture), links={"l": listener.address}, parts={"_rels/settings.xml.rels": settings}))

    assert [block.text for block in extraction.blocks] == ["Text"]
    assert listener.hits() == 0


def test_file_09_an_embedded_object_is_left_alone(read: Read) -> None:
    embedded = p(r("Text") + '<w:r><w:object><o:OLEObject ProgID="Package" r:id="o"/></w:object></w:r>')

    extraction = read("a.docx", docx(embedded, parts={"embeddings/oleObject1.bin": b"\xd0\xcf\x11\xe0MZ"}))

    assert extraction.warnings == ("1 embedded files were not read",)


def test_file_09_a_document_of_100_megabytes_is_refused_at_the_gate(read: Read) -> None:
    with pytest.raises(ExtractionLimitError, match="bomb"):
        read("a.docx", docx("<w:p><w:r><w:t>" + "x" * 100_000_000 + "</w:t></w:r></w:p>"))


def test_file_03_a_part_that_is_larger_than_its_directory_says_is_counted(read: Read) -> None:
    content = bytearray(zipped({"word/document.xml": root("document", f"<w:body>{PARAGRAPH * 1000}</w:body>")}))
    position = content.rindex(b"PK\x01\x02")
    content[position + 24 : position + 28] = (10).to_bytes(4, "little")

    with pytest.raises(ExtractionError):
        read("a.docx", bytes(content))


def test_file_03_too_many_members_are_refused(read: Read) -> None:
    with pytest.raises(ExtractionLimitError, match="10000"):
        read("a.docx", docx(PARAGRAPH, parts={f"{number}": b"" for number in range(10_001)}))


def test_file_04_encrypted_members_ask_for_a_password(read: Read) -> None:
    content = bytearray(zipped({"word/document.xml": root("document", PARAGRAPH)}))
    content[content.rindex(b"PK\x01\x02") + 8] |= 1

    with pytest.raises(PasswordRequiredError):
        read("a.docx", bytes(content))


def test_file_04_a_protected_word_file_asks_for_a_password(read: Read) -> None:
    container = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504) + "EncryptedPackage".encode("utf-16-le")

    with pytest.raises(PasswordRequiredError):
        read("a.docx", container)


def test_file_04_a_protected_opendocument_file_asks_for_a_password(read: Read) -> None:
    entry = '<manifest:file-entry><manifest:encryption-data manifest:checksum="x"/></manifest:file-entry>'

    with pytest.raises(PasswordRequiredError):
        read("a.odt", odt("<text:p>noise</text:p>", manifest=entry))


@pytest.mark.parametrize("kind", ["docx", "odt"])
@pytest.mark.parametrize("share", [0.3, 0.7, 0.95])
def test_file_04_a_truncated_file_is_corrupt(read: Read, kind: str, share: float) -> None:
    content = docx(p("text " * 500)) if kind == "docx" else odt(f"<text:p>{'text ' * 500}</text:p>")

    with pytest.raises(CorruptFileError):
        read(f"a.{kind}", content[: int(len(content) * share)])


def test_file_04_a_wrong_checksum_is_a_corrupt_file(read: Read) -> None:
    content = bytearray(docx(p("text")))
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        info = archive.getinfo("word/document.xml")
    content[info.header_offset + 14] ^= 0xFF
    content[content.rindex(b"word/document.xml") - 46 + 16] ^= 0xFF

    with pytest.raises(CorruptFileError):
        read("a.docx", bytes(content))


def test_file_05_html_named_docx_is_read_as_html(read: Read) -> None:
    extraction = read("a.docx", "<!doctype html><html><body><p>Text</p></body></html>")

    assert extraction.media_type == "text/html"


@pytest.mark.parametrize(
    ("name", "content", "error"),
    [
        ("a.docx", b"", EmptyDocumentError),
        ("a.docx", zipped({"word/document.xml": "<not xml"}), CorruptFileError),
        ("a.docx", zipped({"word/document.xml": ""}), CorruptFileError),
        ("a.odt", zipped({"mimetype": "application/vnd.oasis.opendocument.text"}), CorruptFileError),
        ("a.rtf", b"{\\rtf1}", EmptyDocumentError),
    ],
    ids=["0 bytes", "no xml", "empty part", "no content", "empty rtf"],
)
def test_what_is_no_document_is_a_typed_error(read: Read, name: str, content: bytes, error: type[SemanticMemoryError]) -> None:
    with pytest.raises(error):
        read(name, content)


def nested(start: str, end: str, depth: int = 3000) -> str:
    return start * depth + PARAGRAPH + end * depth


@pytest.mark.parametrize(
    "body",
    [
        nested("<w:tbl><w:tr><w:tc>", "</w:tc></w:tr></w:tbl>"),
        nested(f"<w:tbl><w:tr><w:tc>{PARAGRAPH}</w:tc><w:tc>", "</w:tc></w:tr></w:tbl>"),
        nested("<w:p><w:r><w:pict><w:txbxContent>", "</w:txbxContent></w:pict></w:r></w:p>"),
        nested("<w:sdt><w:sdtContent>", "</w:sdtContent></w:sdt>"),
    ],
    ids=["frames", "tables", "text boxes", "content controls"],
)
def test_file_09_nesting_without_end_is_read_without_recursion(read: Read, body: str) -> None:
    blocks = read("a.docx", docx(body)).blocks

    assert blocks[-1].text.rstrip(" |").endswith("x")


@pytest.mark.parametrize("kind", ["text:list><text:list-item", "table:table><table:table-row><table:table-cell", "text:section"])
def test_file_13_nesting_in_opendocument_is_read_without_recursion(read: Read, kind: str) -> None:
    names = kind.split("><")
    start, end = "".join(f"<{name}>" for name in names), "".join(f"</{name}>" for name in reversed(names))

    (block,) = read("a.odt", odt(start * 3000 + "<text:p>x</text:p>" + end * 3000)).blocks

    assert block.text.strip(" -") == "x"


async def test_a_hostile_file_in_a_worker_leaves_the_next_one_alone(pool: WorkerPool, write: Write) -> None:
    with pytest.raises(ExtractionError):
        await pool.extract(write("a.docx", docx("", prolog=DOCUMENT_TYPES["billion laughs"])), name="a.docx")
    extraction = await pool.extract(write("b.docx", docx(PARAGRAPH)), name="b.docx")

    assert [block.text for block in extraction.blocks] == ["x"]


def test_too_many_paragraphs_are_cut_with_a_warning(tmp_path: Path) -> None:
    file = tmp_path / "a.docx"
    file.write_bytes(docx(p("kept") * 10 + tbl(tr("a", "b")) + p("cut")))

    with checked_archive(file) as archive:
        reader = DocxReader(Package(archive), limit=12)
        blocks = reader.blocks()

    assert [block.text for block in blocks] == ["kept"] * 10 + ["| a |  |"]
    assert reader.warnings == ["the document was cut after 12 paragraphs and cells"]


def test_too_many_tags_are_a_limit() -> None:
    with pytest.raises(ExtractionLimitError, match="more than 10 tags"):
        list(events([b"<a>" + b"<b/>" * 10 + b"</a>"], limit=10))


def test_a_span_over_millions_of_columns_cuts_the_table(read: Read) -> None:
    extraction = read("a.docx", docx(tbl(*[tr(tc("x", '<w:gridSpan w:val="99999999"/>'))] * 1000)))

    assert extraction.warnings == ("1 tables were cut because they are too large",)


def test_a_note_that_is_referred_to_again_and_again_is_shown_once(read: Read) -> None:
    refers = p(r("Text") + '<w:r><w:footnoteReference w:id="1"/></w:r>')

    blocks = read("a.docx", docx(refers * 50, footnotes=f'<w:footnote w:id="1">{p("note")}</w:footnote>')).blocks

    assert sum(block.text == "note" for block in blocks) == 1


def test_the_paragraphs_before_the_damage_are_kept(read: Read) -> None:
    extraction = read("a.docx", zipped({"word/document.xml": root("document", f"<w:body>{p('one')}{p('two')}<w:p></broken>")}))

    assert [block.text for block in extraction.blocks] == ["one", "two"]
    assert extraction.metadata["degraded"] == "corrupt_file"
    assert "cannot be read" in extraction.warnings[1]


def test_cells_and_text_outside_of_tables_and_paragraphs_do_no_harm(read: Read) -> None:
    strays = '<w:r><w:t>lost</w:t></w:r><w:gridSpan w:val="2"/><w:drawing/><w:showingPlcHdr/><w:fldChar w:fldCharType="end"/>'

    blocks = read("a.docx", docx(strays + tr(tc("a"), tc("b")) + p("c"))).blocks

    assert [block.text for block in blocks] == ["a", "b", "c"]


def test_damaged_notes_charts_and_headers_are_warnings(read: Read) -> None:
    content = docx(
        p(
            r("Text") + '<w:r><w:drawing><c:chart r:id="chart1"/></w:drawing></w:r>',
            properties='<w:sectPr><w:headerReference r:id="header1"/></w:sectPr>',
        ),
        parts={"chart1.xml": "<c", "header1.xml": "<h"},
        footnotes="<w:broken",
    )

    extraction = read("a.docx", content)

    assert [block.text for block in extraction.blocks] == ["Text"]
    assert len(extraction.warnings) == 3


def test_the_second_choice_reads_plain_paragraphs_up_to_its_limit(tmp_path: Path) -> None:
    file = tmp_path / "a.docx"
    file.write_bytes(docx(p("a") + tbl(tr("b")) + p("<w:del><w:r><w:delText>c</w:delText></w:r></w:del>")))

    extraction = PlainDocxFormat().extract(file, "a.docx", "")

    assert [block.text for block in extraction.blocks] == ["a", "b"]


def test_too_many_control_words_cut_an_rtf_file() -> None:
    tokens = Tokens("{\\rtf1 " + "x\\par " * 10, limit=6)

    assert len(list(tokens)) == 6
    assert tokens.is_cut

import io
import zipfile

import pytest

from semantic_memory.core.errors import CorruptFileError, EmptyDocumentError, ExtractionError, ExtractionLimitError
from semantic_memory.core.model import BlockType
from tests.etl.conftest import Read
from tests.etl.extract.loopback import listening

OASIS = "urn:oasis:names:tc:opendocument:xmlns"
NAMES = " ".join(f'xmlns:{name}="{OASIS}:{name}:1.0"' for name in ("office", "table", "text", "style"))
NAMES += ' xmlns:xlink="http://www.w3.org/1999/xlink" xmlns:dc="http://purl.org/dc/elements/1.1/"'
STYLES = '<style:style style:name="hidden"><style:table-properties table:display="false"/></style:style>'


def package(tables: str, *, prolog: str = "", meta: str = "") -> bytes:
    content = (
        f"{prolog}<office:document-content {NAMES}>{STYLES}<office:spreadsheet>{tables}</office:spreadsheet></office:document-content>"
    )
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", content)
        if meta:
            archive.writestr("meta.xml", f"<office:document-meta {NAMES}>{meta}</office:document-meta>")
    return buffer.getvalue()


def table(*rows: str, attributes: str = "") -> str:
    return f'<table:table table:name="S" {attributes}>{"".join(rows)}</table:table>'


def row(*cells: str, attributes: str = "") -> str:
    return f"<table:table-row {attributes}>{''.join(cells)}</table:table-row>"


def cell(text: str = "", *, attributes: str = "", inside: str = "") -> str:
    return f"<table:table-cell {attributes}>{inside}{f'<text:p>{text}</text:p>' if text else ''}</table:table-cell>"


def test_values_are_those_that_are_shown(read: Read) -> None:
    rows = [
        row(cell("Name"), cell("Amount"), cell("Date")),
        row(cell("bolt"), cell("12,50 €", attributes='office:value="12.5"'), cell(attributes='office:date-value="2024-05-01"')),
    ]

    heading, block = read("a.ods", package(table(*rows))).blocks

    assert (heading.type, heading.text) == (BlockType.HEADING, "S")
    assert block.metadata["rows"] == [["Name", "Amount", "Date"], ["bolt", "12,50 €", "2024-05-01"]]
    assert (block.metadata["cells"], block.metadata["header_rows"]) == ("A1:C2", 1)


def test_repeated_cells_and_rows_keep_their_places(read: Read) -> None:
    gap = row(cell(attributes='table:number-columns-repeated="16384"'), attributes='table:number-rows-repeated="3"')
    rows = [
        row(cell("a", attributes='table:number-columns-repeated="2"'), attributes='table:number-rows-repeated="2"'),
        gap,
        row(cell("b"), cell("c")),
    ]

    first, second = read("a.ods", package(table(*rows))).blocks[1:]

    assert (first.metadata["cells"], first.metadata["rows"]) == ("A1:B2", [["a", "a"], ["a", "a"]])
    assert second.metadata["cells"] == "A6:B6"


def test_merged_cells_comments_links_and_hidden_sheets_are_told(read: Read) -> None:
    note = "<office:annotation><dc:creator>Bob</dc:creator><dc:date>2024</dc:date><text:p>why?</text:p></office:annotation>"
    link = '<text:p><text:a xlink:href="https://a.b/">to<text:s text:c="2"/>it</text:a></text:p>'
    rows = [
        row(
            cell("wide", attributes='table:number-columns-spanned="2"'),
            "<table:covered-table-cell><text:p>no</text:p></table:covered-table-cell>",
        ),
        row(cell("x", inside=note), cell(inside=link)),
    ]

    heading, block, comment = read("a.ods", package(table(*rows, attributes='table:style-name="hidden"'))).blocks

    assert heading.metadata["hidden"] is True
    assert block.metadata["rows"] == [["wide", ""], ["x", "to  it"]]
    assert (block.metadata["spans"], block.metadata["links"]) == ([[0, 0, 1, 2]], [{"text": "to  it", "url": "https://a.b/"}])
    assert (comment.text, comment.metadata["cells"], comment.metadata["author"]) == ("why?", "A2", "Bob")


def test_declared_heading_rows_and_formulas_without_results_are_kept(read: Read) -> None:
    head = f"<table:table-header-rows>{row(cell('1'), cell('2'))}</table:table-header-rows>"
    rows = row(cell("3"), cell(attributes='table:formula="of:=[.A2]*2"'))

    (block,) = read("a.ods", package(table(head, rows))).blocks[1:]

    assert (block.metadata["header_rows"], block.metadata["rows"][1]) == (1, ["3", "=[.A2]*2"])


def test_properties_are_metadata_and_the_title(read: Read) -> None:
    extraction = read("a.ods", package(table(row(cell("x"))), meta="<dc:title>Ledger</dc:title><dc:creator>Ada</dc:creator>"))

    assert (extraction.title, extraction.metadata["creator"]) == ("Ledger", "Ada")


def test_a_filled_cell_repeated_without_end_is_cut_with_a_warning(read: Read) -> None:
    extraction = read("a.ods", package(table(row(cell("x", attributes='table:number-columns-repeated="16384"')))))

    assert extraction.blocks[1].metadata["cells"] == "A1:ALL1"
    assert extraction.warnings == ("cells that are repeated more than 1000 times were read that often",)


def test_file_13_external_entities_fetch_nothing(read: Read) -> None:
    with listening() as listener:
        prolog = f'<!-- {"x" * 5000} --><!DOCTYPE x [<!ENTITY % p SYSTEM "{listener.url}"> %p;]>'
        with pytest.raises(CorruptFileError):
            read("a.ods", package(table(row(cell("x"))), prolog=prolog))

    assert listener.hits == []


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (package(table(row(cell("x" * 60_000_000)))), ExtractionLimitError),
        (package(table(row(cell("&a;"))), prolog='<!DOCTYPE x [<!ENTITY a "bbb">]>'), CorruptFileError),
        (package("<not closed"), CorruptFileError),
        (package(table()), EmptyDocumentError),
        (package(row(cell("outside any table"))), EmptyDocumentError),
    ],
    ids=["FILE-03 bomb", "FILE-13 entity", "no xml", "no rows", "no table"],
)
def test_hostile_sheets_are_typed_errors(read: Read, content: bytes, error: type[ExtractionError]) -> None:
    with pytest.raises(error):
        read("a.ods", content)

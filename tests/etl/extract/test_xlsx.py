import io
import zipfile
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from types import MappingProxyType

import openpyxl
import pytest
from openpyxl.comments import Comment
from openpyxl.styles import Font
from openpyxl.workbook import Workbook

from semantic_memory.core.errors import CorruptFileError, EmptyDocumentError, ExtractionError, ExtractionLimitError
from semantic_memory.core.model import BlockDraft, BlockType, Extraction
from tests.etl.conftest import Read
from tests.etl.extract.loopback import listening

NOTHING: Mapping[str, str] = MappingProxyType({})
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
LINKS = "http://schemas.openxmlformats.org/package/2006/relationships"
TYPES = (
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="xml" ContentType="application/xml"/>'
    "</Types>"
)


@pytest.fixture
def read_workbook(read: Read) -> Callable[[Callable[[Workbook], object]], Extraction]:
    """Builds a workbook with openpyxl and extracts it."""

    def build(fill: Callable[[Workbook], object]) -> Extraction:
        workbook = openpyxl.Workbook()
        fill(workbook)
        buffer = io.BytesIO()
        workbook.save(buffer)
        return read("a.xlsx", buffer.getvalue())

    return build


SHEET = '<sheet name="S" sheetId="1" r:id="r1"/>'


def package(cells: str = "", *, prolog: str = "", after: str = "", sheets: str = SHEET, parts: Mapping[str, str] = NOTHING) -> bytes:
    """The least that is a workbook, around the rows of its first sheet."""
    links = f'<Relationship Id="r1" Type="{OFFICE}/worksheet" Target="worksheets/sheet1.xml"/>'
    links += f'<Relationship Id="r2" Type="{OFFICE}/sharedStrings" Target="/xl/sharedStrings.xml"/>'
    members = {
        "[Content_Types].xml": TYPES,
        "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets>{sheets}</sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{LINKS}">{links}</Relationships>',
        "xl/worksheets/sheet1.xml": f'{prolog}<worksheet xmlns="{MAIN}"><sheetData>{cells}</sheetData>{after}</worksheet>',
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in {**members, **parts}.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def inline(place: str, text: str) -> str:
    return f'<c r="{place}" t="inlineStr"><is><t>{text}</t></is></c>'


def tables(extraction: Extraction) -> list[BlockDraft]:
    return [block for block in extraction.blocks if block.type is BlockType.TABLE]


def test_a_sheet_is_a_heading_and_its_table_with_cells(read_workbook) -> None:
    def fill(workbook: Workbook) -> None:
        workbook.active.title = "Stock"
        for row in (["Part", "Count"], ["bolt", 12], ["nut", 7]):
            workbook.active.append(row)

    heading, table = read_workbook(fill).blocks

    assert (heading.type, heading.text, heading.metadata["level"]) == (BlockType.HEADING, "Stock", 1)
    assert table.text == "| Part | Count |\n| --- | --- |\n| bolt | 12 |\n| nut | 7 |"
    assert (table.metadata["sheet"], table.metadata["cells"], table.metadata["header_rows"]) == ("Stock", "A1:B3", 1)
    assert table.metadata["rows"] == [["Part", "Count"], ["bolt", "12"], ["nut", "7"]]


def test_values_are_written_as_the_sheet_shows_them(read_workbook) -> None:
    def fill(workbook: Workbook) -> None:
        sheet = workbook.active
        sheet.append(
            [
                0.256,
                1234.5,
                date(2024, 3, 1),
                datetime(2024, 3, 1, 9, 30, tzinfo=UTC).replace(tzinfo=None),
                True,
                1 / 3,
                7.0,
                "=1+1",
                "text",
            ]
        )
        sheet["A1"].number_format = "0.0%"
        sheet["B1"].number_format = '"€" #,##0.00'
        sheet.append([""] * 8 + ["second row"])

    extraction = read_workbook(fill)

    (table,) = tables(extraction)
    assert table.metadata["rows"][0] == [
        *("25.6%", "€ 1,234.50", "2024-03-01", "2024-03-01 09:30:00", "TRUE", "0.3333333333", "7", "=1+1", "text"),
    ]
    assert extraction.warnings == ("1 formulas of sheet 'Sheet' have no stored result: they are shown as formulas",)


def test_a_formula_is_its_stored_result_and_formulas_as_text_stay_verbatim(read: Read) -> None:
    cells = '<row r="1"><c r="A1"><f>1+1</f><v>2</v></c><c r="B1" t="str"><f>X()</f><v>said</v></c><c r="C1" t="e"><v>#N/A</v></c></row>'
    cells += f'<row r="2">{inline("A2", "=HYPERLINK(&quot;http://a.b&quot;)")}{inline("B2", "@SUM(1)")}{inline("C2", "+1")}</row>'

    (table,) = tables(read("a.xlsx", package(cells)))

    assert table.metadata["rows"] == [["2", "said", "#N/A"], ['=HYPERLINK("http://a.b")', "@SUM(1)", "+1"]]


def test_long_tables_are_cut_into_groups_with_the_heading_row(read_workbook) -> None:
    def fill(workbook: Workbook) -> None:
        workbook.active.append(["Id", "Name"])
        for number in range(120):
            workbook.active.append([number, f"name {number}"])

    groups = tables(read_workbook(fill))

    assert [(block.metadata["cells"], block.metadata["part"], block.metadata["parts"]) for block in groups] == [
        ("A1:B51", 1, 3),
        ("A52:B101", 2, 3),
        ("A102:B121", 3, 3),
    ]
    assert [block.metadata.get("header_cells") for block in groups] == [None, "A1:B1", "A1:B1"]
    assert groups[1].metadata["rows"][:2] == [["Id", "Name"], ["50", "name 50"]]
    assert all(block.metadata["header_rows"] == 1 for block in groups)


def test_rows_of_long_texts_make_smaller_groups(read_workbook) -> None:
    groups = tables(read_workbook(lambda workbook: [workbook.active.append(["x" * 1000, "y"]) for _ in range(10)]))

    assert [block.metadata["cells"] for block in groups] == ["A1:B3", "A4:B6", "A7:B9", "A10:B10"]


def test_blank_rows_and_columns_part_tables_and_single_cells_are_text(read_workbook) -> None:
    def fill(workbook: Workbook) -> None:
        sheet = workbook.active
        rows = {
            1: {1: "Report"},
            3: {1: "Part", 2: "Price", 5: "City", 6: "Zip"},
            4: {1: "bolt", 2: 1, 5: "Rome", 6: 186},
            8: {1: "A footnote"},
        }
        for row, cells in rows.items():
            for column, value in cells.items():
                sheet.cell(row, column, value)

    blocks = read_workbook(fill).blocks

    assert [(block.type.value, block.metadata.get("cells")) for block in blocks[1:]] == [
        ("paragraph", "A1"),
        ("table", "A3:B4"),
        ("table", "E3:F4"),
        ("paragraph", "A8"),
    ]


def test_a_blank_column_inside_a_table_is_kept(read_workbook) -> None:
    (table,) = tables(read_workbook(lambda workbook: [workbook.active.append(["label", None, number]) for number in (1, 2)]))

    assert table.metadata["rows"] == [["label", "", "1"], ["label", "", "2"]]


def test_a_title_row_above_a_table_is_a_paragraph(read_workbook) -> None:
    def fill(workbook: Workbook) -> None:
        for row in (["Prices 2024"], ["Part", "Net", "Gross"], ["bolt", 1, 2]):
            workbook.active.append(row)
        workbook.active.merge_cells("A1:C1")

    _, title, table = read_workbook(fill).blocks

    assert (title.type, title.text, title.metadata["cells"]) == (BlockType.PARAGRAPH, "Prices 2024", "A1:C1")
    assert (table.metadata["cells"], table.metadata["header_rows"]) == ("A2:C3", 1)


def test_merged_cells_are_spans_and_make_two_heading_rows(read_workbook) -> None:
    def fill(workbook: Workbook) -> None:
        for row in (["Region", "2023", None, "Total"], [None, "Q1", "Q2", None], ["North", 1, 2, 3], [None, 4, 5, 9]):
            workbook.active.append(row)
        workbook.active.merge_cells("B1:C1")
        workbook.active.merge_cells("A3:A4")

    (table,) = tables(read_workbook(fill))

    assert table.metadata["header_rows"] == 2
    assert table.metadata["spans"] == [[0, 1, 1, 2], [2, 0, 2, 1]]
    assert table.metadata["rows"][3] == ["", "4", "5", "9"]


def test_a_merged_cell_shows_its_text_again_in_the_next_group(read_workbook) -> None:
    def fill(workbook: Workbook) -> None:
        for number in range(60):
            workbook.active.append(["all" if number == 0 else None, number])
        workbook.active.merge_cells("A1:A60")

    first, second = tables(read_workbook(fill))

    assert (first.metadata["spans"], second.metadata["spans"]) == ([[0, 0, 50, 1]], [[0, 0, 10, 1]])
    assert second.metadata["rows"][0] == ["all", "50"]


@pytest.mark.parametrize(
    "mark",
    [
        lambda sheet: setattr(sheet, "freeze_panes", "A2"),
        lambda sheet: setattr(sheet.auto_filter, "ref", "A1:B3"),
        lambda sheet: [setattr(cell, "font", Font(bold=True)) for cell in sheet[1]],
        lambda sheet: sheet.add_table(openpyxl.worksheet.table.Table(displayName="T", ref="A1:B3")),
    ],
    ids=["frozen", "filtered", "bold", "declared"],
)
def test_what_the_file_marks_as_headings_is_believed(read_workbook, mark) -> None:
    def fill(workbook: Workbook) -> None:
        for row in (["a1", "b2"], ["c3", "d4"], ["e5", "f6"]):
            workbook.active.append(row)
        mark(workbook.active)

    (table,) = tables(read_workbook(fill))

    assert table.metadata["header_rows"] == 1


def test_comments_links_and_hidden_sheets_are_told(read_workbook) -> None:
    def fill(workbook: Workbook) -> None:
        sheet = workbook.active
        sheet.append(["site", "x"])
        sheet.append(["home", "y"])
        sheet["A2"].hyperlink = "https://example.org/"
        sheet["B2"].comment = Comment("is this right?", "Ada")
        hidden = workbook.create_sheet("Secret")
        hidden.sheet_state = "veryHidden"
        hidden["C3"] = "inside"

    _, table, comment, heading, inside = read_workbook(fill).blocks

    assert table.metadata["links"] == [{"text": "home", "url": "https://example.org/"}]
    assert comment.text == "is this right?"
    assert {key: comment.metadata[key] for key in ("cells", "author", "original_type")} == {
        "cells": "B2",
        "author": "Ada",
        "original_type": "comment",
    }
    assert (heading.metadata["hidden"], inside.metadata["hidden"], inside.metadata["cells"]) == (True, True, "C3")
    assert "hidden" not in table.metadata


def test_threaded_comments_and_text_boxes_are_read_once(read: Read) -> None:
    names = {"threadedComment": "t.xml", "comments": "c.xml", "drawing": "d.xml"}
    links = "".join(f'<Relationship Id="{kind}" Type="{OFFICE}/{kind}" Target="/xl/{part}"/>' for kind, part in names.items())
    copy = '<comment ref="A1"><text><t>[Threaded comment] new</t></text></comment>'
    box = "<from><col>2</col><row>4</row></from><sp><p><r><t>in a box</t></r></p></sp>"
    parts = {
        "xl/worksheets/_rels/sheet1.xml.rels": f'<Relationships xmlns="{LINKS}">{links}</Relationships>',
        "xl/t.xml": '<ThreadedComments><threadedComment ref="A1"><text>new</text></threadedComment></ThreadedComments>',
        "xl/c.xml": f"<comments><commentList>{copy}</commentList></comments>",
        "xl/d.xml": f"<wsDr><twoCellAnchor>{box}</twoCellAnchor></wsDr>",
    }

    blocks = read("a.xlsx", package(f'<row r="1">{inline("A1", "x")}</row>', parts=parts)).blocks

    notes = [block for block in blocks if "original_type" in block.metadata]
    assert [(note.text, note.metadata["cells"]) for note in notes] == [("new", "A1"), ("in a box", "C5")]


def test_shared_strings_join_their_runs_and_leave_readings_out(read: Read) -> None:
    strings = "<sst><si><r><t>for</t></r><r><t>matted_x000A_text</t></r></si><si><t>東京</t><rPh><t>トウキョウ</t></rPh></si></sst>"
    cells = '<row><c t="s"><v>0</v></c><c t="s"><v>1</v></c><c t="s"><v>99</v></c></row><row><c><v>1</v></c><c><v>nan</v></c></row>'

    (table,) = tables(read("a.xlsx", package(cells, parts={"xl/sharedStrings.xml": strings})))

    assert table.metadata["rows"] == [["formatted\ntext", "東京"], ["1", "nan"]]


def test_properties_are_metadata_and_the_title(read_workbook) -> None:
    def fill(workbook: Workbook) -> None:
        workbook.properties.title = "Yearly report"
        workbook.properties.creator = "Ada"
        workbook.active["A1"] = "x"

    extraction = read_workbook(fill)

    assert (extraction.title, extraction.metadata["creator"]) == ("Yearly report", "Ada")


def test_a_workbook_without_cells_is_empty(read_workbook) -> None:
    with pytest.raises(EmptyDocumentError):
        read_workbook(lambda workbook: None)


def test_two_cells_at_opposite_corners_of_the_sheet_cost_nothing(read: Read) -> None:
    cells = f'<row r="1">{inline("A1", "first")}</row><row r="1048576">{inline("XFD1048576", "last")}</row>'

    blocks = read("a.xlsx", package(cells)).blocks

    assert [(block.text, block.metadata.get("cells")) for block in blocks[1:]] == [("first", "A1"), ("last", "XFD1048576")]


ENTITY = '<!DOCTYPE x [<!ENTITY e SYSTEM "{url}">]>'
BOMB = (
    '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">'
    + "".join(f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in zip("abcdefgh", "bcdefghi", strict=True))
    + "]>"
)


@pytest.mark.parametrize("padding", ["", f"<!-- {'x' * 5000} -->"], ids=["at the start", "behind a long comment"])
def test_file_13_external_entities_fetch_nothing(read: Read, padding: str) -> None:
    with listening() as listener:
        prolog = padding + ENTITY.format(url=listener.url)
        with pytest.raises(CorruptFileError):
            read("a.xlsx", package(f'<row r="1">{inline("A1", "&e;")}</row>', prolog=prolog))

    assert listener.hits == []


@pytest.mark.parametrize("padding", ["", f"<!-- {'x' * 5000} -->"], ids=["at the start", "behind a long comment"])
def test_file_13_entities_are_not_expanded(read: Read, padding: str) -> None:
    with pytest.raises(CorruptFileError):
        read("a.xlsx", package(f'<row r="1">{inline("A1", "&i;")}</row>', prolog=padding + BOMB))


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (package(f'<row r="1">{inline("A1", "x" * 60_000_000)}</row>'), ExtractionLimitError),
        (package("<row><not closed"), CorruptFileError),
        (package(after='<x y="1" y="2"/>'), CorruptFileError),
        (package(parts={"xl/sharedStrings.xml": "<sst>"}), CorruptFileError),
        (package(parts={"docProps/core.xml": "<a>" * 300 + "</a>" * 300}), ExtractionLimitError),
        (package(f'<row r="1">{inline("A1", "x")}</row>', prolog='<?xml version="1.0" encoding="no-such"?>'), CorruptFileError),
        (package(sheets='<sheet name="S" sheetId="1" r:id="r9"/>'), EmptyDocumentError),
    ],
    ids=["FILE-03 bomb", "no xml", "double attribute", "open part", "depth", "encoding", "no sheet"],
)
def test_hostile_workbooks_are_typed_errors(read: Read, content: bytes, error: type[ExtractionError]) -> None:
    with pytest.raises(error):
        read("a.xlsx", content)

"""RTF files, each made around the one thing a test is about."""

from collections.abc import Callable
from pathlib import Path

import pytest

from semantic_memory.core.errors import CorruptFileError, ExtractionLimitError
from semantic_memory.core.model import BlockDraft, BlockType, Extraction
from semantic_memory.etl.extract.rtf import RTF_BYTES, RtfFormat
from semantic_memory.etl.word.rtf_reader import RtfReader
from tests.etl.conftest import Read

TABLES = (
    r"{\fonttbl{\f0\fswiss Arial;}{\f1\fmodern Courier New;}{\f2\fcharset204 Arial Cyr;}{\f3\fcharset2 Symbol;}"
    r"{\f4\fcharset128 MS Mincho;}}"
    r"{\stylesheet{Normal;}{\s1\outlinelevel0 heading 1;}{\s2 heading 2;}{\s3 Quote;}{\*\cs9 Some characters;}}"
)
Rtf = Callable[[str], Extraction]


@pytest.fixture
def rtf(read: Read) -> Rtf:
    """Extracts a file with this body behind tables of fonts and styles."""
    return lambda body: read("a.rtf", (r"{\rtf1\ansi\ansicpg1252\deff0" + TABLES + body + "}").encode("latin-1"))


def texts(extraction: Extraction) -> list[str]:
    return [block.text for block in extraction.blocks]


def kinds(blocks: list[BlockDraft]) -> list[tuple[str, str]]:
    return [(block.type.value, block.text) for block in blocks]


def test_styles_make_headings_and_quotes(rtf: Rtf) -> None:
    blocks = rtf(r"\pard\s1 One\par\pard\s2 Two\par\pard\s3 said\par\pard\outlinelevel2 Three\par\pard Text.\par").blocks

    assert [(block.type.value, block.metadata.get("level")) for block in blocks] == [
        ("heading", 1),
        ("heading", 2),
        ("paragraph", None),
        ("heading", 3),
        ("paragraph", None),
    ]
    assert blocks[2].metadata["original_type"] == "quote"


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (r"caf\'e9 \u8364?", "café €"),
        (r"\uc2\u945ab\uc0\u946 x", "αβx"),
        (r"\u-10179?\u-8704? ok", "😀 ok"),
        (r"{\f2\'cf\'f0\'e8\'e2\'e5\'f2}", "Привет"),
        (r"{\f4\'83A\'83B}", "アィ"),
        (r"{\f3 am}", "αμ"),
        (r"a\~b\_c\-d \{e\}\\ \emdash\ldblquote f\rdblquote", "a b-cd {e}\\ —“f”"),
        ("one\r\n two\\\nthree", "one two"),
        ("caf\xe9", "café"),
    ],
    ids=["code page", "fallback", "surrogates", "Cyrillic font", "two-byte letters", "Symbol", "signs", "line ends", "raw bytes"],
)
def test_letters_are_read_in_their_character_set(rtf: Rtf, body: str, text: str) -> None:
    assert texts(rtf(body + r"\par"))[0] == text


def test_list_markers_are_those_in_the_file(rtf: Rtf) -> None:
    body = (
        r"\pard{\listtext\tab 1.}\ls1\ilvl0 one\par{\listtext\tab a)}\ls1\ilvl1 inner\par\pard{\pntext\f3\'B7\tab}bullet\par"
        r"\pard\ls2 no marker\par\pard Text\par"
    )

    assert texts(rtf(body)) == ["1. one\n  a) inner", "- bullet", "- no marker", "Text"]


def test_tables_keep_merged_cells_and_header_rows(rtf: Rtf) -> None:
    body = (
        r"\trowd\trhdr\clvmgf\cellx1000\cellx2000\cellx3000\pard\intbl A\cell B\cell C\cell\row"
        r"\trowd\clvmrg\cellx1000\cellx3010\pard\intbl\cell wide\cell\row"
        r"\trowd\cellx1000\clmgf\cellx2000\clmrg\cellx3000\pard\intbl 1\par 1b\cell joined\cell\cell\row\pard After\par"
    )
    table, after = rtf(body).blocks

    assert table.metadata["rows"] == [["A", "B", "C"], ["", "wide", ""], ["1\n1b", "joined", ""]]
    assert table.metadata["spans"] == [[0, 0, 2, 1], [1, 1, 1, 2], [2, 1, 1, 2]]
    assert (table.metadata["header_rows"], after.text) == (1, "After")


def test_a_row_without_announced_places_is_a_row(rtf: Rtf) -> None:
    (table,) = rtf(r"\trowd\intbl a\cell b\cell\row\trowd\intbl c\cell d\row").blocks

    assert table.metadata["rows"] == [["a", "b"], ["c", "d"]]


def test_notes_and_comments_stand_behind_their_paragraph(rtf: Rtf) -> None:
    body = (
        r"\pard Text{\footnote\pard\plain\chftn  First.}{\footnote\ftnalt Last.} on{\footnote}."
        r"{\*\atnid A}{\*\atnauthor Ada}\chatn{\*\annotation Really?}\par"
    )
    blocks = rtf(body).blocks

    assert [(block.text, block.metadata.get("original_type")) for block in blocks] == [
        ("Text on.", None),
        ("First.", "footnote"),
        ("Last.", "endnote"),
        ("Really?", "comment"),
    ]
    assert blocks[0].metadata["notes"] == ["1", "i"]
    assert blocks[3].metadata["author"] == "Ada"


def test_links_keep_text_and_target_and_other_fields_their_result(rtf: Rtf) -> None:
    link = r'{\field{\*\fldinst HYPERLINK "https://a.org"}{\fldrslt site}}'

    (block,) = rtf(rf"\pard {link} page {{\field{{\*\fldinst PAGE}}{{\fldrslt 7}}}}\par").blocks

    assert block.text == "site page 7"
    assert block.metadata["links"] == [{"text": "site", "url": "https://a.org"}]


def test_deleted_hidden_and_embedded_things_are_left_out(rtf: Rtf) -> None:
    extraction = rtf(r"\pard a{\deleted b}{\v c}\v d\plain e{\pict\pngblip 8950}{\object{\*\objdata 00}{\result f}}{\*\unknown g}\par")

    assert texts(extraction) == ["aef"]
    assert set(extraction.warnings) == {"2 characters of hidden text were left out", "1 embedded objects were not read"}


def test_headers_and_footers_come_first_and_text_boxes_behind(rtf: Rtf) -> None:
    box = r"{\shp{\*\shpinst{\sp{\sn shapeType}{\sv 202}}{\shptxt\pard boxed\par}}{\shprslt twice}}"

    blocks = rtf(rf"{{\header\pard ACME\par}}{{\footerl secret}}\pard Text{box}\par").blocks

    assert [(block.text, block.metadata.get("original_type")) for block in blocks] == [
        ("ACME", "header"),
        ("secret", "footer"),
        ("Text", None),
        ("boxed", "text_box"),
    ]


def test_monospaced_paragraphs_are_code(rtf: Rtf) -> None:
    extraction = rtf(r"\pard\f1 x = 1\par y = 2\par\pard\plain call {\f1 f}\par")

    assert kinds(list(extraction.blocks)) == [("code", "x = 1\ny = 2"), ("paragraph", "call f")]


def test_a_typewritten_document_is_no_code(read: Read) -> None:
    (block,) = read("a.rtf", r"{\rtf1\deff0{\fonttbl{\f0\fmodern Courier New;}}\pard INT. KITCHEN\par}").blocks

    assert block.type is BlockType.PARAGRAPH


def test_properties_become_metadata_and_the_title(rtf: Rtf) -> None:
    extraction = rtf(r"{\info{\title The title}{\author Ada}{\company Other}{\creatim\yr2026}}\pard Text {\title x}\par")

    assert (extraction.title, extraction.metadata) == ("The title", {"title": "The title", "author": "Ada"})


def test_a_file_that_breaks_off_gives_what_came_before(read: Read) -> None:
    extraction = read("a.rtf", r"{\rtf1\pard one\par two {\b th")

    assert texts(extraction) == ["one", "two th"]
    assert extraction.warnings == ("the file breaks off; what came before was read",)


def test_bytes_of_pictures_are_passed_over(rtf: Rtf) -> None:
    assert texts(rtf(r"\pard a{\pict\bin5 }}{{\}b\par")) == ["ab"]


def test_groups_without_end_are_a_limit(read: Read) -> None:
    with pytest.raises(ExtractionLimitError, match="groups"):
        read("a.rtf", "{\\rtf1 " + "{" * 20_000)


def test_notes_inside_notes_are_read_without_recursion(read: Read) -> None:
    blocks = read("a.rtf", "{\\rtf1 " + r"{\footnote x" * 3000 + "}" * 3000 + "}").blocks

    assert "x" in blocks[0].text


def test_too_many_paragraphs_are_cut_with_a_warning() -> None:
    reader = RtfReader(r"{\rtf1 " + r"x\par " * 20 + "}", limit=10)

    assert len(reader.blocks()) == 11
    assert reader.warnings == ["the document was cut after 10 paragraphs and cells"]


def test_a_file_that_is_too_large_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "a.rtf"
    with file.open("wb") as sparse:
        sparse.truncate(RTF_BYTES + 1)

    with pytest.raises(ExtractionLimitError, match="at most"):
        RtfFormat().extract(file, "a.rtf", "application/rtf")


def test_what_is_no_rtf_is_corrupt() -> None:
    with pytest.raises(CorruptFileError):
        RtfReader("plain text")

"""Word documents, each made around the one thing a test is about."""

import io
from collections.abc import Callable

import docx as python_docx
import pytest
from docx.document import Document
from PIL import Image

from semantic_memory.core.errors import EmptyDocumentError
from semantic_memory.core.model import BlockDraft, BlockType, Extraction
from tests.etl.conftest import Read
from tests.etl.word.word_files import docx, item, numbering, p, r, root, style, tbl, tc, tr, zipped

Body = Callable[..., list[BlockDraft]]


@pytest.fixture
def body(read: Read) -> Body:
    """The blocks of a document with this body and these side parts."""
    return lambda body, **sides: list(read("a.docx", docx(body, **sides)).blocks)


@pytest.fixture
def read_docx(read: Read) -> Callable[[Callable[[Document], object]], Extraction]:
    """Builds a document with python-docx and extracts it."""

    def build(fill: Callable[[Document], object]) -> Extraction:
        document = python_docx.Document()
        fill(document)
        buffer = io.BytesIO()
        document.save(buffer)
        return read("a.docx", buffer.getvalue())

    return build


def texts(blocks: list[BlockDraft]) -> list[str]:
    return [block.text for block in blocks]


def kinds(blocks: list[BlockDraft]) -> list[tuple[str, str]]:
    return [(block.type.value, block.text) for block in blocks]


class TestStructure:
    def test_headings_lists_and_tables_are_kept_in_order(self, read_docx) -> None:
        def fill(document: Document) -> None:
            document.add_heading("Title", 0)
            document.add_heading("Part", 2)
            document.add_paragraph("Text.")
            document.add_paragraph("one", style="List Bullet")
            document.add_paragraph("inner", style="List Bullet 2")
            document.add_paragraph("first", style="List Number")
            document.add_paragraph("said", style="Quote")
            table = document.add_table(2, 2)
            for cell, text in zip(table._cells, ["Name", "Count", "bolts", "12"], strict=True):
                cell.text = text

        blocks = read_docx(fill).blocks

        assert kinds(blocks) == [
            ("heading", "Title"),
            ("heading", "Part"),
            ("paragraph", "Text."),
            ("list", "- one\n  - inner"),
            ("list", "1. first"),
            ("paragraph", "said"),
            ("table", "| Name | Count |\n| --- | --- |\n| bolts | 12 |"),
        ]
        assert [blocks[0].metadata["level"], blocks[1].metadata["level"], blocks[5].metadata["original_type"]] == [1, 2, "quote"]
        assert blocks[6].metadata["header_rows"] == 1

    @pytest.mark.parametrize(
        ("styles", "used", "level"),
        [
            (style("berschrift2", "heading 2"), "berschrift2", 2),
            (style("a1", "Überschrift 3"), "a1", 3),
            (style("x", "Titre 1"), "x", 1),
            ("", "Heading4", 4),
            (style("own", "Clause", based_on="H") + style("H", "heading 2"), "own", 2),
            (style("own", "Clause", inside='<w:pPr><w:outlineLvl w:val="4"/></w:pPr>'), "own", 5),
        ],
        ids=["built-in name under a German id", "German name", "French name", "id without a style sheet", "inherited", "outline level"],
    )
    def test_a_heading_is_known_by_its_style(self, body: Body, styles: str, used: str, level: int) -> None:
        (block,) = body(p("A heading", style=used), styles=styles)

        assert (block.type, block.metadata["level"]) == (BlockType.HEADING, level)

    def test_a_heading_is_known_by_its_own_outline_level(self, body: Body) -> None:
        (block,) = body(p("A heading", properties='<w:outlineLvl w:val="1"/>'))

        assert (block.type, block.metadata["level"]) == (BlockType.HEADING, 2)

    def test_body_level_takes_a_heading_style_away(self, body: Body) -> None:
        (block,) = body(p("Contents", style="T", properties='<w:outlineLvl w:val="9"/>'), styles=style("T", "heading 1"))

        assert block.type is BlockType.PARAGRAPH

    def test_styles_that_are_based_on_each_other_end(self, body: Body) -> None:
        loop = style("A", "one", based_on="B") + style("B", "two", based_on="A")

        assert texts(body(p("text", style="A"), styles=loop)) == ["text"]

    def test_a_numbered_heading_has_the_number_the_reader_sees(self, body: Body) -> None:
        heading = style("H", "heading 1", inside='<w:pPr><w:numPr><w:numId w:val="1"/></w:numPr></w:pPr>')

        blocks = body(p("Scope", style="H") + p("Terms", style="H"), styles=heading, numbering=numbering(("decimal", "%1.")))

        assert [(block.text, block.metadata["number"]) for block in blocks] == [("1. Scope", "1."), ("2. Terms", "2.")]

    def test_roles_of_styles_become_original_types(self, body: Body) -> None:
        named = {"T": "Title", "S": "Subtitle", "Q": "Intense Quote", "C": "caption"}

        blocks = body("".join(p(name, style=key) for key, name in named.items()), styles="".join(style(*one) for one in named.items()))

        assert [block.metadata["original_type"] for block in blocks] == ["title", "subtitle", "quote", "caption"]
        assert blocks[0].type is BlockType.HEADING

    def test_a_table_of_contents_is_one_block(self, body: Body) -> None:
        blocks = body(p("Scope\t1", style="TOC1") + p("Terms\t2", style="TOC2"))

        assert kinds(blocks) == [("paragraph", "Scope 1\nTerms 2".replace(" ", "\t"))]
        assert blocks[0].metadata["original_type"] == "contents"


class TestLists:
    def test_markers_are_those_word_shows(self, body: Body) -> None:
        levels = numbering(("decimal", "%1."), ("lowerLetter", "%2)"), ("upperRoman", "(%3)"))

        (block,) = body(
            item("one") + item("a", level=1) + item("i", level=2) + item("ii", level=2) + item("two") + item("again a", level=1),
            numbering=levels,
        )

        assert [entry["marker"] for entry in block.metadata["items"]] == ["1.", "a)", "(I)", "(II)", "2.", "a)"]
        assert [entry["level"] for entry in block.metadata["items"]] == [0, 1, 2, 2, 0, 1]

    def test_a_pattern_shows_the_levels_above(self, body: Body) -> None:
        (block,) = body(item("one") + item("one one", level=1), numbering=numbering(("upperRoman", "%1"), ("decimal", "%1.%2")))

        assert block.text == "I one\n  I.1 one one"

    def test_legal_numbering_shows_decimals_only(self, body: Body) -> None:
        levels = numbering(("upperRoman", "%1"), ("decimal", "%1.%2")).replace(
            '<w:lvlText w:val="%1.%2"/>', '<w:isLgl/><w:lvlText w:val="%1.%2"/>'
        )

        (block,) = body(item("one") + item("inner", level=1), numbering=levels)

        assert block.text.endswith("1.1 inner")

    def test_a_list_that_starts_anew_is_another_list(self, body: Body) -> None:
        restart = (
            '<w:num w:numId="2"><w:abstractNumId w:val="1"/><w:lvlOverride w:ilvl="0"><w:startOverride w:val="1"/></w:lvlOverride></w:num>'
        )

        blocks = body(item("a") + item("b") + item("c", list_id=2), numbering=numbering(("decimal", "%1.")) + restart)

        assert texts(blocks) == ["1. a\n2. b", "1. c"]

    def test_a_list_goes_on_behind_a_paragraph(self, body: Body) -> None:
        blocks = body(item("a") + p("Between.") + item("b"), numbering=numbering(("decimal", "%1.")))

        assert texts(blocks) == ["1. a", "Between.", "2. b"]

    def test_an_unnumbered_list_paragraph_belongs_to_the_item_above(self, body: Body) -> None:
        (block,) = body(item("a") + p("more of a", style="L"), numbering=numbering(("bullet", "·")), styles=style("L", "List Paragraph"))

        assert block.text == "- a\n  more of a"

    def test_number_zero_takes_the_numbering_of_the_style_away(self, body: Body) -> None:
        listed = style("L", "My list", inside='<w:pPr><w:numPr><w:numId w:val="1"/></w:numPr></w:pPr>')

        blocks = body(p("in", style="L") + p("out", style="L", properties='<w:numPr><w:numId w:val="0"/></w:numPr>'), styles=listed)

        assert kinds(blocks) == [("list", "- in"), ("paragraph", "out")]

    def test_levels_of_a_style_and_links_between_numberings_are_followed(self, body: Body) -> None:
        link = '<w:abstractNum w:abstractNumId="7"><w:numStyleLink w:val="Legal"/></w:abstractNum>'
        levels = numbering(("decimal", "%1"), ("decimal", "%1.%2")).replace("<w:lvl ", '<w:styleLink w:val="Legal"/><w:lvl ', 1)
        used = '<w:num w:numId="9"><w:abstractNumId w:val="7"/></w:num>'
        clause = style("C", "Clause", inside='<w:pPr><w:numPr><w:numId w:val="9"/></w:numPr></w:pPr>')
        second = levels.replace('<w:lvl w:ilvl="1">', '<w:lvl w:ilvl="1"><w:pStyle w:val="C"/>')

        (block,) = body(item("one", list_id=9) + p("clause", style="C"), numbering=second + link + used, styles=clause)

        assert block.text == "1 one\n  1.1 clause"


class TestTables:
    def test_merged_cells_are_spans_with_their_text_once(self, body: Body) -> None:
        wide = tr(tc("wide", '<w:gridSpan w:val="2"/>'), tc("tall", '<w:vMerge w:val="restart"/>'))
        below = tr("a", "b", tc("", "<w:vMerge/>"))

        (table,) = body(tbl(wide, below))

        assert table.metadata["rows"] == [["wide", "", "tall"], ["a", "b", ""]]
        assert table.metadata["spans"] == [[0, 0, 1, 2], [0, 2, 2, 1]]

    def test_marked_rows_are_header_rows(self, body: Body) -> None:
        (table,) = body(tbl(tr("A", "B", properties="<w:tblHeader/>"), tr("C", "D", properties="<w:tblHeader/>"), tr("x", "y")))

        assert table.metadata["header_rows"] == 2

    def test_a_table_in_a_cell_is_text_of_the_cell(self, body: Body) -> None:
        (table,) = body(tbl(tr(tc(p("Rates") + tbl(tr("low", "1"), tr("high", "2")) + p()), "right")))

        assert table.metadata["rows"] == [["Rates\nlow\t1\nhigh\t2", "right"]]

    def test_a_frame_of_one_column_gives_the_blocks_inside_it(self, body: Body) -> None:
        blocks = body(tbl(tr(tc(p("Box", style="Heading1") + p("Text.")))))

        assert kinds(blocks) == [("heading", "Box"), ("paragraph", "Text.")]

    def test_deleted_rows_are_left_out(self, body: Body) -> None:
        (table,) = body(tbl(tr("a", "b"), tr("old", "row", properties="<w:del/>"), tr("c", "d")))

        assert table.metadata["rows"] == [["a", "b"], ["c", "d"]]

    def test_rows_that_start_further_right_keep_their_columns(self, body: Body) -> None:
        (table,) = body(tbl(tr("a", "b", "c"), tr("under b", properties='<w:gridBefore w:val="1"/>')))

        assert table.metadata["rows"] == [["a", "b", "c"], ["", "under b", ""]]

    def test_notes_links_and_captions_of_cells_belong_to_the_table(self, read: Read) -> None:
        cell = tc(p('<w:hyperlink r:id="l"><w:r><w:t>site</w:t></w:r></w:hyperlink><w:r><w:footnoteReference w:id="1"/></w:r>'))
        note = f'<w:footnote w:id="1">{p("Measured.")}</w:footnote>'

        content = docx(
            tbl(tr(cell, "b"), properties='<w:tblPr><w:tblCaption w:val="Rates"/></w:tblPr>'), links={"l": "https://a.org"}, footnotes=note
        )
        table, footnote = read("a.docx", content).blocks

        assert (table.metadata["links"], table.metadata["caption"]) == ([{"text": "site", "url": "https://a.org"}], "Rates")
        assert footnote.text == "Measured."


class TestChanges:
    def test_insertions_are_in_and_deletions_out(self, body: Body) -> None:
        moved = "<w:moveFrom><w:r><w:t>left</w:t></w:r></w:moveFrom><w:moveTo><w:r><w:t> arrived</w:t></w:r></w:moveTo>"
        inserted = "<w:ins><w:r><w:t>in</w:t></w:r></w:ins><w:del><w:r><w:delText>out</w:delText></w:r></w:del>"

        assert texts(body(f"<w:p>{inserted}{moved}</w:p>")) == ["in arrived"]

    def test_a_deleted_paragraph_end_joins_two_paragraphs(self, body: Body) -> None:
        blocks = body(p("one ", properties="<w:rPr><w:del/></w:rPr>") + p("two") + p("three", properties="<w:rPr><w:del/></w:rPr>"))

        assert texts(blocks) == ["one two", "three"]

    def test_properties_from_before_a_change_do_not_count(self, body: Body) -> None:
        (block,) = body(p("text", properties='<w:pPrChange><w:pPr><w:pStyle w:val="Heading1"/></w:pPr></w:pPrChange>'))

        assert block.type is BlockType.PARAGRAPH


class TestInline:
    def test_links_keep_text_and_target(self, read: Read) -> None:
        field = (
            '<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText> HYPERLINK "https://b.org" </w:instrText></w:r>'
            '<w:r><w:fldChar w:fldCharType="separate"/></w:r><w:r><w:t>by field</w:t></w:r><w:r><w:fldChar w:fldCharType="end"/></w:r>'
        )
        relation = '<w:hyperlink r:id="l"><w:r><w:t>by relation</w:t></w:r></w:hyperlink>'
        inside = '<w:hyperlink w:anchor="x"><w:r><w:t> here</w:t></w:r></w:hyperlink>'

        (block,) = read("a.docx", docx(p(relation + r(" and ") + field + inside), links={"l": "https://a.org"})).blocks

        assert block.text == "by relation and by field here"
        assert block.metadata["links"] == [
            {"text": "by relation", "url": "https://a.org"},
            {"text": "by field", "url": "https://b.org"},
        ]

    def test_results_of_fields_count_and_their_codes_do_not(self, body: Body) -> None:
        field = (
            '<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText>IF 1 = 1 "a" "b"</w:instrText></w:r><w:r><w:t>code</w:t></w:r>'
            '<w:r><w:fldChar w:fldCharType="separate"/></w:r><w:r><w:t>result</w:t></w:r><w:r><w:fldChar w:fldCharType="end"/></w:r>'
        )
        simple = '<w:fldSimple w:instr="PAGE"><w:r><w:t> 7</w:t></w:r></w:fldSimple>'

        assert texts(body(p(field + simple))) == ["result 7"]

    def test_a_field_that_never_ends_hides_no_paragraph_behind_it(self, body: Body) -> None:
        assert texts(body(p('<w:r><w:fldChar w:fldCharType="begin"/></w:r>') + p("text"))) == ["text"]

    def test_tabs_breaks_hyphens_and_symbols_are_characters(self, body: Body) -> None:
        run = (
            "<w:r><w:t>a</w:t><w:tab/><w:t>b</w:t><w:br/><w:t>c</w:t><w:noBreakHyphen/><w:t>d</w:t><w:softHyphen/><w:t>e</w:t>"
            '<w:sym w:font="Symbol" w:char="F06D"/><w:sym w:char="2713"/><w:sym w:char="zz"/></w:r>'
        )

        assert texts(body(p(run, properties="<w:tabs><w:tab/></w:tabs>"))) == ["a\tb\nc-deμ✓"]

    def test_hidden_text_is_left_out_with_a_warning(self, read: Read) -> None:
        extraction = read("a.docx", docx(p(r("seen") + r("secret", "<w:vanish/>") + r(" too", '<w:vanish w:val="0"/>'))))

        assert texts(extraction.blocks) == ["seen too"]
        assert extraction.warnings == ("6 characters of hidden text were left out",)

    def test_content_controls_are_passed_through_and_their_prompts_left_out(self, body: Body) -> None:
        inline = "<w:sdt><w:sdtContent><w:r><w:t>filled</w:t></w:r></w:sdtContent></w:sdt>"
        prompt = "<w:sdt><w:sdtPr><w:showingPlcHdr/></w:sdtPr><w:sdtContent><w:r><w:t>Click here</w:t></w:r></w:sdtContent></w:sdt>"
        block = f"<w:sdt><w:sdtContent>{p('a block')}</w:sdtContent></w:sdt>"

        assert texts(body(p(inline + prompt) + block)) == ["filled", "a block"]

    def test_reading_aids_are_left_out(self, body: Body) -> None:
        ruby = "<w:ruby><w:rt><w:r><w:t>とう</w:t></w:r></w:rt><w:rubyBase><w:r><w:t>東</w:t></w:r></w:rubyBase></w:ruby>"

        assert texts(body(p(f"<w:r>{ruby}</w:r>"))) == ["東"]

    def test_formulas_are_written_on_one_line(self, body: Body) -> None:
        half = "<m:f><m:num><m:r><m:t>a</m:t></m:r></m:num><m:den><m:r><m:t>b</m:t></m:r></m:den></m:f>"
        square = "<m:sSup><m:e><m:r><m:t>x</m:t></m:r></m:e><m:sup><m:r><m:t>2</m:t></m:r></m:sup></m:sSup>"

        assert texts(body(p(f"<m:oMath>{half}<m:r><m:t>+</m:t></m:r>{square}</m:oMath>"))) == ["a/b+x^2"]

    def test_right_to_left_text_stays_in_its_order(self, body: Body) -> None:
        assert texts(body(p(r("שלום ", "<w:rtl/>") + r("עולם", "<w:rtl/>")))) == ["שלום עולם"]


class TestCode:
    def test_a_code_style_makes_one_block_of_its_lines(self, body: Body) -> None:
        blocks = body(p("def f():", style="S") + p("    return 1", style="S") + p("Text."), styles=style("S", "Source Code"))

        assert kinds(blocks) == [("code", "def f():\n    return 1"), ("paragraph", "Text.")]

    def test_monospaced_paragraphs_are_code_and_a_monospaced_word_is_not(self, body: Body) -> None:
        courier = '<w:rFonts w:ascii="Courier New"/>'

        blocks = body(p(r("x = 1", courier)) + p() + p(r("y = 2", courier)) + p(r("Call ") + r("f()", courier)))

        assert kinds(blocks) == [("code", "x = 1\n\ny = 2"), ("paragraph", "Call f()")]

    def test_a_typewritten_document_is_no_code(self, body: Body) -> None:
        defaults = '<w:docDefaults><w:rPrDefault><w:rPr><w:rFonts w:ascii="Courier New"/></w:rPr></w:rPrDefault></w:docDefaults>'

        (block,) = body(p(r("INT. KITCHEN", '<w:rFonts w:ascii="Courier"/>')), styles=defaults)

        assert block.type is BlockType.PARAGRAPH

    def test_a_character_style_can_be_monospaced(self, body: Body) -> None:
        verbatim = style("V", "Verbatim Char", kind="character", inside='<w:rPr><w:rFonts w:ascii="Consolas"/></w:rPr>')

        (block,) = body(p(r("ls -l", '<w:rStyle w:val="V"/>')), styles=verbatim)

        assert block.type is BlockType.CODE


class TestBeside:
    def test_notes_stand_behind_the_paragraph_that_refers_to_them(self, body: Body) -> None:
        refers = p(r("Text") + '<w:r><w:footnoteReference w:id="2"/><w:endnoteReference w:id="3"/></w:r>')
        lines = f'<w:footnote w:id="0" w:type="separator">{p("line")}</w:footnote>'

        blocks = body(
            refers + p("After."),
            footnotes=f'{lines}<w:footnote w:id="2">{p("See [1].") + p("And [2].")}</w:footnote>',
            endnotes=f'<w:endnote w:id="3">{p("At the end.")}</w:endnote>',
        )

        assert texts(blocks) == ["Text", "See [1].\nAnd [2].", "At the end.", "After."]
        assert blocks[0].metadata["notes"] == ["1", "i"]
        assert [(block.metadata["original_type"], block.metadata["number"]) for block in blocks[1:3]] == [
            ("footnote", "1"),
            ("endnote", "i"),
        ]

    def test_comments_stand_behind_what_they_are_about(self, body: Body) -> None:
        comment = f'<w:comment w:id="0" w:author="Ada" w:date="2026-01-02T00:00:00Z">{p("Really?")}</w:comment>'

        _, block = body(p(r("Text") + '<w:r><w:commentReference w:id="0"/></w:r>'), comments=comment)

        assert block.text == "Really?"
        assert block.metadata == {"original_type": "comment", "author": "Ada", "date": "2026-01-02T00:00:00Z"}

    def test_headers_and_footers_come_first_and_once(self, read: Read) -> None:
        section = (
            '<w:sectPr><w:headerReference r:id="header1" w:type="default"/><w:footerReference r:id="footer1" w:type="default"/></w:sectPr>'
        )
        parts = {"header1.xml": root("hdr", p("ACME")), "footer1.xml": root("ftr", p("Confidential"))}

        blocks = read("a.docx", docx(p("Text", properties=section) + section, parts=parts)).blocks

        assert [(block.text, block.metadata.get("original_type")) for block in blocks] == [
            ("ACME", "header"),
            ("Confidential", "footer"),
            ("Text", None),
        ]

    def test_a_text_box_is_read_once_though_it_is_stored_twice(self, body: Body) -> None:
        box = f"<w:txbxContent>{p('boxed')}</w:txbxContent>"
        twice = (
            f'<mc:AlternateContent><mc:Choice Requires="wps"><w:drawing><wps:txbx>{box}</wps:txbx></w:drawing></mc:Choice>'
            f"<mc:Fallback><w:pict><v:textbox>{box}</v:textbox></w:pict></mc:Fallback></mc:AlternateContent>"
        )

        blocks = body(p(r("Before ") + f"<w:r>{twice}</w:r>" + r("after")))

        assert texts(blocks) == ["Before after", "boxed"]
        assert blocks[1].metadata["original_type"] == "text_box"

    def test_an_alternative_without_a_choice_is_read(self, body: Body) -> None:
        old = f"<mc:Fallback><w:pict><w:txbxContent>{p('old')}</w:txbxContent></w:pict></mc:Fallback>"
        box = f"<w:r><mc:AlternateContent>{old}</mc:AlternateContent></w:r>"

        assert texts(body(p(box))) == ["old"]

    def test_a_picture_gives_its_description_and_part(self, read_docx) -> None:
        picture = io.BytesIO()
        Image.new("RGB", (80, 80)).save(picture, "PNG")

        def fill(document: Document) -> None:
            shape = document.add_picture(picture)
            shape._inline.docPr.set("descr", "a plan of the house")
            document.add_paragraph("Figure 1", style="Caption")

        image, caption = read_docx(fill).blocks

        assert (image.type, image.text, image.metadata["part"]) == (BlockType.IMAGE, "a plan of the house", "word/media/image1.png")
        assert caption.metadata["original_type"] == "caption"

    def test_words_of_charts_and_diagrams_are_read(self, read: Read) -> None:
        chart = root("x", "<c:v>Sales</c:v><c:v>2026</c:v>")
        diagram = root("x", "<a:p><a:r><a:t>Plan</a:t></a:r></a:p><a:p><a:r><a:t>Do</a:t></a:r></a:p>")
        drawing = '<w:r><w:drawing><c:chart r:id="chart1"/></w:drawing><w:drawing><dgm:relIds r:dm="data1"/></w:drawing></w:r>'

        blocks = read("a.docx", docx(p(r("See") + drawing), parts={"chart1.xml": chart, "data1.xml": diagram})).blocks

        assert [(block.text, block.metadata.get("original_type")) for block in blocks[1:]] == [
            ("Sales\n2026", "chart"),
            ("Plan\nDo", "diagram"),
        ]

    def test_embedded_files_are_named_in_a_warning(self, read: Read) -> None:
        extraction = read("a.docx", docx(p(r("Text") + "<w:r><w:object><o:OLEObject/></w:object></w:r>") + '<w:altChunk r:id="x"/>'))

        assert extraction.warnings == ("2 embedded files were not read",)


class TestDocument:
    def test_properties_become_metadata_and_the_title(self, read_docx) -> None:
        def fill(document: Document) -> None:
            document.core_properties.title = "The title"
            document.core_properties.author = "Ada"
            document.add_heading("A heading")

        extraction = read_docx(fill)

        assert (extraction.title, extraction.metadata["author"]) == ("The title", "Ada")
        assert "created" in extraction.metadata

    def test_the_paragraph_styled_as_title_is_the_title_before_any_heading(self, read: Read) -> None:
        content = docx(p("Part", style="Heading1") + p("The report", style="Title"))

        assert read("a.docx", content).title == "The report"

    def test_pages_are_estimated_from_the_breaks_word_left(self, read: Read) -> None:
        broken = "<w:r><w:lastRenderedPageBreak/></w:r>"

        extraction = read("a.docx", docx(p("one") + p(broken + r("two")) + p(r("still two") + broken + r(" and three")) + p("three")))

        assert [block.page for block in extraction.blocks] == [1, 2, 2, 3]
        assert extraction.metadata["pages"] == "estimated"

    def test_without_such_breaks_there_are_no_pages(self, read: Read) -> None:
        extraction = read("a.docx", docx(p("one") + p('<w:r><w:br w:type="page"/></w:r>') + p("two")))

        assert [block.page for block in extraction.blocks] == [None, None]
        assert "pages" not in extraction.metadata

    def test_a_document_without_text_is_empty(self, read_docx) -> None:
        with pytest.raises(EmptyDocumentError):
            read_docx(lambda document: None)

    def test_the_namespaces_of_strict_documents_are_known(self, read: Read) -> None:
        body = root("document", f"<w:body>{p('Text', style='Heading2')}</w:body>").replace(
            "http://schemas.openxmlformats.org/wordprocessingml/2006/main", "http://purl.oclc.org/ooxml/wordprocessingml/main"
        )

        (block,) = read("a.docx", zipped({"word/document.xml": body})).blocks

        assert block.metadata["level"] == 2

    def test_a_damaged_part_beside_the_body_is_a_warning(self, read: Read) -> None:
        extraction = read("a.docx", docx(p("Text"), styles="<w:broken"))

        assert texts(extraction.blocks) == ["Text"]
        assert "word/styles.xml" in extraction.warnings[0]

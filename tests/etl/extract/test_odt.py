"""OpenDocument texts and presentations, each made around the one thing a test is about."""

from collections.abc import Callable

import pytest

from semantic_memory.core.model import BlockDraft, BlockType
from tests.etl.conftest import Read
from tests.etl.word.word_files import ODF_NAMESPACES, odt, zipped

Body = Callable[..., list[BlockDraft]]
NUMBERED = (
    '<text:list-style style:name="L"><text:list-level-style-number text:level="1" style:num-format="1" style:num-suffix="."/>'
    '<text:list-level-style-number text:level="2" style:num-format="a" style:num-suffix=")" text:display-levels="2"/></text:list-style>'
)


@pytest.fixture
def body(read: Read) -> Body:
    """The blocks of a text with this body and these styles."""
    return lambda body, **sides: list(read("a.odt", odt(body, **sides)).blocks)


def listed(*items: str, attributes: str = 'text:style-name="L"') -> str:
    return f"<text:list {attributes}>{''.join(f'<text:list-item>{item}</text:list-item>' for item in items)}</text:list>"


def para(text: str, style: str = "Standard") -> str:
    return f'<text:p text:style-name="{style}">{text}</text:p>'


def named(name: str, parent: str = "", inside: str = "", family: str = "paragraph") -> str:
    return f'<style:style style:name="{name}" style:family="{family}" style:parent-style-name="{parent}">{inside}</style:style>'


def test_headings_paragraphs_and_roles_are_kept_in_order(body: Body) -> None:
    content = '<text:h text:outline-level="2">Part</text:h>' + para("Text.") + para("said", "P1") + para("code()", "Preformatted_20_Text")

    blocks = body(content, automatic=named("P1", "Quotations"))

    assert [(block.type.value, block.text) for block in blocks] == [
        ("heading", "Part"),
        ("paragraph", "Text."),
        ("paragraph", "said"),
        ("code", "code()"),
    ]
    assert (blocks[0].metadata["level"], blocks[2].metadata["original_type"]) == (2, "quote")


def test_lists_are_nested_and_numbered_as_shown(body: Body) -> None:
    (block,) = body(listed(para("one") + listed(para("inner"), attributes=""), para("two") + para("more of two")), automatic=NUMBERED)

    assert block.text == "1. one\n  1.a) inner\n2. two\n   more of two"


def test_a_list_goes_on_where_it_says_so(body: Body) -> None:
    going_on = listed(para("b"), attributes='text:style-name="L" text:continue-numbering="true"')

    blocks = body(listed(para("a")) + para("Between.") + going_on + para("Again.") + listed(para("c")), automatic=NUMBERED)

    assert [block.text for block in blocks] == ["1. a", "Between.", "2. b", "Again.", "1. c"]


def test_an_item_can_start_at_another_number(body: Body) -> None:
    seventh = f'<text:list text:style-name="L"><text:list-item text:start-value="7">{para("x")}</text:list-item></text:list>'

    assert body(seventh, automatic=NUMBERED)[0].text == "7. x"


def test_headings_get_the_numbers_of_the_outline(body: Body) -> None:
    outline = (
        '<office:styles><text:outline-style style:name="Outline"><text:outline-level-style text:level="1" style:num-format="1"/>'
        '<text:outline-level-style text:level="2" style:num-format="1" text:display-levels="2"/></text:outline-style></office:styles>'
    )
    heads = [("1", "Scope"), ("2", "Who"), ("1", "Terms")]

    blocks = body("".join(f'<text:h text:outline-level="{level}">{text}</text:h>' for level, text in heads), styles=outline)

    assert [block.text for block in blocks] == ["1 Scope", "1.1 Who", "2 Terms"]


def test_merged_and_repeated_cells_keep_their_places(body: Body) -> None:
    rows = (
        "<table:table-header-rows><table:table-row>"
        '<table:table-cell table:number-columns-spanned="2"><text:p>wide</text:p></table:table-cell><table:covered-table-cell/>'
        '<table:table-cell table:number-rows-spanned="2"><text:p>tall</text:p></table:table-cell></table:table-row>'
        "</table:table-header-rows>"
        '<table:table-row><table:table-cell table:number-columns-repeated="2"><text:p>same</text:p></table:table-cell>'
        "<table:covered-table-cell/></table:table-row>"
    )

    (table,) = body(f"<table:table>{rows}</table:table>")

    assert table.metadata["rows"] == [["wide", "", "tall"], ["same", "same", ""]]
    assert table.metadata["spans"] == [[0, 0, 1, 2], [0, 2, 2, 1]]
    assert table.metadata["header_rows"] == 1


def test_notes_and_comments_stand_behind_their_paragraph(body: Body) -> None:
    note = (
        '<text:note text:note-class="footnote"><text:note-citation>7</text:note-citation>'
        "<text:note-body><text:p>See there.</text:p></text:note-body></text:note>"
    )
    comment = "<office:annotation><dc:creator>Ada</dc:creator><dc:date>2026-01-02</dc:date><text:p>Really?</text:p></office:annotation>"

    blocks = body(para(f"Text{note} goes on{comment}."))

    assert [block.text for block in blocks] == ["Text goes on.", "See there.", "Really?"]
    assert blocks[0].metadata["notes"] == ["7"]
    assert blocks[1].metadata == {"original_type": "footnote", "number": "7"}
    assert blocks[2].metadata == {"original_type": "comment", "author": "Ada", "date": "2026-01-02"}


def test_deletions_are_out_and_insertions_in(body: Body) -> None:
    region = "<text:changed-region><text:deletion><text:p>gone</text:p></text:deletion></text:changed-region>"
    deleted = f"<text:tracked-changes>{region}</text:tracked-changes>"

    blocks = body(deleted + para('<text:change-start text:change-id="c"/>new<text:change-end text:change-id="c"/> text'))

    assert [block.text for block in blocks] == ["new text"]


def test_blanks_tabs_breaks_links_and_spans_are_text(body: Body) -> None:
    content = 'a <text:s text:c="2"/>b<text:tab/>c<text:line-break/><text:a xlink:href="https://a.org"><text:span>site</text:span></text:a>'

    (block,) = body(para(content))

    assert block.text == "a   b\tc\nsite"
    assert block.metadata["links"] == [{"text": "site", "url": "https://a.org"}]


def test_hidden_text_and_sections_are_left_out_with_a_warning(read: Read) -> None:
    hidden = named("T", inside='<style:text-properties text:display="none"/>', family="text")
    content = (
        para('seen<text:span text:style-name="T">secret</text:span>') + f'<text:section text:display="none">{para("x")}</text:section>'
    )

    extraction = read("a.odt", odt(content, automatic=hidden))

    assert [block.text for block in extraction.blocks] == ["seen"]
    assert extraction.warnings == ("6 characters of hidden text were left out", "1 hidden sections were left out")


def test_monospaced_paragraphs_are_code(body: Body) -> None:
    face = '<office:font-face-decls><style:font-face style:name="F" svg:font-family="Liberation Mono"/></office:font-face-decls>'
    courier = named("T", inside='<style:text-properties style:font-name="F"/>', family="text")

    blocks = body(
        para('<text:span text:style-name="T">x = 1</text:span>') + para('call <text:span text:style-name="T">f</text:span>'),
        automatic=courier,
        styles=face,
    )

    assert [block.type for block in blocks] == [BlockType.CODE, BlockType.PARAGRAPH]


def test_pictures_text_boxes_and_objects(read: Read) -> None:
    about = "<svg:title>Plan</svg:title><svg:desc>a plan of the house</svg:desc>"
    picture = f'<draw:frame><draw:image xlink:href="Pictures/1.png"/>{about}</draw:frame>'
    box = "<draw:frame><draw:text-box><text:p>boxed</text:p></draw:text-box></draw:frame>"

    extraction = read("a.odt", odt(para(f"Text{picture}{box}<draw:frame><draw:object/></draw:frame>")))

    assert [(block.type.value, block.text) for block in extraction.blocks] == [
        ("paragraph", "Text"),
        ("image", "a plan of the house"),
        ("paragraph", "boxed"),
    ]
    assert extraction.blocks[1].metadata["part"] == "Pictures/1.png"
    assert extraction.warnings == ("1 embedded objects were not read",)


def test_headers_and_footers_come_first_and_once(body: Body) -> None:
    page = "<style:header><text:p>ACME</text:p></style:header><style:footer><text:p>secret</text:p></style:footer>"
    master = f"<style:master-page>{page}</style:master-page>"
    masters = f"<office:master-styles>{master}{master}</office:master-styles>"

    blocks = body(para("Text"), styles=masters)

    assert [(block.text, block.metadata.get("original_type")) for block in blocks] == [
        ("ACME", "header"),
        ("secret", "footer"),
        ("Text", None),
    ]


def test_pages_are_estimated_from_soft_breaks(read: Read) -> None:
    extraction = read("a.odt", odt(para("one") + "<text:soft-page-break/>" + para("two")))

    assert [block.page for block in extraction.blocks] == [1, 2]
    assert extraction.metadata["pages"] == "estimated"


def test_properties_become_metadata_and_the_title(read: Read) -> None:
    keywords = "<meta:keyword>a</meta:keyword><meta:keyword>b</meta:keyword>"
    meta = f"<dc:title>The title</dc:title><meta:initial-creator>Ada</meta:initial-creator>{keywords}"

    extraction = read("a.odt", odt(para("Text"), meta=meta))

    assert (extraction.title, extraction.metadata["author"], extraction.metadata["keywords"]) == ("The title", "Ada", "a, b")


def test_damaged_styles_are_a_warning(read: Read) -> None:
    extraction = read("a.odt", odt(para("Text"), styles="<style:broken"))

    assert [block.text for block in extraction.blocks] == ["Text"]
    assert "styles.xml" in extraction.warnings[0]


def test_slides_are_pages_with_their_title_as_heading(read: Read) -> None:
    def slide(title: str, text: str) -> str:
        frames = f'<draw:frame presentation:class="title"><draw:text-box><text:p>{title}</text:p></draw:text-box></draw:frame>'
        notes = (
            f"<presentation:notes><draw:frame><draw:text-box><text:p>say {text}</text:p></draw:text-box></draw:frame></presentation:notes>"
        )
        return f"<draw:page>{frames}<draw:frame><draw:text-box><text:p>{text}</text:p></draw:text-box></draw:frame>{notes}</draw:page>"

    content = f"<office:body><office:presentation>{slide('First', 'one')}{slide('Second', 'two')}</office:presentation></office:body>"
    blocks = read(
        "a.odp",
        zipped(
            {
                "mimetype": "application/vnd.oasis.opendocument.presentation",
                "content.xml": f"<office:document-content {ODF_NAMESPACES}>{content}</office:document-content>",
            }
        ),
    ).blocks

    assert [(block.type.value, block.text, block.page) for block in blocks[:3]] == [
        ("heading", "First", 1),
        ("paragraph", "one", 1),
        ("paragraph", "say one", 1),
    ]
    assert blocks[2].metadata["original_type"] == "notes"
    assert blocks[3].metadata["slide"] == 2

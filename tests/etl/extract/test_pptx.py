import io
import zipfile
from collections.abc import Callable, Mapping
from typing import Any

import pptx
import pytest
from PIL import Image
from pptx.chart.data import CategoryChartData
from pptx.enum.chart import XL_CHART_TYPE
from pptx.util import Inches

from semantic_memory.core.errors import CorruptFileError, EmptyDocumentError, ExtractionError, ExtractionLimitError
from semantic_memory.core.model import BlockType, Extraction
from semantic_memory.etl.extract.format import ReadOptions
from semantic_memory.etl.extract.pptx import build
from semantic_memory.etl.media_types import PPTX
from semantic_memory.etl.pool import WorkerPool
from tests.etl.conftest import Read, Write
from tests.etl.extract.loopback import listening

Deck = Any
"""python-pptx's presentation: its types are incomplete."""
TITLE_SLIDE, BULLETS, COMPARISON, TITLE_ONLY, BLANK = 0, 1, 4, 5, 6
DRAWING = "http://schemas.openxmlformats.org/drawingml/2006/main"


def deck(fill: Callable[[Deck], object]) -> bytes:
    presentation = pptx.Presentation()
    fill(presentation)
    buffer = io.BytesIO()
    presentation.save(buffer)
    return buffer.getvalue()


def rewritten(content: bytes, changes: Mapping[str, Callable[[str], str]]) -> bytes:
    """The package with the text of some members changed; a member that is not there is added."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as source, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            data = source.read(name)
            target.writestr(name, changes[name](data.decode()) if name in changes else data)
        for name in changes.keys() - set(source.namelist()):
            target.writestr(name, changes[name](""))
    return buffer.getvalue()


@pytest.fixture
def read_deck(read: Read) -> Callable[[Callable[[Deck], object]], Extraction]:
    """Builds a presentation with python-pptx and extracts it."""
    return lambda fill: read("a.pptx", deck(fill))


def box(slide: Any, text: str, x: float, y: float, width: float = 2, height: float = 1) -> Any:
    shape = slide.shapes.add_textbox(Inches(x), Inches(y), Inches(width), Inches(height))
    shape.text_frame.text = text
    return shape


def test_a_slide_is_its_title_and_its_bullets_with_levels(read_deck) -> None:
    def fill(presentation: Deck) -> None:
        first = presentation.slides.add_slide(presentation.slide_layouts[TITLE_SLIDE])
        first.shapes.title.text, first.placeholders[1].text = "The deck", "A subtitle"
        slide = presentation.slides.add_slide(presentation.slide_layouts[BULLETS])
        slide.shapes.title.text = "Points"
        frame = slide.placeholders[1].text_frame
        for number, text in enumerate(["one", "inner", "two"]):
            paragraph = frame.paragraphs[0] if number == 0 else frame.add_paragraph()
            paragraph.text, paragraph.level = text, number % 2

    extraction = read_deck(fill)

    assert extraction.title == "The deck"
    assert [(block.page, block.type.value, block.text) for block in extraction.blocks] == [
        (1, "heading", "The deck"),
        (1, "paragraph", "A subtitle"),
        (2, "heading", "Points"),
        (2, "list", "- one\n  - inner\n- two"),
    ]
    assert extraction.blocks[2].metadata["slide"] == 2
    assert extraction.blocks[3].metadata["bbox"] == [36.0, 126.0, 684.0, 482.38]


def test_own_bullets_and_numbers_win_over_the_placeholder_s(read_deck) -> None:
    def fill(presentation: Deck) -> None:
        slide = presentation.slides.add_slide(presentation.slide_layouts[BULLETS])
        frame = slide.placeholders[1].text_frame
        for number, (text, mark) in enumerate([("plain", "buNone"), ("a", "buAutoNum"), ("b", "buAutoNum"), ("c", "buChar")]):
            paragraph = frame.paragraphs[0] if number == 0 else frame.add_paragraph()
            paragraph.text = text
            paragraph._p.get_or_add_pPr().append(paragraph._p.makeelement(f"{{{DRAWING}}}{mark}"))

    blocks = read_deck(fill).blocks

    assert [block.text for block in blocks] == ["Slide 1", "plain", "1. a\n2. b\n- c"]


def test_shapes_are_read_in_the_order_of_the_eye(read_deck) -> None:
    def fill(presentation: Deck) -> None:
        slide = presentation.slides.add_slide(presentation.slide_layouts[COMPARISON])
        texts = {0: "Title", 2: "left text", 1: "left head", 4: "right text", 3: "right head"}
        for number, text in texts.items():
            slide.placeholders[number].text = text
        box(slide, "top right", 8, 0.1, 1, 0.1)

    texts = [block.text for block in read_deck(fill).blocks]

    assert texts == ["Title", "top right", "left head", "- left text", "right head", "- right text"]


def test_members_of_groups_stay_together_at_their_place_on_the_slide(read_deck) -> None:
    def fill(presentation: Deck) -> None:
        slide = presentation.slides.add_slide(presentation.slide_layouts[BLANK])
        group = slide.shapes.add_group_shape()
        box(group, "inside", 1, 1)
        box(group, "below", 1, 3)
        group.left, group.top, group.width, group.height = Inches(4), Inches(2), Inches(1), Inches(1.5)
        box(slide, "before", 0, 0)

    blocks = read_deck(fill).blocks

    assert [block.text for block in blocks] == ["Slide 1", "before", "inside", "below"]
    assert [block.metadata["bbox"] for block in blocks[2:]] == [[288.0, 144.0, 360.0, 180.0], [288.0, 216.0, 360.0, 252.0]]


def test_tables_have_spans_and_a_heading_row(read_deck) -> None:
    def fill(presentation: Deck) -> None:
        slide = presentation.slides.add_slide(presentation.slide_layouts[BLANK])
        table = slide.shapes.add_table(2, 3, Inches(1), Inches(1), Inches(6), Inches(1)).table
        for number, text in enumerate("abcdef"):
            table.cell(number // 3, number % 3).text = text
        table.cell(0, 0).merge(table.cell(0, 1))

    _, table = read_deck(fill).blocks

    assert table.metadata["rows"] == [["a\nb", "", "c"], ["d", "e", "f"]]
    assert (table.metadata["spans"], table.metadata["header_rows"]) == ([[0, 0, 1, 2]], 1)


def test_charts_are_tables_and_pictures_their_descriptions(read_deck) -> None:
    picture = io.BytesIO()
    Image.new("RGB", (80, 80)).save(picture, "PNG")

    def fill(presentation: Deck) -> None:
        slide = presentation.slides.add_slide(presentation.slide_layouts[TITLE_ONLY])
        slide.shapes.title.text = "Numbers"
        data = CategoryChartData()
        data.categories = ["Q1", "Q2"]
        data.add_series("Sales", (1.5, 2))
        data.add_series("Costs", (1, None))
        chart = slide.shapes.add_chart(XL_CHART_TYPE.COLUMN_CLUSTERED, Inches(1), Inches(2), Inches(4), Inches(3), data).chart
        chart.has_title, chart.chart_title.text_frame.text = True, "By quarter"
        for description in ("a plan of the house", ""):
            slide.shapes.add_picture(picture, Inches(6), Inches(2))._element.nvPicPr.cNvPr.set("descr", description)

    _, caption, chart, image = read_deck(fill).blocks

    assert (caption.text, caption.metadata["original_type"]) == ("By quarter", "caption")
    assert chart.metadata["rows"] == [["", "Sales", "Costs"], ["Q1", "1.5", "1"], ["Q2", "2", ""]]
    assert (image.type, image.text) == (BlockType.IMAGE, "a plan of the house")


def test_notes_links_and_hidden_slides_are_told(read_deck) -> None:
    def fill(presentation: Deck) -> None:
        slide = presentation.slides.add_slide(presentation.slide_layouts[BLANK])
        run = box(slide, "", 1, 1).text_frame.paragraphs[0].add_run()
        run.text, run.hyperlink.address = "our site", "https://example.org/"
        slide.notes_slide.notes_text_frame.text = "say hello"
        slide._element.set("show", "0")

    _, text, notes = read_deck(fill).blocks

    assert text.metadata["links"] == [{"text": "our site", "url": "https://example.org/"}]
    assert (notes.text, notes.metadata["original_type"], "bbox" in notes.metadata) == ("say hello", "notes", False)
    assert (text.metadata["hidden"], notes.metadata["hidden"]) == (True, True)


def test_footers_are_kept_once_and_slide_numbers_never(read_deck) -> None:
    def fill(presentation: Deck) -> None:
        for number in range(2):
            slide = presentation.slides.add_slide(presentation.slide_layouts[TITLE_ONLY])
            slide.shapes.title.text = f"Slide {number}"
            for placeholder in slide.slide_layout.placeholders:
                if placeholder.placeholder_format.idx in {11, 12}:
                    slide.shapes.clone_placeholder(placeholder)
                    slide.placeholders[placeholder.placeholder_format.idx].text = "Confidential"

    extraction = read_deck(fill)

    assert [block.metadata["region"] for block in extraction.blocks if block.text == "Confidential"] == ["footer"]


def test_diagrams_comments_and_newer_shapes_are_read(read: Read) -> None:
    relations = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    nodes = "".join(f'<pt modelId="{key}"><t><p><r><t>{text}</t></r></p></t></pt>' for key, text in (("1", "root"), ("2", "leaf")))
    frame = (
        '<p:graphicFrame><p:nvGraphicFramePr><p:cNvPr id="9" name="d" descr="a tree"/><p:cNvGraphicFramePr/><p:nvPr/></p:nvGraphicFramePr>'
        f'<p:xfrm><a:off x="0" y="0"/><a:ext cx="12700" cy="12700"/></p:xfrm><a:graphic><a:graphicData uri="{DRAWING[:-5]}/diagram">'
        '<dgm:relIds xmlns:dgm="http://schemas.openxmlformats.org/drawingml/2006/diagram" r:dm="d1"/>'
        "</a:graphicData></a:graphic></p:graphicFrame>"
        '<mc:AlternateContent xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"><mc:Choice><p:sp><p:txBody><a:p><a:r>'
        "<a:t>formula</a:t></a:r></a:p></p:txBody></p:sp></mc:Choice><mc:Fallback><a:t>picture</a:t></mc:Fallback></mc:AlternateContent></p:spTree>"
    )
    links = f'<Relationship Id="d1" Type="{relations}/diagramData" Target="../data.xml"/><Relationship Id="c1" Type="{relations}/comments"'
    content = rewritten(
        deck(lambda presentation: presentation.slides.add_slide(presentation.slide_layouts[BLANK])),
        {
            "ppt/slides/slide1.xml": lambda text: text.replace("</p:spTree>", frame).replace("<p:spTree/>", f"<p:spTree>{frame}"),
            "ppt/slides/_rels/slide1.xml.rels": lambda text: (
                text.replace("</Rel", f'{links} Target="../remarks.xml"/></Rel', 1) if "</Rel" in text else text
            ),
            "ppt/data.xml": lambda _: f'<dataModel>{nodes}<cxn srcId="1" destId="2"/><pt type="pres" modelId="3"/></dataModel>',
            "ppt/remarks.xml": lambda _: "<cmLst><cm><text>why?</text></cm><cm><text> </text></cm></cmLst>",
        },
    )

    blocks = read("a.pptx", content).blocks

    assert [(block.type.value, block.text) for block in blocks[1:]] == [
        ("list", "- root\n  - leaf"),
        ("image", "a tree"),
        ("paragraph", "formula"),
        ("paragraph", "why?"),
    ]


def test_slide_shows_and_templates_are_read_too(read: Read) -> None:
    def fill(presentation: Deck) -> None:
        presentation.core_properties.title = "A show"
        box(presentation.slides.add_slide(presentation.slide_layouts[BLANK]), "text", 1, 1)

    show = rewritten(deck(fill), {"[Content_Types].xml": lambda text: text.replace("presentation.main+xml", "slideshow.main+xml")})

    assert read("a.ppsx", show).title == "A show"


def test_a_chart_that_cannot_be_read_is_a_warning(read: Read) -> None:
    def fill(presentation: Deck) -> None:
        slide = presentation.slides.add_slide(presentation.slide_layouts[TITLE_ONLY])
        slide.shapes.title.text = "Numbers"
        data = CategoryChartData()
        data.categories = ["Q1"]
        data.add_series("Sales", (1,))
        slide.shapes.add_chart(XL_CHART_TYPE.PIE, Inches(1), Inches(2), Inches(4), Inches(3), data)

    content = deck(fill)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        (name,) = (one for one in archive.namelist() if one.startswith("ppt/charts/chart"))

    extraction = read("a.pptx", rewritten(content, {name: lambda text: text.replace("<c:v>1</c:v>", "<c:v>one</c:v>")}))

    assert [block.text for block in extraction.blocks] == ["Numbers"]
    assert "a chart on slide 1 cannot be read" in extraction.warnings[0]


def test_a_presentation_without_text_is_empty(read_deck) -> None:
    with pytest.raises(EmptyDocumentError):
        read_deck(lambda presentation: presentation.slides.add_slide(presentation.slide_layouts[BLANK]))


PLAIN = deck(lambda presentation: box(presentation.slides.add_slide(presentation.slide_layouts[BLANK]), "text", 1, 1))
SLIDE = "ppt/slides/slide1.xml"


def test_file_09_external_entities_templates_and_pictures_fetch_nothing(read: Read) -> None:
    with listening() as listener:
        declared = f'<!DOCTYPE x [<!ENTITY e SYSTEM "{listener.url}">]>'
        late = rewritten(
            PLAIN, {SLIDE: lambda text: f"<!-- {'x' * 5000} -->{declared}{text[text.index('<p:sld') :].replace('>text<', '>text &e;<')}"}
        )
        link = f'<Relationship Id="x1" TargetMode="External" Target="{listener.url}" Type="x/attachedTemplate"/></Relationships>'
        linked = rewritten(PLAIN, {"ppt/slides/_rels/slide1.xml.rels": lambda text: text.replace("</Relationships>", link)})
        with pytest.raises(CorruptFileError):
            read("a.pptx", rewritten(PLAIN, {SLIDE: lambda text: declared + text[text.index("<p:sld") :]}))
        blocks = [*read("b.pptx", late).blocks, *read("c.pptx", linked).blocks]

    assert listener.hits == []
    assert [block.text.strip() for block in blocks] == ["Slide 1", "text", "Slide 1", "text"]


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({SLIDE: lambda text: text.replace(">text<", f">{'x' * 60_000_000}<")}, ExtractionLimitError),
        ({SLIDE: lambda text: text.replace(">text<", f">{'x ' * 6_000_000}<")}, CorruptFileError),
        ({SLIDE: lambda _: "<not xml"}, CorruptFileError),
        ({"ppt/presentation.xml": lambda _: "<p/>"}, CorruptFileError),
        ({"[Content_Types].xml": lambda text: text.replace("presentation.main+xml", "nonsense+xml")}, CorruptFileError),
    ],
    ids=["FILE-03 bomb", "long text node", "no xml", "no slides", "wrong kind"],
)
def test_hostile_presentations_are_typed_errors(read: Read, changes, error: type[ExtractionError]) -> None:
    with pytest.raises(error):
        read("a.pptx", rewritten(PLAIN, changes))


def test_more_xml_than_is_bearable_is_a_limit(read: Read) -> None:
    buffer = io.BytesIO(PLAIN)
    with zipfile.ZipFile(buffer, "a", zipfile.ZIP_STORED) as archive:
        archive.writestr("ppt/other.xml", b" " * (65 * 1024 * 1024))

    with pytest.raises(ExtractionLimitError):
        read("a.pptx", buffer.getvalue())


def test_slides_behind_the_limit_are_a_warning(write: Write) -> None:
    def fill(presentation: Deck) -> None:
        for text in ("one", "two"):
            box(presentation.slides.add_slide(presentation.slide_layouts[BLANK]), text, 1, 1)

    extraction = build(ReadOptions(max_pages=1)).extract(write("a.pptx", deck(fill)), "a.pptx", PPTX)

    assert [block.text for block in extraction.blocks] == ["Slide 1", "one"]
    assert extraction.warnings == ["only 1 of 2 slides were read"]


async def test_groups_nested_without_end_are_an_error_and_the_next_file_is_read(pool: WorkerPool, write: Write) -> None:
    group = "<p:grpSp><p:nvGrpSpPr/><p:grpSpPr/>"
    deep = rewritten(
        PLAIN, {SLIDE: lambda text: text.replace("<p:sp>", group * 3000 + "<p:sp>").replace("</p:sp>", "</p:sp>" + "</p:grpSp>" * 3000)}
    )

    with pytest.raises(ExtractionError):
        await pool.extract(write("deep.pptx", deep), name="deep.pptx")
    extraction = await pool.extract(write("a.pptx", PLAIN), name="a.pptx")

    assert [block.text for block in extraction.blocks] == ["Slide 1", "text"]

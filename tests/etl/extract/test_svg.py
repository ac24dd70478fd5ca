import pytest

from semantic_memory.core.errors import EmptyDocumentError
from semantic_memory.core.model import BlockType
from semantic_memory.etl.extract.format import ReadOptions
from semantic_memory.etl.extract.svg import build
from tests.etl.conftest import Read, Write
from tests.etl.extract.loopback import listening

SVG = '<svg xmlns="http://www.w3.org/2000/svg">'


def texts(read: Read, inside: str) -> list[str]:
    return [block.text for block in read("a.svg", f"{SVG}{inside}</svg>").blocks]


def test_title_and_description_are_the_image_and_texts_are_paragraphs(read: Read) -> None:
    extraction = read("a.svg", f"{SVG}\n<title>Plan</title>\n<desc>of a house</desc><rect/>\n<g><text>Kitchen</text></g></svg>")

    image, text = extraction.blocks
    assert extraction.title == "Plan"
    assert (image.type, image.text, image.metadata["start_line"], image.metadata["end_line"]) == (BlockType.IMAGE, "Plan\nof a house", 2, 3)
    assert (text.type, text.text, text.metadata["start_line"]) == (BlockType.PARAGRAPH, "Kitchen", 4)


@pytest.mark.parametrize(
    ("inside", "found"),
    [
        ("<text><tspan>one</tspan> <tspan>line</tspan><tspan dy='1em'>next</tspan></text>", ["one line\nnext"]),
        ("<rect><title>tip</title></rect>", ["tip"]),
        ("<switch><foreignObject><div>label</div></foreignObject><text>label</text></switch><text>x</text>", ["label", "x"]),
        ("<foreignObject><div>a</div><div>b</div></foreignObject>", ["a\nb"]),
        ("<text><![CDATA[a < b]]></text>", ["a < b"]),
        ("<script><![CDATA[alert('</text>')]]></script><style>text{}</style><metadata>m</metadata><text>x</text>", ["x"]),
        ("<g/><text/><text>never closed", ["never closed"]),
    ],
)
def test_texts_are_found(read: Read, inside: str, found: list[str]) -> None:
    assert texts(read, inside) == found


def test_file_05_scripts_pictures_and_entities_are_never_looked_at(write: Write) -> None:
    with listening() as listener:
        prolog = f'<?xml version="1.0"?><!DOCTYPE svg SYSTEM "{listener.url}" [<!ENTITY e SYSTEM "{listener.url}"><!ENTITY a "expanded">]>'
        inside = f'<script href="{listener.url}">x</script><image href="{listener.url}"/><use href="{listener.url}#a"/><text>&e; &a;</text>'
        file = write("a.svg", f'{prolog}<svg onload="x()">{inside}</svg>')
        blocks = build(ReadOptions()).extract(file, "a.svg", "image/svg+xml").blocks

    assert listener.hits == []
    assert [block.text for block in blocks] == ["&e; &a;"]


def test_a_drawing_without_words_is_empty(read: Read) -> None:
    with pytest.raises(EmptyDocumentError):
        read("a.svg", f"{SVG}<rect/></svg>")


@pytest.mark.parametrize(
    "inside", ["<g>" * 50_000, "<text>" * 20_000 + "x", "<![CDATA[" * 20_000, "<switch><text>" * 10_000, "<!--" * 20_000]
)
def test_depth_costs_linear_time(read: Read, inside: str) -> None:
    assert texts(read, f"<title>t</title>{inside}")[0].startswith("t")

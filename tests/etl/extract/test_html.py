import pytest

from semantic_memory.core.errors import EmptyDocumentError
from semantic_memory.core.model import BlockType
from semantic_memory.etl.blocks.markup import read_markup
from tests.etl.conftest import Read


def shape(html: str) -> list[tuple[str, str]]:
    return [(block.type.value, block.text) for block in read_markup(html).blocks]


@pytest.mark.parametrize(
    ("html", "blocks"),
    [
        ("<h2>A\n <i>title</i></h2><p>text", [("heading", "A title"), ("paragraph", "text")]),
        ("<p>one<br>two<p>three", [("paragraph", "one\ntwo"), ("paragraph", "three")]),
        ("loose <b>te</b>xt<div>boxed</div>after", [("paragraph", "loose text"), ("paragraph", "boxed"), ("paragraph", "after")]),
        ("<ul><li>a<li>b<ol><li>c</ol></ul>", [("list", "- a\n- b\n  1. c")]),
        ("<ul><li><p>a</p><p>b</p></li></ul>", [("list", "- a\n  b")]),
        ("<ul><li><input type=checkbox checked>done</ul>", [("list", "- [x] done")]),
        ("<ul><li>run<pre>a\n  b</pre></ul>", [("list", "- run\n  a\n    b")]),
        ("<table><tr><th>a<th>b<tr><td>1<td>2</table>", [("table", "| a | b |\n| --- | --- |\n| 1 | 2 |")]),
        ("<table><tr><td>only<tr><td>layout</table>", [("paragraph", "only"), ("paragraph", "layout")]),
        ("<ul>early<li>a<table><tr><td>b<td>c</table><img alt=d></ul>", [("list", "- early\n- a\n  b c\n  d")]),
        ("<table><td>a<br>b<td><img alt=c></table>", [("table", "| a b | c |")]),
        ("<table><tr><td>  <td> </table>x", [("table", ""), ("paragraph", "x")]),
        ("<pre>a<br>b</pre>", [("code", "a\nb")]),
        ("<pre>x\n  y\n</pre>", [("code", "x\n  y")]),
        ("<img src=/a/b.png?x alt='the plan'>", [("image", "the plan")]),
        ("<img src=/a/b.png>", [("image", "b.png")]),
        ("<p>see <img src=x alt=this></p>", [("paragraph", "see this")]),
        ("<blockquote><p>q</blockquote>", [("paragraph", "q")]),
        ("a &amp; b&nbsp;&copy; &#x41;", [("paragraph", "a & b\xa0© A")]),
        ("<!-- c --><p>x</p><![CDATA[ y ]]>", [("paragraph", "x")]),
        ("<dl><dt>term<dd>meaning</dl>", [("paragraph", "term"), ("paragraph", "meaning")]),
        ("</ul></table></pre>stray<p/>ends", [("paragraph", "stray"), ("paragraph", "ends")]),
        ("<ul><li>never closed", [("list", "- never closed")]),
    ],
)
def test_structure(html: str, blocks: list[tuple[str, str]]) -> None:
    assert shape(html) == blocks


@pytest.mark.parametrize(
    "unseen",
    [
        "<script>x</script>",
        "<style>x{}</style>",
        "<nav><nav>x</nav>x</nav>",
        "<template><p>x</p></template>",
        "<p hidden>x</p>",
        "<div style='Display : none'>x<div>x</div>x</div>",
        "<head><title>x</title></head>",
    ],
)
def test_what_a_reader_does_not_see_is_left_out(unseen: str) -> None:
    assert shape(f"<p>before</p>{unseen}<p>after</p>") == [("paragraph", "before"), ("paragraph", "after")]


def test_every_block_knows_its_lines() -> None:
    blocks = read_markup("<h1>\nA\n</h1>\n<p>b\nc</p>\n<ul>\n<li>d\n<li>e\n</ul>\n<pre>\nf\n</pre>").blocks

    assert [(block.metadata["start_line"], block.metadata["end_line"]) for block in blocks] == [(2, 2), (4, 5), (7, 8), (11, 11)]


def test_spanned_cells_keep_the_columns_aligned() -> None:
    (table,) = read_markup("<table><tr><td rowspan=2>a<td colspan=2>b<tr><td>c<td>d<tr><td>e</table>").blocks

    assert table.metadata["rows"] == [["a", "b", ""], ["", "c", "d"], ["e", "", ""]]


def test_a_header_cell_beside_data_is_no_header_row() -> None:
    (table,) = read_markup("<table><tr><th>a<td>1<tr><th>b<td>2</table>").blocks

    assert table.metadata["header_rows"] == 0


def test_a_caption_and_a_nested_table_are_kept() -> None:
    html = "<table><caption>The caption</caption><tr><td>a<td><table><tr><td>in<td>side</table></table>"

    assert shape(html) == [("paragraph", "The caption"), ("table", "| a | in side |")]


def test_code_names_its_language() -> None:
    (code,) = read_markup('<pre><code class="hljs language-rust">x</code></pre>').blocks

    assert code.language == "rust"


def test_levels_items_and_images_are_in_the_metadata() -> None:
    heading, items, text = read_markup("<h4>h</h4><ol><li>a</ol><p>b<img src=c alt=d></p>").blocks

    assert heading.metadata["level"] == 4
    assert items.metadata["items"] == [{"level": 0, "marker": "1.", "text": "a"}]
    assert text.metadata["images"] == [{"alt": "d", "src": "c"}]


def test_quotes_end_with_their_element() -> None:
    quote, text = read_markup("<blockquote>q</blockquote><p>t").blocks

    assert (quote.metadata.get("original_type"), text.metadata.get("original_type")) == ("quote", None)


@pytest.mark.parametrize(
    "html",
    [
        "<div>" * 100_000 + "text",
        "<ul><li>" * 10_000 + "text",
        "<p " + " ".join(f"a{number}=x" for number in range(50_000)) + ">text",
        "<table><tr><td>" * 10_000 + "text",
        "<table><tr>" + "<td colspan=99999999 rowspan=99999999>x" * 50 + "</table>text",
        "<blockquote>" * 10_000 + "text",
    ],
)
def test_depth_and_width_cost_linear_time(html: str) -> None:
    assert "text" in shape(html)[-1][1]


def test_the_title_is_the_element_else_the_first_heading(read: Read) -> None:
    assert read("a.html", "<title>The\n title</title><h1>Heading</h1>").title == "The title"
    assert read("a.html", "<p>x</p><h1>Heading</h1>").title == "Heading"


def test_a_page_without_text_is_empty(read: Read) -> None:
    with pytest.raises(EmptyDocumentError):
        read("a.html", "<html><body><script>x</script></body></html>")


def test_blocks_get_a_language(read: Read) -> None:
    extraction = read("a.html", "<p>Der schnelle braune Fuchs springt jeden Morgen über den faulen Hund.</p><pre>x</pre>")

    assert [(block.type, block.language) for block in extraction.blocks] == [(BlockType.PARAGRAPH, "de"), (BlockType.CODE, None)]

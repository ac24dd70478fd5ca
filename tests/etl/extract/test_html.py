import pytest

from semantic_memory.core.errors import EmptyDocumentError
from semantic_memory.core.model import BlockType
from semantic_memory.etl.markup.reader import read_markup
from tests.etl.conftest import Read
from tests.etl.extract.loopback import listening


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
        ("<dl><dt>term<dd>meaning</dl>after", [("paragraph", "term\nmeaning"), ("paragraph", "after")]),
        (
            "<dl><dt>a<dt>b<dd>both<dd>more<dt>c</dl>",
            [("paragraph", "a"), ("paragraph", "b\nboth"), ("paragraph", "more"), ("paragraph", "c")],
        ),
        ("<dl><dt>f()<dd><pre>code</pre></dl>", [("paragraph", "f()"), ("code", "code")]),
        ("<p>- one<br>- two", [("list", "- one\n- two")]),
        ("<p>1. one<br>2) two", [("list", "1. one\n2) two")]),
        ("<p>- one<br>two", [("paragraph", "- one\ntwo")]),
        ("<p>a<hr>b", [("paragraph", "a"), ("paragraph", "b")]),
        ("<ol start=3><li>a<li value=7>b<li>c</ol>", [("list", "3. a\n7. b\n8. c")]),
        ("<p>10<sup>6</sup> m<sup>2</sup> <q>said</q>", [("paragraph", "10^6 m2 “said”")]),
        ("<ruby>漢<rp>(</rp><rt>kan</rt><rp>)</rp></ruby>", [("paragraph", "漢")]),
        ("<details><summary>More</summary>inside</details>", [("paragraph", "More"), ("paragraph", "inside")]),
        ("<h2>Title<a href=#t>¶</a></h2><h2>Learn C#</h2>", [("heading", "Title"), ("heading", "Learn C#")]),
        ("<select><option>a<option>b</select>", [("paragraph", "a"), ("paragraph", "b")]),
        ("<title>T<p>x", [("paragraph", "x")]),
        ("<p>a &lt b &nosuch; &#0; &#x110000;", [("paragraph", "a < b &nosuch; \ufffd \ufffd")]),
        ("<pre><div>a</div><div>b</div></pre>", [("code", "a\nb")]),
        ("a < b and <3", [("paragraph", "a < b and <3")]),
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
        "<div role=navigation>x</div>",
        "<div id=CookieBanner class='bar cookie-notice'><p>x</p></div>",
        "<section id=onetrust-consent-sdk>x</section>",
        "<math><annotation encoding=tex>x</annotation></math>",
        "<div class=lineno>1</div>",
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
        "<!--" * 20_000 + "text",
        "<!-- >" * 20_000 + "--><p>text",
        "<a " * 20_000 + "text",
        "<a x='" * 20_001 + "text",
        "<![CDATA[>" * 20_000 + "text",
        "</" * 20_000 + "text",
        "<ul><li><h2>" * 5_000 + "text",
        "<table><h1>" * 5_000 + "</table>" * 20_000 + "text",
        "<a href=x>t" * 20_000 + "text",
        "<dl><dt>a<dd>b" * 5_000 + "text",
        "<p lang=fr>" * 10_000 + "text",
        "<table><tr>" + "<td>x" * 2000 + "<tr><td>y" * 10_000 + "</table>text",
    ],
)
def test_depth_and_width_cost_linear_time(html: str) -> None:
    assert "text" in shape(html)[-1][1]


def test_the_title_is_the_element_else_the_first_heading(read: Read) -> None:
    assert read("a.html", "<title>The\n title</title><h1>Heading</h1>").title == "The title"
    assert read("a.html", "<p>x</p><h1>Heading</h1>").title == "Heading"


@pytest.mark.parametrize(
    "kept", ["<p hidden=until-found>x</p>", "<body class=cookie-banner><p>x</p>", "<p>x</p><p hidden>y", "<p id=gdpr>x</p>"]
)
def test_what_a_reader_sees_is_not_left_out(kept: str) -> None:
    assert shape(kept) == [("paragraph", "x")]


def test_a_hidden_paragraph_ends_where_the_next_block_begins() -> None:
    assert shape("<p hidden>x<p>seen<div><p hidden>y</div>also") == [("paragraph", "seen"), ("paragraph", "also")]


def test_a_page_of_nothing_but_navigation_is_read() -> None:
    assert shape("<nav><a href=x>one</a></nav><noscript>two</noscript>") == [("paragraph", "one"), ("paragraph", "two")]


def test_merged_cells_are_spans_and_row_names_are_told() -> None:
    html = "<table><thead><tr><th rowspan=2>a<th colspan=2>b<tr><th>c<th>d</thead><tr><th>e<td>1<td>2<tr><th rowspan=9>f<td>3<td>4</table>"

    (table,) = read_markup(html).blocks

    assert table.metadata["spans"] == [[0, 0, 2, 1], [0, 1, 1, 2]]
    assert (table.metadata["header_rows"], table.metadata["header_columns"]) == (2, 1)
    assert table.metadata["rows"] == [["a", "b", ""], ["", "c", "d"], ["e", "1", "2"], ["f", "3", "4"]]


@pytest.mark.parametrize(
    ("html", "blocks"),
    [
        ("<table><tr><td><h2>a</h2><ul><li>b</ul><td>c</table>", [("heading", "a"), ("list", "- b"), ("paragraph", "c")]),
        ("<table><tr><td><table><tr><th>a<th>b<tr><td>1<td>2</table></table>", [("table", "| a | b |\n| --- | --- |\n| 1 | 2 |")]),
        ("<table role=presentation><tr><td>a<td>b</table>", [("paragraph", "a"), ("paragraph", "b")]),
        ("<table><tr><td><ul><li>a</ul></table>", [("list", "- a")]),
        ("<table><tr><th>a<th>b<tr><td><h2>c</h2><td>d</table>", [("table", "| a | b |\n| --- | --- |\n| c | d |")]),
        ("<ul><li><h3>a</h3><p>b<li><h3>c</h3></ul>", [("heading", "a"), ("paragraph", "b"), ("heading", "c")]),
        ("<ul><li><ul><li><h3>a</h3></ul></ul>b", [("heading", "a"), ("paragraph", "b")]),
        ("<table><tr><td><ul><li>a</table><h2>b</h2>", [("list", "- a"), ("heading", "b")]),
    ],
)
def test_what_only_lays_out_the_page_is_read_through(html: str, blocks: list[tuple[str, str]]) -> None:
    assert shape(html) == blocks


@pytest.mark.parametrize(
    "html",
    [
        "<pre data-lang=Python>x</pre>",
        "<div class='highlight-python notranslate'><div class=highlight><pre>x</pre></div></div>",
        "<div class='language-python highlighter-rouge'><div class=highlight><pre class=highlight>x</pre></div></div>",
        "<div class='highlight highlight-source-python'><pre>x</pre></div>",
        "<pre class='brush: python'>x</pre>",
        "<div class=highlight-python><table class=highlighttable><tr><td class=linenos><pre>1</pre></td><td><pre>x</pre></table></div>",
    ],
)
def test_code_may_name_its_language_in_many_ways(html: str) -> None:
    (code,) = read_markup(html).blocks

    assert (code.text, code.language) == ("x", "python")


@pytest.mark.parametrize(
    "html", ["<pre>x</pre>", "<div class=highlight-default><pre>x</pre></div>", "<div lang=python><p>y</p></div><pre>x</pre>"]
)
def test_code_without_a_name_has_no_language(html: str) -> None:
    assert read_markup(html).blocks[-1].language is None


def test_links_are_kept_with_their_addresses() -> None:
    html = (
        "<base href=https://e.org/a/><p>see <a href='b.html'>this <b>page</b></a>, <a href=javascript:x()>not</a> <a href=#top>up</a></p>"
    )
    html += "<ul><li><a href=/c>c</a></ul><table><tr><td><a href=mailto:a@b.c>mail</a><td>x</table><p><a href='http://[bad'>bad</a>"

    blocks = read_markup(html).blocks

    assert [block.metadata.get("links") for block in blocks] == [
        [{"text": "this page", "url": "https://e.org/a/b.html"}],
        [{"text": "c", "url": "https://e.org/c"}],
        [{"text": "mail", "url": "mailto:a@b.c"}],
        None,
    ]


def test_a_link_around_blocks_belongs_to_each_of_them() -> None:
    blocks = read_markup("<a href=x><h2>Title</h2><p>text</p></a>").blocks

    assert [block.metadata["links"] for block in blocks] == [[{"text": "Title", "url": "x"}], [{"text": "text", "url": "x"}]]


def test_a_figure_is_one_image_with_its_caption() -> None:
    image, caption, code = read_markup("<figure><img src=p.png alt=plan><figcaption>Figure 1: <i>the</i> house</figcaption></figure>"
        "<figure><figcaption>Listing</figcaption><pre>x</pre></figure>").blocks  # fmt: skip

    assert (image.type, image.text, image.metadata["caption"]) == (BlockType.IMAGE, "Figure 1: the house\nplan", "Figure 1: the house")
    assert (caption.metadata["original_type"], code.text) == ("caption", "x")


def test_regions_of_the_page_are_told_but_not_those_of_an_article() -> None:
    html = "<header><h1>t</h1>h</header><main><header>own</header><aside>note</aside></main><aside>a</aside><div role=contentinfo>f</div>"

    assert [block.metadata.get("region") for block in read_markup(html).blocks] == [None, "header", None, None, "aside", "footer"]


def test_a_declared_language_is_the_block_s_unless_it_is_the_page_s() -> None:
    html = "<html lang=en-GB><p>one<p lang=fr-CA>deux<div lang=en>three</div><p lang=ru>not Russian<p lang=ru>русский"
    html += "<p>four<ul lang=de><li>x</ul>"

    assert [block.language for block in read_markup(html).blocks] == [None, "fr", None, None, "ru", None, "de"]


def test_the_head_becomes_metadata(read: Read) -> None:
    extraction = read(
        "a.html",
        "<html lang=en><meta property=og:title content='The title'><meta name=Description content=' About\n it '>"
        "<meta name=author content=Ada>"
        "<meta property=article:published_time content=2024-05-01><link rel=canonical href=https://e.org/a><meta name=x content=y>"
        "<nav>menu</nav><div class=cookie-banner>c</div><p>text",
    )

    assert extraction.title == "The title"
    assert extraction.metadata == {
        "language": "en",
        "description": "About it",
        "author": "Ada",
        "published": "2024-05-01",
        "canonical": "https://e.org/a",
        "left_out": {"navigation": 1, "cookie notice": 1},
    }


@pytest.mark.parametrize(
    ("declaration", "encoding", "text"),
    [
        ("<meta charset=windows-1251>", "cp1251", "Привет, мир"),
        ("<meta http-equiv=Content-Type content='text/html; charset=Shift_JIS'>", "cp932", "東京都"),
        ("<meta charset='iso-8859-1'>", "cp1252", "naïve – “quoted”"),
        ("<?xml version='1.0' encoding='ISO-8859-2'?>", "iso8859-2", "Łódź"),
        ("<meta charset=iso-2022-jp>", "iso2022_jp", "日本語"),
        ("<meta charset=utf-7>", "utf-8", "+ADw-script+AD4-"),
        ("<meta charset=punycode>", "utf-8", "plain"),
        ("<meta charset=no-such-encoding>", "utf-8", "plain"),
    ],
)
def test_a_declared_encoding_is_believed(read: Read, declaration: str, encoding: str, text: str) -> None:
    extraction = read("a.html", f"{declaration}<p>{text}</p>".encode(encoding))

    assert extraction.blocks[0].text == text
    assert extraction.metadata.get("encoding", "utf-8") == encoding


def test_file_14_only_text_comes_out_and_nothing_is_fetched() -> None:
    with listening() as listener:
        url = listener.url
        html = f"<meta http-equiv=refresh content='0;url={url}'><script src={url}>x()</script><iframe src={url}>i</iframe>"
        html += (
            f"<link rel=stylesheet href={url}><object data={url}>o</object><svg><image href={url} /></svg><style>@import '{url}'</style>"
        )
        html += f"<p><img src={url} alt=pic><p><img src='data:image/png;base64,AAAA' alt=inline>"
        html += f"<p onclick=x()>text &e;<!DOCTYPE x SYSTEM '{url}'>"
        blocks = read_markup(html).blocks

    assert listener.hits == []
    assert [(block.type.value, block.text) for block in blocks] == [("image", "pic"), ("image", "inline"), ("paragraph", "text &e;")]
    assert "data:" not in str([block.metadata for block in blocks])


def test_a_page_without_text_is_empty(read: Read) -> None:
    with pytest.raises(EmptyDocumentError):
        read("a.html", "<html><body><script>x</script></body></html>")


def test_blocks_get_a_language(read: Read) -> None:
    extraction = read("a.html", "<p>Der schnelle braune Fuchs springt jeden Morgen über den faulen Hund.</p><pre>x</pre>")

    assert [(block.type, block.language) for block in extraction.blocks] == [(BlockType.PARAGRAPH, "de"), (BlockType.CODE, None)]

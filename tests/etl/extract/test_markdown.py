import pytest
from hypothesis import given
from hypothesis import strategies as st

from semantic_memory.core.model import BlockDraft, BlockType
from semantic_memory.etl.markdown.blocks import markdown_blocks
from tests.etl.conftest import Read


def shape(text: str) -> list[tuple[str, str]]:
    return [(block.type.value, block.text) for block in markdown_blocks(text)]


def lines(block: BlockDraft) -> tuple[object, object]:
    return block.metadata["start_line"], block.metadata["end_line"]


@pytest.mark.parametrize(
    ("source", "blocks"),
    [
        ("# One #\n\nTwo\n===\n", [("heading", "One"), ("heading", "Two")]),
        ("one\ntwo\n\nthree", [("paragraph", "one two"), ("paragraph", "three")]),
        ("hard  \nbreak\\\nhere<br>too", [("paragraph", "hard\nbreak\nhere\ntoo")]),
        ("**bold** *it* ~~gone~~ `co*de` [link](u) <http://a.b>", [("paragraph", "bold it gone co*de link http://a.b")]),
        ("- a\n- b\n  - c\n\n    d\n- e", [("list", "- a\n- b\n  - c\n    d\n- e")]),
        ("3. three\n4. four", [("list", "3. three\n4. four")]),
        ("- [x] done\n- [ ] open", [("list", "- [x] done\n- [ ] open")]),
        ("1. run\n\n   ```sh\n   make\n     it\n   ```", [("list", "1. run\n   make\n     it")]),
        (
            "- a\n\n  > said\n  > - x\n\n  | h |\n  |---|\n  | 1 |\n\n  <p>html</p>",
            [("list", "- a\n  said\n  - x\n  | h |\n  | --- |\n  | 1 |\n  html")],
        ),
        ("> quoted\n> > twice\n", [("paragraph", "quoted"), ("paragraph", "twice")]),
        ("| a | b |\n|---|---|\n| 1 | `2` |", [("table", "| a | b |\n| --- | --- |\n| 1 | 2 |")]),
        ("```\nx\n\n  y\n```", [("code", "x\n\n  y")]),
        ("    indented\n      code", [("code", "indented\n  code")]),
        ("![a plan](img/plan.png)\n", [("image", "a plan")]),
        ("![](img/plan.png?raw=1)\n", [("image", "plan.png")]),
        ("see ![this](x.png) there", [("paragraph", "see this there")]),
        ("***\n\na\n\n<!-- no -->\n", [("paragraph", "a")]),
        ("<div>\n<p>html <b>text</b></p>\n</div>", [("paragraph", "html text")]),
        ("a &amp; b &copy; \\*", [("paragraph", "a & b © *")]),
        ("[ref]: http://a.b\n\n[ref]", [("paragraph", "ref")]),
    ],
)
def test_commonmark_and_github_structure(source: str, blocks: list[tuple[str, str]]) -> None:
    assert shape(source) == blocks


def test_every_block_knows_its_lines() -> None:
    blocks = markdown_blocks("# H\n\np\nq\n\n- a\n- b\n\n\n```\nx\n```\n\n| a |\n|---|\n| 1 |\n\n<p>\nhtml</p>\n")

    assert [lines(block) for block in blocks] == [(1, 1), (3, 4), (6, 7), (10, 12), (14, 16), (19, 19)]


def test_front_matter_becomes_metadata_and_keeps_the_line_numbers(read: Read) -> None:
    extraction = read("a.md", "---\ntitle: A title\ntags: [x, y]\ndate: 2024-02-03\n---\n# Heading\n")

    assert extraction.title == "A title"
    assert extraction.metadata == {"title": "A title", "tags": ["x", "y"], "date": "2024-02-03"}
    assert lines(extraction.blocks[0]) == (6, 6)


def test_toml_front_matter_is_read_too(read: Read) -> None:
    assert read("a.md", '+++\ntitle = "T"\n+++\ntext').title == "T"


@pytest.mark.parametrize(
    ("header", "first"), [("a: [", "a"), ("a: &x [1]\nb: [*x, *x]", "a"), ("just text", "just text"), ("2024-99-99: x", "2024-99-99")]
)
def test_front_matter_that_is_none_stays_in_the_text(read: Read, header: str, first: str) -> None:
    extraction = read("a.md", f"---\n{header}\n---\ntext")

    assert extraction.metadata == {}
    assert first in " ".join(block.text for block in extraction.blocks)


def test_front_matter_holds_plain_values_only(read: Read) -> None:
    header = "when: 10:30:00\nraw: !!binary aGk=\nnested: {1: [2024-01-01]}\nnone:"

    assert read("a.md", f"---\n{header}\n---\ntext").metadata == {
        "when": 37800,
        "raw": "b'hi'",
        "nested": {"1": ["2024-01-01"]},
        "none": None,
    }


def test_toml_that_is_none_stays_in_the_text(read: Read) -> None:
    assert "title =" in read("a.md", "+++\ntitle =\n+++\ntext").blocks[0].text


def test_the_first_heading_is_the_title(read: Read) -> None:
    assert read("a.md", "text\n\n## First\n\n# Second").title == "First"


def test_headings_tables_and_lists_carry_their_structure() -> None:
    heading, table, items = markdown_blocks("### H\n\n| a | b |\n|---|---|\n| 1 |\n\n* [ ] x\n  1. y\n")

    assert heading.metadata["level"] == 3
    assert (table.metadata["rows"], table.metadata["header_rows"]) == ([["a", "b"], ["1", ""]], 1)
    assert items.metadata["items"] == [
        {"level": 0, "marker": "-", "text": "x", "checked": False},
        {"level": 1, "marker": "1.", "text": "y"},
    ]


def test_fences_name_their_language_and_quotes_their_type() -> None:
    code, quote = markdown_blocks("``` Python {linenos=1}\nx\n```\n\n> q")

    assert code.language == "python"
    assert quote.metadata["original_type"] == "quote"


def test_images_keep_description_and_source() -> None:
    image, text = markdown_blocks("[![alt](a.png)](link)\n\nwith ![alt](b.png) inside")

    assert (image.type, image.metadata["alt"], image.metadata["src"]) == (BlockType.IMAGE, "alt", "a.png")
    assert text.metadata["images"] == [{"alt": "alt", "src": "b.png"}]


@pytest.mark.parametrize(
    ("source", "blocks"),
    [
        ("see[^1]\n\n[^1]: word\n", [("paragraph", "see[^1]"), ("paragraph", "word")]),
        ("[^1]: [x]: y\n", [("paragraph", "[^1]: [x]: y")]),
        ("[^a]: one\n    two\n\n    three\n", [("paragraph", "one two"), ("paragraph", "three")]),
        ("Term\n: one\n: two\n", [("list", "- Term\n  - one\n  - two")]),
        ("$$\na_b * c_d\n$$\n", [("code", "a_b * c_d")]),
        ("\\begin{align}\na \\\\ b\n\\end{align}\n", [("code", "\\begin{align}\na \\\\ b\n\\end{align}")]),
        ("so $a_b * c_d$ costs $5 or $6", [("paragraph", "so $a_b * c_d$ costs $5 or $6")]),
        ("> [!NOTE]\n> Useful.\n", [("paragraph", "Useful.")]),
        ("::: warning Careful\nInside **it**.\n\n- a\n:::\n", [("paragraph", "Careful"), ("paragraph", "Inside it."), ("list", "- a")]),
        (":::tip[Read]\nx\n:::\n", [("paragraph", "Read"), ("paragraph", "x")]),
        ('!!! note "Hey"\n    Body.\n', [("paragraph", "Hey"), ("paragraph", "Body.")]),
        ("!!! note\n    Body.\n", [("paragraph", "Body.")]),
        ("- [x](u) link\n- [x] done\n", [("list", "- x link\n- [x] done")]),
        ("<Card title='x'>\n\n**inside**\n\n</Card>\n", [("paragraph", "inside")]),
        ("import X from './x'\n\n# T\n", [("paragraph", "import X from './x'"), ("heading", "T")]),
        ("> <p>quoted</p>\n", [("paragraph", "quoted")]),
        ("<img src='a/b.png'>\n", [("image", "b.png")]),
        ("text <img alt='a plan' src=b.png> here\n", [("paragraph", "text a plan here")]),
        ("<span></span>\n", []),
        (">\n", []),
        ("- $$\n  x\n  $$\n- Term\n  : one\n", [("list", "- x\n- - Term\n    - one")]),
    ],
)
def test_what_documentation_tools_add(source: str, blocks: list[tuple[str, str]]) -> None:
    assert shape(source) == blocks


def test_links_are_told_with_their_text() -> None:
    text, items, heading = markdown_blocks("[*a*](u) <http://b.c> www.d.org [r]\n\n- [x](y)\n\n# [h](#i)\n\n[r]: /z\n")

    assert text.metadata["links"] == [
        {"text": "a", "url": "u"},
        {"text": "http://b.c", "url": "http://b.c"},
        {"text": "www.d.org", "url": "http://www.d.org"},
        {"text": "r", "url": "/z"},
    ]
    assert [block.metadata["links"] for block in (items, heading)] == [[{"text": "x", "url": "y"}], [{"text": "h", "url": "#i"}]]


def test_headings_have_the_anchors_that_links_to_them_use() -> None:
    headings = markdown_blocks("# What's new?\n\n## `a_b` C\n\n# What's new\n\n# Own {#here}\n")

    assert [(block.text, block.metadata["anchor"]) for block in headings] == [
        ("What's new?", "whats-new"),
        ("a_b C", "a_b-c"),
        ("What's new", "whats-new-1"),
        ("Own", "here"),
    ]


def test_footnotes_formulas_and_admonitions_say_what_they_are() -> None:
    note, formula, alert, title, box = markdown_blocks("[^n]: x\n\n$$\ny\n$$\n\n> [!TIP]\n> a\n\n::: danger Stop\nb\n:::\n")

    assert (note.metadata["original_type"], note.metadata["label"]) == ("footnote", "n")
    assert (formula.language, formula.metadata["original_type"]) == ("latex", "math")
    assert (alert.metadata["admonition"], "original_type" in alert.metadata) == ("tip", False)
    assert (title.metadata["admonition"], title.metadata["original_type"], lines(title)) == ("danger", "admonition_title", (10, 10))
    assert (box.metadata["admonition"], lines(box)) == ("danger", (11, 11))


def test_text_below_the_nesting_limit_is_kept_as_it_stands() -> None:
    deep = "".join("  " * level + "- x\n" for level in range(200)) + "  " * 200 + "deepest\n"

    assert "deepest" in "".join(block.text for block in markdown_blocks(deep))


@pytest.mark.parametrize(
    "source",
    [">" * 5000, "[" * 5000, "[a](" * 5000, "*a **a" * 5000, "<" * 5000, "`" * 999 + "a" + "`" * 998, "|a" * 3000 + "\n"],
)
def test_pathological_input_ends(source: str) -> None:
    assert isinstance(markdown_blocks(source), list)


WORDS = st.text("abcdefgxyz0189äß漢", min_size=1, max_size=8)
INLINE = st.lists(
    st.one_of(WORDS, *(WORDS.map(form.format) for form in ("*{}*", "**{}**", "`{}`", "[{}](u)", "~~{}~~"))), min_size=1, max_size=4
)
TEXT = INLINE.map(" ".join)
BLOCK = st.one_of(
    TEXT.map("p{}".format),
    TEXT.map("# {}".format),
    TEXT.map("> {}".format),
    TEXT.map("```\n{}\n```".format),
    st.lists(TEXT, min_size=1, max_size=4).map(lambda items: "\n".join(f"- {item}" for item in items)),
    st.lists(TEXT, min_size=1, max_size=4).map(lambda items: "\n".join(f"{'  ' * level}- {item}" for level, item in enumerate(items))),
    st.lists(TEXT, min_size=1, max_size=4).map(lambda items: "| h |\n|---|\n" + "\n".join(f"| {item} |" for item in items)),
    TEXT.map("- > - {}".format),
    TEXT.map("> 1. {}".format),
    TEXT.map("<div>\n\n{}\n\n</div>".format),
    TEXT.map("![{}](a.png)".format),
)


@given(st.lists(BLOCK, min_size=1, max_size=6))
def test_no_visible_word_is_lost_and_order_is_kept(parts: list[str]) -> None:
    source = "\n\n".join(parts)
    text = "".join(block.text for block in markdown_blocks(source))

    words = [word for part in parts for word in _words(part)]
    position = 0
    for word in words:
        position = text.index(word, position) + len(word)


def _words(part: str) -> list[str]:
    """The words of the part, without what its markup adds."""
    bare = (
        part.removeprefix("```")
        .removeprefix("| h |\n|---|")
        .replace("<div>", "")
        .replace("</div>", "")
        .replace("> 1. ", "")
        .replace("(a.png)", "")
        .replace("](u)", "]")
    )
    return "".join(character if character.isalnum() else " " for character in bare).split()

"""CommonMark's own examples, and the ruler they are measured with."""

import os
from pathlib import Path

import pytest

from eval.commonmark import Example, examples, is_right, ours, reference

LEAST_RIGHT = 0.99

FENCE = "`" * 32
_TABS = f"{FENCE} example\n→foo\n.\n<pre><code>foo\n</code></pre>\n{FENCE}\n"
_LISTS = f"{FENCE} example\n- a\n.\n<ul>\n<li>a</li>\n</ul>\n{FENCE}\n"
SPEC = f"# Tabs\n\n{_TABS}\n## Lists\n\n{_LISTS}"


def example(markdown: str, html: str) -> Example:
    return Example(1, "", markdown, html)


def test_the_specification_s_examples_have_the_right_blocks() -> None:
    spec = Path(os.environ.get("EVAL_DATA", "")) / "commonmark" / "spec.txt"
    if not spec.is_file():
        pytest.skip("no commonmark/spec.txt in EVAL_DATA")
    found = examples(spec.read_text("utf-8"))

    assert len(found) > 600
    assert sum(map(is_right, found)) >= LEAST_RIGHT * len(found)


def test_examples_are_read_from_the_specification() -> None:
    assert examples(SPEC) == [
        Example(1, "Tabs", "\tfoo\n", "<pre><code>foo\n</code></pre>\n"),
        Example(2, "Lists", "- a\n", "<ul>\n<li>a</li>\n</ul>\n"),
    ]


def test_the_ruler_tells_types_order_nesting_and_text() -> None:
    html = """<h2>A <em>b</em></h2><blockquote><p>q</p></blockquote><ol start="3"><li><p>x</p><ul><li>y</li></ul>z</li></ol><hr />
<pre><code>c
</code></pre><p><img src="a/b.png" alt="" /></p><p>one<br />two</p><div>three</div>"""
    wanted = [
        ("heading 2", "A b"),
        ("quote", "q"),
        ("list", ((0, "3", "x"), (1, "-", "y"), (0, " ", "z"))),
        ("code", "c"),
        ("image", "b.png"),
        ("paragraph", "one two"),
        ("paragraph", "three"),
    ]

    assert reference(example("", html)) == wanted
    assert (
        ours(example("## A *b*\n\n> q\n\n3. x\n   - y\n\n   z\n\n---\n\n    c\n\n![](a/b.png)\n\none  \ntwo\n\n<div>three</div>\n", ""))
        == wanted
    )


@pytest.mark.parametrize(
    ("markdown", "html"),
    [
        ("# a\n", "<h2>a</h2>"),
        ("a\n\nb\n", "<p>a b</p>"),
        ("- a\n- b\n", "<ul><li>a<ul><li>b</li></ul></li></ul>"),
        ("2. a\n", "<ol><li>a</li></ol>"),
        ("> a\n", "<p>a</p>"),
        ("a\n", "<pre><code>a\n</code></pre>"),
    ],
)
def test_the_ruler_sees_what_is_wrong(markdown: str, html: str) -> None:
    assert not is_right(example(markdown, html))

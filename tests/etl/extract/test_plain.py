import pytest
from hypothesis import given
from hypothesis import strategies as st

from semantic_memory.etl.blocks.paragraphs import MAX_LINES, paragraph_blocks
from tests.etl.conftest import Read


def shape(text: str) -> list[tuple[str, str]]:
    return [(block.type.value, block.text) for block in paragraph_blocks(text)]


@pytest.mark.parametrize(
    ("text", "blocks"),
    [
        ("one\ntwo\n\n\nthree", [("paragraph", "one\ntwo"), ("paragraph", "three")]),
        ("Title\n=====\ntext", [("heading", "Title"), ("paragraph", "text")]),
        ("2.1 Setting up\n\ntext", [("heading", "2.1 Setting up"), ("paragraph", "text")]),
        ("Chapter IV The end\n\ntext", [("heading", "Chapter IV The end"), ("paragraph", "text")]),
        ("- one\n- two\n  more\n  - three", [("list", "- one\n- two\n  more\n  - three")]),
        ("1. one\n2. two", [("list", "1. one\n2. two")]),
        ("- only one\nitem is a sentence", [("paragraph", "- only one\nitem is a sentence")]),
        ("    indented\n      verse", [("paragraph", "indented\n  verse")]),
        ("=====\n=====", [("paragraph", "=====\n=====")]),
    ],
)
def test_structure(text: str, blocks: list[tuple[str, str]]) -> None:
    assert shape(text) == blocks


def test_every_block_knows_its_lines() -> None:
    blocks = list(paragraph_blocks("\nTitle\n---\na\nb\n\nc\n"))

    assert [(block.metadata["start_line"], block.metadata["end_line"]) for block in blocks] == [(2, 3), (4, 5), (7, 7)]


def test_a_long_run_of_lines_is_cut() -> None:
    blocks = list(paragraph_blocks("line\n" * (MAX_LINES + 5)))

    assert [block.metadata["end_line"] for block in blocks] == [MAX_LINES, MAX_LINES + 5]


def test_the_encoding_is_kept_when_it_is_not_utf_8(read: Read) -> None:
    assert read("a.txt", "Grüße aus dem schönen Köln".encode("utf-16")).metadata == {"encoding": "utf-16"}
    assert read("a.txt", "Grüße").metadata == {}


@given(st.text("ab1.-=# \n\t*", max_size=200))
def test_no_word_is_lost(text: str) -> None:
    shown = "".join(block.text for block in paragraph_blocks(text))

    assert [c for c in shown if c in "ab"] == [c for c in text if c in "ab"]

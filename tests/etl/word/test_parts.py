"""The small parts that the readers share."""

import pytest

from semantic_memory.core.errors import CorruptFileError
from semantic_memory.core.model import BlockType
from semantic_memory.etl.word.docx_paragraph import symbol
from semantic_memory.etl.word.flow import Extras, Flow, ListPlace, Look, named_block
from semantic_memory.etl.word.list_numbers import Level, next_marker
from semantic_memory.etl.word.numerals import numeral
from semantic_memory.etl.word.rtf_fonts import Style, encoding_of, role
from semantic_memory.etl.word.style_names import heading_level, is_monospaced, item_level, role_of
from semantic_memory.etl.word.xml import events, integer


@pytest.mark.parametrize(
    ("number", "style", "text"),
    [
        (3, "decimal", "3"),
        (3, "decimalZero", "03"),
        (1994, "lowerRoman", "mcmxciv"),
        (4, "upperRoman", "IV"),
        (0, "upperRoman", "0"),
        (4000, "lowerRoman", "4000"),
        (28, "lowerLetter", "bb"),
        (2, "upperLetter", "B"),
        (10**9, "lowerLetter", "1000000000"),
        (1, "ordinal", "1st"),
        (12, "ordinal", "12th"),
        (23, "ordinal", "23rd"),
        (5, "none", ""),
        (5, "chicago", "5"),
    ],
)
def test_numbers_are_written_in_the_format_of_their_list(number: int, style: str, text: str) -> None:
    assert numeral(number, style) == text


@pytest.mark.parametrize(
    ("name", "level"),
    [
        ("heading 1", 1),
        ("Heading1", 1),
        ("Heading_20_3", 3),
        ("Überschrift 2", 2),
        ("Titre 4", 4),
        ("Título 2", 2),
        ("Заголовок 1", 1),
        ("标题 1", 1),
        ("見出し 2", 2),
        ("Heading 1 numbered", 1),
        ("Heading", None),
        ("Title", None),
        ("heading 12", None),
    ],
)
def test_headings_are_known_by_name_in_many_languages(name: str, level: int | None) -> None:
    assert heading_level(name) == level


@pytest.mark.parametrize(
    ("names", "role"),
    [
        (["IntenseQuote"], "quote"),
        (["Zitat"], "quote"),
        (["My style", "Source Code"], "code"),
        (["HTML Preformatted"], "code"),
        (["toc 1"], "contents"),
        (["TOC Heading"], "contents"),
        (["Titel"], "title"),
        (["caption"], "caption"),
        (["List Continue 2"], "continued"),
        (["Normal"], "text"),
        ([], "text"),
    ],
)
def test_roles_are_known_by_name(names: list[str], role: str) -> None:
    assert role_of(names) == role


def test_the_depth_of_a_list_style_is_in_its_name() -> None:
    assert [item_level(name) for name in ("List Bullet", "List Bullet 2", "ListNumber3", "Normal 2")] == [0, 1, 2, 0]


def test_fonts_like_a_typewriters_are_known_by_name() -> None:
    assert [is_monospaced(name) for name in ("Courier New", "Liberation Mono", "Arial", "Monotype Corsiva")] == [True, True, False, False]


def test_levels_above_that_were_never_used_count_as_begun() -> None:
    levels = {0: Level(pattern="%1."), 1: Level(pattern="%1.%2.", start=3)}
    numbers: dict[int, int] = {}

    assert [next_marker(numbers, levels, place) for place in (1, 1, 0, 1)] == ["1.3.", "1.4.", "2.", "2.3."]


def test_a_level_that_never_restarts_counts_on() -> None:
    levels = {0: Level(pattern="%1."), 1: Level(pattern="%2)", restart=0)}
    numbers: dict[int, int] = {}

    assert [next_marker(numbers, levels, place) for place in (0, 1, 0, 1)] == ["1.", "1)", "2.", "2)"]


def test_symbols_of_fonts_become_letters_or_nothing() -> None:
    assert [symbol(code) for code in ("F061", "F0B3", "F031", "F0A0", "0041", "D800", "")] == ["α", "≥", "1", "", "A", "", ""]


def test_whole_numbers_of_reasonable_length_only() -> None:
    assert [integer(text) for text in ("7", " -3 ", "9" * 5000, "x", None, "²")] == [7, -3, None, None, None, None]


@pytest.mark.parametrize("data", [b"<a>", b"", b"\xff\xfe<", b"<?xml version='1.0' encoding='no-such'?><a/>", b"<a>\x00</a>"])
def test_what_is_no_xml_is_corrupt(data: bytes) -> None:
    with pytest.raises(CorruptFileError, match="XML is damaged"):
        list(events([data]))


def test_events_before_the_damage_come_first() -> None:
    stream = events([b"<a><b/>", b"</wrong>"])

    assert [next(stream).name for _ in range(3)] == ["a", "b", "b"]


def test_utf_16_is_read() -> None:
    assert [event.name for event in events(["<a>ä</a>".encode("utf-16")])] == ["a", "ä", "a"]


def test_what_hangs_on_a_blank_paragraph_is_kept_where_it_stood() -> None:
    flow = Flow()
    flow.add("", Look(), Extras(behind=[named_block("note", "footnote")]), 2)
    flow.add("item", Look(item=ListPlace("1", 0, "1.")), Extras(), 3)
    flow.add(" ", Look(), Extras(behind=[named_block("more", "footnote")]), 3)
    flow.add("next", Look(item=ListPlace("1", 0, "2.")), Extras(), 3)

    assert [(block.text, block.page) for block in flow.blocks()] == [("note", 2), ("1. item\n2. next", 3), ("more", 3)]


def test_a_continued_paragraph_without_an_item_is_a_paragraph() -> None:
    flow = Flow()
    flow.add("text", Look("continued"), Extras())

    assert flow.blocks()[0].type is BlockType.PARAGRAPH


def test_code_pages_python_does_not_know_are_western() -> None:
    assert [encoding_of(number) for number in (1251, 65001, 99999)] == ["cp1251", "utf-8", "cp1252"]


def test_the_outline_of_an_rtf_style_comes_before_its_name() -> None:
    assert [role(Style("heading 2", outline=3), None), role(Style("heading 2"), 0), role(Style("Title"), 0)] == [
        ("heading", 4),
        ("heading", 1),
        ("title", 1),
    ]

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from semantic_memory.core.errors import EmptyDocumentError
from semantic_memory.core.model import BlockDraft, BlockType, Extraction
from semantic_memory.etl.blocks.json_places import PlacedJson
from semantic_memory.etl.blocks.values import KEY_CHARACTERS, PATH_CHARACTERS, SHOWN_NUMBERS
from semantic_memory.etl.extract.json import BLOCK_CHARACTERS, MAX_RECORDS
from tests.etl.conftest import Read


@pytest.fixture
def book(read: Read):
    """Reads a structured book with these content blocks."""

    def read_book(*blocks: Any, **fields: Any) -> Extraction:
        document = {"document_type": "structured_text", "metadata": {"title": "T"}, "content_blocks": [*blocks], **fields}
        return read("book.json", json.dumps(document, indent=1))

    return read_book


def one(extraction: Extraction) -> BlockDraft:
    (block,) = extraction.blocks
    return block


@pytest.mark.parametrize(
    ("original", "kind"),
    [
        ("paragraph", BlockType.PARAGRAPH),
        ("heading", BlockType.HEADING),
        ("list", BlockType.LIST),
        ("table", BlockType.TABLE),
        ("code_block", BlockType.CODE),
        ("quote", BlockType.PARAGRAPH),
        ("figure", BlockType.IMAGE),
        ("aside", BlockType.PARAGRAPH),
    ],
)
def test_every_type_has_its_block(book, original: str, kind: BlockType) -> None:
    block = one(book({"type": original, "content": "x", "level": None, "metadata": {"id": 7}}))

    assert (block.type, block.text) == (kind, "x")
    assert block.metadata["original_type"] == original
    assert block.metadata["id"] == 7


@pytest.mark.parametrize(
    ("entry", "text"),
    [
        ({"type": "list", "content": ["a", {"text": "b", "items": ["c"]}, ["d"], 5]}, "- a\n- b\n  - c\n  - d\n- 5"),
        ({"type": "list", "content": "- a\n- b"}, "- a\n- b"),
        ({"type": "list", "content": [{"text": "a"}, {"items": ["b"]}]}, "- a\n- b"),
        ({"type": "list", "content": {"items": ["a", {"key": "v"}]}}, "- a\n- key: v"),
        (
            {"type": "table", "content": {"headers": ["x", "y"], "rows": [[1, "b"], {"y": 2}]}},
            "| x | y |\n| --- | --- |\n| 1 | b |\n|  | 2 |",
        ),
        ({"type": "table", "content": [["a", "b"], ["c"]]}, "| a | b |\n| c |  |"),
        ({"type": "table", "content": [{"k": 1}, {"l": 2}]}, "| k | l |\n| --- | --- |\n| 1 |  |\n|  | 2 |"),
        ({"type": "table", "content": {"rows": [{"cells": ["a"]}], "caption": "Cap"}}, "Cap\n| cells |\n| --- |\n| a |"),
        ({"type": "table", "content": {"note": "no rows"}}, "note: no rows"),
        ({"type": "paragraph", "content": ["a", "b"]}, "a\nb"),
        ({"type": "paragraph", "content": {"a": {"b": 1}, "c": None}}, "a: b: 1"),
        ({"type": "figure", "content": {"caption": "Cap", "src": "a.png"}}, "Cap"),
        ({"type": "figure", "content": "", "metadata": {"alt": "described"}}, "described"),
        ("a bare string", "a bare string"),
        (12, "12"),
    ],
)
def test_any_shape_of_content_becomes_readable_text(book, entry: Any, text: str) -> None:
    assert one(book(entry)).text == text


def test_blocks_keep_order_lines_and_page(book) -> None:
    first, second = book(
        {"type": "heading", "content": "H", "level": 2}, {"type": "paragraph", "content": "p", "metadata": {"page": 9}}
    ).blocks

    assert (first.metadata["level"], second.page) == (2, 9)
    assert (first.metadata["start_line"], first.metadata["end_line"], second.metadata["start_line"]) == (7, 11, 12)


def test_code_names_its_language(book) -> None:
    assert one(book({"type": "code_block", "content": "x", "metadata": {"language": "Python"}})).language == "python"


def test_tiny_blocks_stay_and_only_empty_ones_are_left_out(book) -> None:
    extraction = book({"type": "paragraph", "content": "."}, {"type": "paragraph", "content": ""}, {"type": "table", "content": {}})

    assert [block.text for block in extraction.blocks] == ["."]
    assert extraction.warnings == ("2 blocks without visible text were left out",)


def test_the_book_itself_is_metadata(book) -> None:
    extraction = book("text", summary="S", version="2.0.0")

    assert extraction.title == "T"
    assert extraction.metadata == {"title": "T", "document_type": "structured_text", "summary": "S", "version": "2.0.0"}


def test_other_json_shows_every_value_with_its_path(read: Read) -> None:
    extraction = read("a.json", '{"name": "n", "deep": {"list": [1, {"x": true}], "none": null}}')

    assert [block.text for block in extraction.blocks] == ["name: n", "deep.list[0]: 1\ndeep.list[1].x: true\ndeep.none: null"]
    assert extraction.title == "n"


@pytest.mark.parametrize("text", ["{}", "[]", '[{}, [], {"a": []}]'])
def test_json_without_a_value_is_empty(read: Read, text: str) -> None:
    with pytest.raises(EmptyDocumentError):
        read("a.json", text)


def test_long_json_is_cut_and_blobs_are_shortened_with_a_warning(read: Read) -> None:
    extraction = read("a.json", json.dumps([{"text": "word " * 100}] * 5 + ["b" * 5000]))

    assert [block.text.count("word") for block in extraction.blocks] == [100] * 5
    assert "b" * 101 not in extraction.blocks[-1].text
    assert "encoded data" in extraction.warnings[0]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"tags": ["a", "b", 1]}, "tags: a, b, 1"),
        ({"point": [8.5, 47.25, None]}, "point: 8.5, 47.25, null"),
        ({"ring": [[1, 2], [3, 4]]}, "ring: 1, 2, 3, 4"),
        ({"mixed": ["a", [1]]}, "mixed[0]: a\nmixed[1]: 1"),
        ({"poem": ["a line\nand another", "b"]}, "poem[0]: a line\nand another\npoem[1]: b"),
        ({"empty": [], "none": None, "yes": True}, "none: null\nyes: true"),
        ({"big": 10**30, "huge": float("inf"), "odd": float("nan")}, f"big: 1{'0' * 30}\nhuge: Infinity\nodd: NaN"),
    ],
)
def test_values_are_written_so_that_one_can_read_them(read: Read, value: Any, text: str) -> None:
    assert "\n".join(block.text for block in read("a.json", json.dumps(value)).blocks) == text


def test_a_number_too_large_for_any_type_stays_as_it_is_written(read: Read) -> None:
    assert read("a.json", '{"a": 1e999}').blocks[0].text == "a: 1e999"


def test_coordinates_are_shown_by_their_first_and_counted(read: Read) -> None:
    ring = [[number / 10, number] for number in range(50_000)]
    document = {"features": [{"properties": {"name": "Lake"}, "geometry": {"coordinates": [[ring]]}}]}

    extraction = read("a.geojson", json.dumps(document))

    text = "\n".join(block.text for block in extraction.blocks)
    assert "features[0].properties.name: Lake" in text
    assert "(100000 numbers)" in text
    assert len(text) < 500
    assert extraction.warnings == (f"1 arrays of numbers are shown by their first {SHOWN_NUMBERS}",)


def test_a_long_key_is_not_repeated_on_every_line(read: Read) -> None:
    extraction = read("a.json", json.dumps({"k" * 100_000: [{"l" * 1000: "value"}] * 1000, "m" * 100_000: 1}))

    longest = max(len(line) for block in extraction.blocks for line in block.text.split("\n"))
    assert longest <= PATH_CHARACTERS + KEY_CHARACTERS
    assert sum(block.text.count("value") for block in extraction.blocks) == 1000


def test_names_that_stand_twice_are_told(read: Read) -> None:
    extraction = read("a.json", '{"a": 1, "a": 2, "b": {"c": 3, "c": 4}}')

    assert [block.text for block in extraction.blocks] == ["a: 1\na: 2", "b.c: 4"]
    assert "'a', 'c'" in extraction.warnings[0]


def test_values_one_behind_the_other_are_records(read: Read) -> None:
    extraction = read("a.json", '{\n"a": 1\n}\n{"a": 2}{"a": 3}\n')

    assert [(block.text, block.metadata["start_line"], block.metadata["end_line"]) for block in extraction.blocks] == [
        ("a: 1", 1, 3),
        ("a: 2", 4, 4),
        ("a: 3", 4, 4),
    ]


def test_json_lines_that_are_one_value_over_many_lines_are_read_as_that(read: Read) -> None:
    extraction = read("a.jsonl", '{\n"a": [\n1]\n}\n')

    assert [(block.text, block.metadata["start_line"]) for block in extraction.blocks] == [("a: 1", 2)]


def test_a_byte_order_mark_is_no_part_of_the_json(read: Read) -> None:
    assert read("a.json", b'\xef\xbb\xbf{"a": 1}').blocks[0].text == "a: 1"
    assert read("a.json", '{"a": "ü"}'.encode("utf-16")).blocks[0].text == "a: ü"


def test_very_many_small_records_share_blocks(read: Read) -> None:
    extraction = read("a.jsonl", "".join(f'{{"n": {number}}}\n' for number in range(MAX_RECORDS + 1)))

    assert len(extraction.blocks) < MAX_RECORDS / 50
    assert extraction.blocks[0].text.startswith("n: 0\nn: 1\n")
    assert max(len(block.text) for block in extraction.blocks) <= BLOCK_CHARACTERS
    ends = [(block.metadata["start_line"], block.metadata["end_line"]) for block in extraction.blocks]
    assert [end + 1 for _, end in ends[:-1]] == [start for start, _ in ends[1:]]
    assert "share blocks" in extraction.warnings[0]


def test_a_table_that_would_grow_without_end_is_text(book) -> None:
    wide = {"type": "table", "content": [{f"k{number}": number} for number in range(1001)]}
    ragged = {"type": "table", "content": {"rows": [["x"] * 2000, *([["y"]] * 600)]}}

    blocks = book(wide, ragged).blocks

    assert ["rows" in block.metadata for block in blocks] == [False, False]
    assert blocks[0].text.startswith("k0: 0\nk1: 1")


def test_a_large_object_is_cut_between_its_values(read: Read) -> None:
    extraction = read("a.json", json.dumps({"all": {f"key{number}": "value " * 20 for number in range(40)}}))

    assert len(extraction.blocks) > 3
    assert "".join(block.text for block in extraction.blocks).count("value") == 800


def test_json_lines_keep_their_line_and_bad_lines_stay_text(read: Read) -> None:
    extraction = read("a.jsonl", '{"a": 1}\n\nnot json\n[1, 2]\n"x"\n')

    assert extraction.warnings == ("1 lines are not valid JSON and were read as text, first: 3",)

    assert [(block.text, block.metadata["start_line"]) for block in extraction.blocks] == [
        ("a: 1", 1),
        ("not json", 3),
        ("1, 2", 4),
        ("x", 5),
    ]


@pytest.mark.parametrize("text", ['{"a": 1', '{"a" 1}', "{1: 2}", "[1 2]", "[1] tail", "[1] 2", "[" * 200_000, "just words", '"a string"'])
def test_what_is_no_json_document_is_read_as_text(read: Read, text: str) -> None:
    extraction = read("a.json", text)

    assert extraction.media_type == "text/plain"
    assert "".join(block.text for block in extraction.blocks) == text


SHORT = st.text(max_size=5)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | SHORT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(SHORT, inner, max_size=3),
    max_leaves=6,
)


@given(st.lists(JSON, max_size=3) | st.dictionaries(SHORT, JSON, max_size=3), st.sampled_from([None, 1]))
def test_places_give_the_values_that_the_parser_gives(document: Any, indent: int | None) -> None:
    members = list(PlacedJson(json.dumps(document, indent=indent)).members())

    assert [member.value for member in members] == (list(document.values()) if isinstance(document, dict) else document)


def test_places_count_lines() -> None:
    members = list(PlacedJson('{\n"a": 1,\n"b": [\n2\n]}').members())

    assert [(member.start_line, member.end_line) for member in members] == [(2, 2), (3, 5)]

"""The parts of the page, read back as a browser would."""

import re
from html.parser import HTMLParser
from uuid import UUID

import pytest

from semantic_memory.cli.view import page
from semantic_memory.cli.view.content import MAX_ROWS, block_html, places
from semantic_memory.core.identity import identify
from semantic_memory.core.model import BlockDraft, BlockType, ContentBlock, Extraction, JsonValue, PageImage

HOSTILE = "</article></pre><script>alert(1)</script><img src=x onerror=alert(1)>\"'>&lt;"
IMAGE = PageImage(3, 200.0, 100.0, b"\x89PNG")


def blocks(*drafts: BlockDraft) -> list[ContentBlock]:
    return identify(UUID(int=1), drafts)


def block(kind: BlockType, text: str = "text", **metadata: JsonValue) -> ContentBlock:
    return blocks(BlockDraft(kind, text, metadata=metadata))[0]


class Seen(HTMLParser):
    """Tags with their attributes, and the text between them; fails on a tag that is not closed or not open."""

    VOID = frozenset({"meta", "img", "input", "rect", "polyline"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def whole(extraction: Extraction, found: list[ContentBlock]) -> Seen:
    return Seen(page.head("a.md", extraction, found) + "".join(page.block_parts(found)) + page.FOOT)


@pytest.mark.parametrize("kind", BlockType)
def test_text_of_the_file_never_becomes_markup(kind: BlockType) -> None:
    rows: list[JsonValue] = [[HOSTILE, "b"]]
    items: list[JsonValue] = [{"level": 0, "marker": HOSTILE, "text": HOSTILE}]
    shown = block(kind, HOSTILE, rows=rows, items=items, header_rows=1, section=[HOSTILE], symbol=HOSTILE, sheet=HOSTILE)

    seen = whole(Extraction(HOSTILE, [], HOSTILE, {HOSTILE: HOSTILE}, [HOSTILE], [HOSTILE]), [shown])

    assert len(seen.all("script")) == 1
    assert seen.all("img") == []
    assert [attributes for _, attributes in seen.tags if any(name.startswith("on") for name in attributes)] == []


def test_the_policy_allows_this_style_this_script_and_nothing_from_outside() -> None:
    text = page.head("a.md", Extraction("text/plain", []), [])
    policy = str(Seen(text + page.FOOT).all("meta")[1]["content"])

    assert policy.startswith("default-src 'none'; img-src data:; style-src 'sha256-")
    assert "unsafe" not in policy
    assert not re.search(r"(?:src|href)=\"?https?:|@import|url\(", text)


def test_the_head_tells_what_is_known_of_the_document() -> None:
    extraction = Extraction("text/plain", [], "The title", {"author": "A. Uthor"}, ["2 pages were cut"], ["inside/a.txt"])

    text = whole(extraction, [block(BlockType.HEADING), block(BlockType.LIST)]).text

    for told in ("The title", "author", "A. Uthor", "2 pages were cut", "inside/a.txt", "2 blocks: 1 heading, 1 list"):
        assert told in text


def test_a_page_has_its_picture_and_a_numbered_box_for_each_block() -> None:
    found = blocks(
        BlockDraft(BlockType.HEADING, "One", 3, metadata={"bbox": [10.0, 20.0, 110.0, 30.0], "level": 1}),
        BlockDraft(BlockType.PARAGRAPH, "Two", 3, metadata={"bbox": [10.0, 40.0, 110.0, 80.0]}),
        BlockDraft(BlockType.PARAGRAPH, "nowhere", 3),
    )

    seen = Seen(page.page_part(3, found, IMAGE))

    boxes = [attributes for attributes in seen.all("rect") if attributes["class"] == "box"]
    assert [(box["x"], box["y"], box["width"], box["height"]) for box in boxes] == [
        ("10.0", "20.0", "100.0", "10.0"),
        ("10.0", "40.0", "100.0", "40.0"),
    ]
    assert seen.all("svg")[0]["viewbox"] == "0 0 200.00 100.00"
    assert seen.all("img")[0]["src"] == "data:image/png;base64,iVBORw=="
    assert seen.all("polyline")[0]["points"] == "60.0,25.0 60.0,60.0"
    assert [attributes["id"] for attributes in seen.all("article")] == ["block-1", "block-2", "block-3"]


def test_a_page_without_blocks_says_so() -> None:
    assert "no blocks on this page" in Seen(page.page_part(3, [], IMAGE)).text


def test_each_line_of_the_source_is_shown_once_beside_its_blocks() -> None:
    found = blocks(
        BlockDraft(BlockType.HEADING, "B", metadata={"start_line": 2, "end_line": 2}),
        BlockDraft(BlockType.CODE, "class", metadata={"start_line": 4, "end_line": 7}),
        BlockDraft(BlockType.CODE, "method", metadata={"start_line": 5, "end_line": 6}),
        BlockDraft(BlockType.PARAGRAPH, "a footnote", metadata={"start_line": 1, "end_line": 1}),
        BlockDraft(BlockType.PARAGRAPH, "nowhere"),
    )

    rows = list(page.line_parts("abcdefgh", found))

    assert [re.findall(r"<div( class=\"\w+\" data-block=\"\d\")?><b>(\d)</b>", row) for row in rows] == [
        [(' class="paragraph" data-block="4"', "1")],
        [(' class="heading" data-block="1"', "2"), ("", "3")],
        [
            (f' class="code" data-block="{owner}"', line) if owner else ("", line)
            for owner, line in ((2, "4"), (3, "5"), (3, "6"), (2, "7"), (0, "8"))
        ],
        [],
    ]
    assert [re.findall(r"id=\"block-(\d)\"", row) for row in rows] == [["4"], ["1"], ["2", "3"], ["5"]]


def test_lines_beyond_the_end_of_the_file_do_no_harm() -> None:
    found = blocks(*(BlockDraft(BlockType.CODE, "x", metadata={"start_line": line, "end_line": line + 5}) for line in (1, 90, 99)))

    assert "".join(page.line_parts(["only"], found)).count("<code>") == 1


def test_hidden_characters_of_the_source_are_shown_by_their_names_and_long_lines_are_cut() -> None:
    lines = ["pay \u202e0001\u200b\x07\tnow", "x" * 5000]

    text = Seen("".join(page.line_parts(lines, [block(BlockType.CODE, start_line=1, end_line=2)]))).text

    assert "pay U+202E0001U+200BU+0007\tnow" in text
    assert "… 3000 more characters" in text


def test_lines_are_shown_only_where_they_are_lines_of_the_file() -> None:
    assert page.has_lines([block(BlockType.CODE, start_line=1)])
    assert not page.has_lines([block(BlockType.CODE, start_line=1, cell=2)])
    assert not page.has_lines([block(BlockType.CODE), block(BlockType.CODE, start_line=1)])
    assert not page.has_lines([])


def test_a_table_is_a_table_with_its_merged_cells_once() -> None:
    rows: list[JsonValue] = [["Year", "", "Sum"], ["a", "b", "c"], ["d", "", ""]]
    spans: list[JsonValue] = [[0, 0, 1, 2], [1, 2, 9, 1]]

    seen = Seen(block_html(block(BlockType.TABLE, rows=rows, header_rows=1, spans=spans)))

    assert seen.all("th") == [{"colspan": "2"}, {}]
    assert seen.all("td") == [{}, {}, {"rowspan": "2"}, {}, {}]


def test_a_long_table_says_how_many_rows_are_not_shown() -> None:
    rows: list[JsonValue] = [[str(number)] for number in range(MAX_ROWS + 30)]

    seen = Seen(block_html(block(BlockType.TABLE, rows=rows, header_rows=0)))

    assert len(seen.all("tr")) == MAX_ROWS
    assert "… and 30 more rows" in seen.text


def test_a_list_shows_nesting_markers_and_tasks() -> None:
    items: list[JsonValue] = [{"level": 0, "marker": "1.", "text": "do"}, {"level": 1, "marker": "-", "text": "done", "checked": True}]

    seen = Seen(block_html(block(BlockType.LIST, items=items)))

    assert [item["data-level"] for item in seen.all("li")] == ["0", "1"]
    assert "1.do-☑ done" in seen.text


@pytest.mark.parametrize(
    ("metadata", "place"),
    [
        ({"start_line": 4, "end_line": 4}, ["line 4"]),
        ({"start_line": 4, "end_line": 9, "symbol": "A.b"}, ["lines 4–9", "A.b"]),
        ({"sheet": "Costs", "cells": "A1:C9"}, ["Costs!A1:C9"]),
        ({"slide": 2, "section": ["Part", "Chapter"]}, ["slide 2", "Part › Chapter"]),
        ({"section": "Part"}, ["Part"]),
        ({"cell": 7}, ["cell 7"]),
        ({}, []),
    ],
    ids=str,
)
def test_a_place_reads_as_a_person_would_say_it(metadata: dict[str, JsonValue], place: list[str]) -> None:
    assert places(block(BlockType.CODE, **metadata)) == place

"""Passages: within the budget, within one section, nothing left out, boundaries that stay where they are."""

import random
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from semantic_memory.core.errors import ConfigurationError
from semantic_memory.core.model import BlockDraft, BlockType, ContentBlock, JsonValue, Passage
from semantic_memory.core.ports import Tokenizer
from semantic_memory.core.settings import Settings
from semantic_memory.etl.structure import StructuredPassages, WordTokenizer, build, structure_text
from tests.etl.making import PieceTokenizer, SpaceTokenizer, blocks, code, documents, heading, paragraph, table, texts_of

TOKENIZERS = st.sampled_from([PieceTokenizer(), SpaceTokenizer(), WordTokenizer()])
BUDGETS = st.sampled_from([16, 24, 64, 254])
SENTENCE = "The river runs past the old mill. "


def passages_of(*drafts: BlockDraft, budget: int = 40) -> list[Passage]:
    return StructuredPassages(budget).build(blocks(*drafts), WordTokenizer(), budget)


@settings(deadline=None)
@given(documents, TOKENIZERS, BUDGETS)
def test_no_passage_exceeds_the_budget_and_its_count_is_exact(document: list[ContentBlock], tokenizer: Tokenizer, budget: int) -> None:
    passages = StructuredPassages(64).build(document, tokenizer, budget)

    counted = [len(spans) for spans in tokenizer.spans([passage.embedded_text for passage in passages])]
    assert [passage.token_count for passage in passages] == counted
    assert all(count <= budget for count in counted)


@settings(deadline=None)
@given(documents, TOKENIZERS, BUDGETS)
def test_every_block_is_in_a_passage_and_none_of_its_text_is_left_out(
    document: list[ContentBlock], tokenizer: Tokenizer, budget: int
) -> None:
    passages = StructuredPassages(64).build(document, tokenizer, budget)

    covered = {part.block_id for passage in passages for part in passage.parts}
    assert covered == {block.id for block in document} or not any(block.text.strip() for block in document)
    for block in document:
        shown = any(" ".join(block.text.split()) in passage.heading_path for passage in passages)
        held = "".join(texts_of(block, passages))
        assert shown or block.type is BlockType.TABLE or _letters(held) == _letters(block.text)


@settings(deadline=None)
@given(documents, TOKENIZERS, BUDGETS)
def test_parts_follow_the_order_of_the_blocks(document: list[ContentBlock], tokenizer: Tokenizer, budget: int) -> None:
    passages = StructuredPassages(64).build(document, tokenizer, budget)

    order = {block.id: block.order for block in document}
    orders = [order[part.block_id] for passage in passages for part in passage.parts]
    assert orders == sorted(orders)
    assert [passage.order for passage in passages] == list(range(len(passages)))


@settings(deadline=None)
@given(documents, TOKENIZERS, BUDGETS)
def test_the_same_blocks_give_the_same_passages_with_unique_ids(document: list[ContentBlock], tokenizer: Tokenizer, budget: int) -> None:
    builder = StructuredPassages(64)
    passages = builder.build(document, tokenizer, budget)

    assert passages == builder.build(document, tokenizer, budget)
    assert len({passage.id for passage in passages}) == len(passages)


@settings(deadline=None)
@given(documents, BUDGETS)
def test_parts_lie_within_the_text_without_overlap(document: list[ContentBlock], budget: int) -> None:
    for passage in StructuredPassages(64).build(document, PieceTokenizer(), budget):
        end = 0
        for part in passage.parts:
            assert end <= part.start <= part.end <= len(passage.text)
            end = part.end


@pytest.mark.parametrize("words", [6, 20, 45, 70])
def test_a_paragraph_more_or_less_changes_only_passages_around_it(words: int) -> None:
    generator = random.Random(words)
    drafts = [paragraph(" ".join(f"w{generator.randrange(9999)}" for _ in range(words))) for _ in range(500)]
    changed = []
    for place in range(20, 480, 23):
        before = {passage.id for passage in passages_of(*drafts, budget=160)}
        longer = {passage.id for passage in passages_of(*drafts[:place], paragraph("new " * words), *drafts[place:], budget=160)}
        shorter = {passage.id for passage in passages_of(*drafts[:place], *drafts[place + 1 :], budget=160)}
        changed += [len(longer - before), len(shorter - before)]

    assert sum(changed) / len(changed) < 8
    assert max(changed) < 40


def test_passages_never_cross_a_heading() -> None:
    found = passages_of(heading("One"), paragraph("a b"), heading("Two"), paragraph("c d"))

    assert [(passage.heading_path, passage.text) for passage in found] == [(("One",), "a b"), (("Two",), "c d")]


def test_a_heading_is_an_empty_part_of_the_passage_below_it() -> None:
    document = blocks(heading("Book"), heading("Chapter", 2), paragraph("text"))
    (passage,) = StructuredPassages(40).build(document, WordTokenizer(), 40)

    assert passage.heading_path == ("Book", "Chapter")
    assert [(part.block_id, part.start, part.end) for part in passage.parts] == [
        (document[0].id, 0, 0),
        (document[1].id, 0, 0),
        (document[2].id, 0, 4),
    ]
    assert passage.block_types == {BlockType.HEADING, BlockType.PARAGRAPH}


def test_headings_without_body_are_text_of_the_section_above_them() -> None:
    found = passages_of(heading("Book"), paragraph("intro"), heading("Empty", 2), heading("Bare", 2))

    assert [(passage.heading_path, passage.text) for passage in found] == [(("Book",), "intro\n\nEmpty\n\nBare")]


def test_a_long_heading_is_shortened_in_the_path_and_kept_in_the_text() -> None:
    title = " ".join(f"word{n}" for n in range(60))
    found = passages_of(heading(title), paragraph("text"), budget=80)

    assert " ".join(passage.text for passage in found).startswith(title[:100])
    assert found[0].heading_path[0].endswith("…")
    assert len(WordTokenizer().spans([" > ".join(found[0].heading_path)])[0]) <= 20


def test_deep_paths_keep_their_innermost_headings() -> None:
    found = passages_of(*(heading(f"level number {n} of many", n) for n in range(1, 9)), paragraph("text"))

    assert found[-1].heading_path[-1] == "level number 8 of many"
    assert "level number 1 of many" in found[0].text


def test_a_block_without_text_is_an_empty_part() -> None:
    picture = BlockDraft(BlockType.IMAGE, "", page=3)
    (passage,) = passages_of(paragraph("before"), picture, paragraph("after"))

    assert passage.text == "before\n\nafter"
    assert [part.anchor.page for part in passage.parts] == [None, 3, None]


def test_a_document_without_text_has_no_passages() -> None:
    assert passages_of(paragraph(" "), BlockDraft(BlockType.IMAGE, "")) == []


def test_a_long_paragraph_is_divided_between_sentences() -> None:
    found = passages_of(paragraph(SENTENCE * 20))

    assert len(found) > 3
    assert all(passage.text.endswith("mill.") for passage in found)


def test_a_long_table_repeats_its_header_on_every_passage() -> None:
    rows = [f"| item {n} | {n} |" for n in range(40)]
    document = blocks(table("\n".join(["| name | value |", "|---|---|", *rows]), header_rows=1))
    found = StructuredPassages(60).build(document, WordTokenizer(), 60)

    assert len(found) > 3
    assert all(passage.text.startswith("| name | value |\n|---|---|\n\n| item") for passage in found)
    assert [row for passage in found for row in passage.text.split("\n")[3:]] == rows


def test_a_divided_listing_knows_the_lines_of_each_part() -> None:
    lines = [f"call_{n}(a, b)" for n in range(30)]
    found = passages_of(code("\n".join(lines), start_line=101, end_line=130))

    for passage in found:
        (part,) = passage.parts
        first, last = part.anchor.start_line or 0, part.anchor.end_line or 0
        assert lines[first - 101 : last - 100] == passage.text.split("\n")


def test_a_part_keeps_the_lines_of_its_block_when_text_and_file_have_other_line_breaks() -> None:
    found = passages_of(paragraph(SENTENCE * 20, start_line=5, end_line=9))

    assert {(part.anchor.start_line, part.anchor.end_line) for passage in found for part in passage.parts} == {(5, 9)}


def row_table(rows: int, **metadata: JsonValue) -> BlockDraft:
    """A table whose text has a header line and a rule above one line per row."""
    lines = ["| name | value |", "| --- | --- |", *(f"| item {n} | {n} |" for n in range(rows))]
    return table("\n".join(lines), header_rows=1, **metadata)


def test_a_part_of_a_sheet_names_its_own_rows() -> None:
    found = passages_of(row_table(40, sheet="May", cells="A2:B41"), budget=60)

    assert len(found) > 3
    for passage in found:
        part = passage.parts[-1]
        first, last = (int(cell[1:]) for cell in str(part.anchor.cells).split(":"))
        numbers = [int(row.split("|")[2]) for row in passage.text[part.start : part.end].split("\n") if "item" in row]
        assert (first - 2, last - 2, part.anchor.sheet) == (numbers[0], numbers[-1], "May")


def test_a_part_of_a_table_of_lines_names_its_own_lines() -> None:
    found = passages_of(row_table(40, start_line=1, end_line=41), budget=60)

    last = found[-1].parts[-1]
    assert (last.anchor.end_line, found[-1].text.rstrip().endswith("| item 39 | 39 |")) == (41, True)
    assert (last.anchor.start_line or 0) > 30


def test_parts_carry_page_box_and_symbol() -> None:
    draft = BlockDraft(BlockType.CODE, "x", page=2, metadata={"bbox": [1, 2.5, 3, 4], "symbol": "A.b"})
    (passage,) = passages_of(draft)

    anchor = passage.parts[0].anchor
    assert (anchor.page, anchor.bbox, anchor.symbol) == (2, (1.0, 2.5, 3.0, 4.0), "A.b")


def test_a_function_that_fits_the_model_stays_whole() -> None:
    function = "\n".join(f"x{n} = {n}" for n in range(20))
    found = StructuredPassages(40).build(blocks(code(function)), WordTokenizer(), 80)

    assert [passage.text for passage in found] == [function]


def test_definitions_start_their_own_passage_once_there_is_something_in_the_one_before() -> None:
    big, small = "a = 1\n" * 5, "b = 2"
    found = passages_of(code(big, signature="f"), code(small, signature="g"), code(small, signature="h"))

    assert [len(passage.parts) for passage in found] == [1, 2]


def test_code_stands_under_its_file_and_class() -> None:
    (passage,) = passages_of(code("def f(): ...", section=["pkg/a.py", "Class"], symbol="Class.f"))

    assert passage.embedded_text == "pkg/a.py > Class\ndef f(): ..."


def test_the_language_of_a_passage_is_that_of_most_of_its_text() -> None:
    german = BlockDraft(BlockType.PARAGRAPH, "Ein längerer deutscher Absatz.", language="de")
    (passage,) = passages_of(paragraph("short"), german)

    assert passage.language == "de"


def test_a_word_beyond_any_size_is_divided() -> None:
    found = StructuredPassages(16).build(blocks(paragraph("x" * 5000)), PieceTokenizer(), 16)

    assert "".join(passage.text for passage in found) == "x" * 5000
    assert len(found) > 4


def test_what_has_more_tokens_once_it_is_cut_is_cut_again() -> None:
    found = StructuredPassages(16).build(blocks(paragraph("x" * (1024 + 90))), PieceTokenizer(), 16)

    assert [len(passage.text) for passage in found] == [1024, 45, 45]


def test_an_embedder_that_reads_next_to_nothing_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="at least 16"):
        StructuredPassages(160).build([], WordTokenizer(), 8)


def test_the_version_names_the_size() -> None:
    assert build(Settings()).version == "structure-2:160"


def test_structure_text_divides_between_sentences_and_keeps_lines() -> None:
    found = structure_text("1.2 The mill\n\n" + SENTENCE * 30 + "\n\n- one\n- two", max_tokens=50, language="en")

    assert [block.type for block in (found[0], found[1], found[-1])] == [BlockType.HEADING, BlockType.PARAGRAPH, BlockType.LIST]
    assert all(len(spans) <= 50 for spans in WordTokenizer().spans([block.text for block in found]))
    assert all(block.text.endswith("mill.") for block in found[1:-1])
    assert [block.metadata["start_line"] for block in found] == [1, *[3] * (len(found) - 2), 5]
    assert {block.language for block in found} == {"en"}


@settings(deadline=None)
@given(st.text(alphabet="ab. \n-1#", max_size=300))
def test_structure_text_keeps_every_word(text: str) -> None:
    found = structure_text(text, max_tokens=16)

    assert re.findall(r"[ab]+", " ".join(block.text for block in found)) == re.findall(r"[ab]+", text)


def _letters(text: str) -> str:
    return "".join(text.split())

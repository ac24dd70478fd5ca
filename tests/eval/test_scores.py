"""Scores of made documents that are printed without any system library."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from eval.documents.places import places
from eval.documents.product import extracted
from eval.documents.rendering import Printed, print_style
from eval.documents.scores import scores
from eval.documents.styles import PAPER
from eval.documents.truth import Code, Heading, Listing, Part, Table, rows_of, text_of
from semantic_memory.core.model import BlockDraft, BlockType
from semantic_memory.etl.blocks.lists import ListItem, list_block
from semantic_memory.etl.blocks.tables import table_block


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> Printed:
    return next(print_style(PAPER, [0], tmp_path_factory.mktemp("paper")))


def perfect(printed: Printed) -> Iterator[BlockDraft]:
    """What an extraction without a fault would give."""
    for part in printed.document.parts:
        yield block_of(part)


def block_of(part: Part) -> BlockDraft:
    match part:
        case Heading(level, text):
            return BlockDraft(BlockType.HEADING, text, metadata={"level": level})
        case Listing(items):
            return list_block([ListItem(item.level, "1." if item.is_ordered else "-", item.text) for item in items])
        case Table(grid):
            spans = [[cell.row, cell.column, cell.row_span, cell.column_span] for cell in grid.cells]
            return table_block(rows_of(grid), grid.header_rows, metadata={"spans": [span for span in spans if span[2:] != [1, 1]]})
        case Code(text):
            return BlockDraft(BlockType.CODE, text)
        case _:
            return BlockDraft(BlockType.PARAGRAPH, text_of(part))


def test_the_truth_itself_scores_full_marks(printed: Printed) -> None:
    found = scores(printed, list(perfect(printed)))

    assert {found.text, found.order, found.headings, found.heading_f1, found.levels, found.tables, found.items} == {1.0}
    assert found.leaks == 0


def test_nothing_scores_nothing(printed: Printed) -> None:
    found = scores(printed, [])

    assert (found.text, found.headings, found.heading_f1, found.tables, found.items) == (0, 0, 0, 0, 0)
    assert found.levels is None


def test_parts_in_the_wrong_order_lower_text_and_order(printed: Printed) -> None:
    blocks = list(perfect(printed))
    half = len(blocks) // 2

    found = scores(printed, [*blocks[half:], *blocks[:half]])

    assert found.text < 0.8
    assert found.order is not None
    assert 0.8 < found.order < 1


def test_flat_lists_and_headings_of_one_level_are_noticed(printed: Printed) -> None:
    def flat(block: BlockDraft) -> BlockDraft:
        if block.type is BlockType.HEADING:
            return replace(block, metadata={"level": 2})
        return BlockDraft(BlockType.PARAGRAPH, block.text) if block.type is BlockType.LIST else block

    found = scores(printed, [flat(block) for block in perfect(printed)])

    assert found.headings is not None
    assert found.headings < found.heading_f1 == 1
    assert found.items == 0


def test_running_headers_and_footers_in_the_text_are_leaks(printed: Printed) -> None:
    running = [BlockDraft(BlockType.PARAGRAPH, f"{printed.document.footer} - {number + 1}") for number in range(printed.pages)]

    assert scores(printed, [*perfect(printed), *running]).leaks == 0.5


def test_the_product_is_measured_on_the_printed_pages(printed: Printed) -> None:
    blocks = extracted(printed.pdf, "fast").blocks

    found, where = scores(printed, blocks), places(printed.pdf, blocks)

    assert found.text > 0.9
    assert where.boxed > 10
    assert where.right / where.boxed > 0.9


def test_a_box_in_another_place_is_not_right(printed: Printed) -> None:
    blocks = [block for block in extracted(printed.pdf, "fast").blocks if block.type is BlockType.PARAGRAPH]
    moved = [replace(block, metadata={**block.metadata, "bbox": [0, 0, 200, 60]}) for block in blocks]

    assert places(printed.pdf, moved).right == 0

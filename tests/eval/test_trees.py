"""Similarity of tables and outlines."""

import pytest

from eval.documents.cells import grid_of_rows
from eval.documents.trees import heading_similarity, table_similarity
from eval.documents.truth import Heading

ROWS = [["Place", "Count"], ["North", "7"]]


def test_the_same_table_is_wholly_similar_and_none_is_not() -> None:
    table = grid_of_rows(ROWS, {})

    assert table_similarity(table, table) == 1
    assert table_similarity(grid_of_rows([], {}), table) == 0


def test_a_lost_row_costs_its_share_of_the_nodes() -> None:
    assert table_similarity(grid_of_rows(ROWS[:1], {}), grid_of_rows(ROWS, {})) == pytest.approx(1 - 3 / 6)


def test_a_wrong_text_costs_as_much_as_it_differs() -> None:
    other = grid_of_rows([["Place", "Count"], ["Nords", "7"]], {})

    assert table_similarity(other, grid_of_rows(ROWS, {})) == pytest.approx(1 - 2 / 5 / 6)


def test_a_span_that_is_not_seen_costs_a_cell() -> None:
    true = grid_of_rows([["2024", ""], ["a", "b"]], {(0, 0): (1, 2)})
    found = grid_of_rows([["2024", ""], ["a", "b"]], {})

    assert table_similarity(found, true) == pytest.approx(1 - 2 / 6)  # the cell itself, and an empty one too many


def test_headings_of_a_wrong_level_hang_in_the_wrong_place() -> None:
    true = [Heading(1, "Pumps"), Heading(2, "Costs"), Heading(3, "Repairs")]

    assert heading_similarity(true, true) == 1
    assert heading_similarity([Heading(heading.level + 1, heading.text) for heading in true], true) == 1
    assert heading_similarity([Heading(2, heading.text) for heading in true], true) < 0.7
    assert heading_similarity([], true) == 0

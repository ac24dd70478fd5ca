"""The cell-adjacency measure."""

from collections import Counter
from pathlib import Path

from eval.documents.cells import Cell, Grid, adjacency, cell_texts, grid_of_rows, relations
from eval.documents.competition import labelled_files

RULED = grid_of_rows([["Place", "Count"], ["North", "7"], ["South", "9"]], {})


def test_a_cell_is_related_to_its_right_and_lower_neighbours() -> None:
    found = relations(grid_of_rows([["A", "B"], ["C", "D"]], {}))

    assert found == Counter([("a", "b", "right"), ("c", "d", "right"), ("a", "c", "below"), ("b", "d", "below")])


def test_empty_cells_are_skipped() -> None:
    found = relations(grid_of_rows([["A", " ", "B"], ["", "", ""], ["C", "", ""]], {}))

    assert found == Counter([("a", "b", "right"), ("a", "c", "below")])


def test_a_spanning_cell_has_each_cell_below_it_as_neighbour_and_each_relation_once() -> None:
    grid = grid_of_rows([["2024", ""], ["Costs", "Gains"], ["1", "2"]], {(0, 0): (1, 2)})

    assert {pair for pair in relations(grid) if pair[0] == "2024"} == {("2024", "costs", "below"), ("2024", "gains", "below")}
    assert max(relations(grid).values()) == 1


def test_texts_agree_whatever_their_blanks_case_and_dashes() -> None:
    other = grid_of_rows([["place ", "COUNT"], ["N orth", "7"], ["South", "9\u00ad"]], {})

    assert adjacency([other], [RULED]).f1 == 1
    assert relations(grid_of_rows([["1–2", "“a”"]], {})) == relations(grid_of_rows([["1-2", '"a"']], {}))


def test_a_table_cut_in_two_loses_the_relations_across_the_cut() -> None:
    upper, lower = grid_of_rows([["Place", "Count"], ["North", "7"]], {}), grid_of_rows([["South", "9"]], {})

    agreement = adjacency([upper, lower], [RULED])

    assert (agreement.right, agreement.found, agreement.true) == (5, 5, 7)
    assert agreement.precision == 1
    assert cell_texts([upper, lower], [RULED]).f1 == 1


def test_without_tables_on_either_side_everything_agrees_and_else_nothing() -> None:
    assert adjacency([], []).f1 == 1
    assert adjacency([], [RULED]).f1 == 0
    assert adjacency([RULED], []).precision == 0


def test_truth_files_of_one_pdf_are_readings_of_it(tmp_path: Path) -> None:
    for name in ("eu-001", "eu-009a", "eu-009b"):
        cell = '<cell start-row="1" start-col="0" end-col="2"><content>Total\nsum</content></cell>'
        region = f'<region page="1">{cell}</region>'
        (tmp_path / f"{name}-str.xml").write_text(f"<document><table>{region}</table></document>")
    for name in ("eu-001", "eu-009a"):
        (tmp_path / f"{name}.pdf").touch()

    first, second = labelled_files(tmp_path)

    assert [len(first.readings), len(second.readings)] == [1, 2]
    assert first.readings[0][0] == Grid((Cell(1, 0, "Total\nsum", 1, 3),))

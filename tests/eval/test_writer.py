"""Made documents."""

import pytest

from eval.documents.cells import Cell
from eval.documents.html import page
from eval.documents.styles import HELD_OUT, TUNING, Style
from eval.documents.truth import Heading, Item, Listing, Note, Paragraph, Table, TrueDocument, markdown, rows_of
from eval.documents.writer import TABLE_KINDS, Shape, write


def test_a_seed_decides_the_whole_document() -> None:
    assert write("a", Shape(), 7) == write("a", Shape(), 7)
    assert write("a", Shape(), 7).parts != write("a", Shape(), 3).parts


@pytest.mark.parametrize("style", [*TUNING, *HELD_OUT], ids=lambda style: style.name)
def test_every_style_gets_documents_with_headings_lists_and_tables_that_fit(style: Style) -> None:
    documents = [write(style.name, style.shape, seed) for seed in range(12)]

    assert {document.language for document in documents} == {"en", "de", "fr"}
    assert all(document.headings()[0].level == 1 for document in documents)
    assert any(document.items() for document in documents)
    grids = [grid for document in documents for grid in document.tables()]
    assert max(len(row) for grid in grids for row in rows_of(grid)) <= style.shape.columns


def test_no_two_cells_of_a_table_take_the_same_place() -> None:
    grids = [grid for seed in range(40) for grid in write("a", Shape(), seed).tables()]

    spanning = [cell for grid in grids for cell in grid.cells if (cell.row_span, cell.column_span) != (1, 1)]
    assert len(grids) > 3 * len(TABLE_KINDS)
    assert {"row" if cell.row_span > 1 else "column" for cell in spanning} == {"row", "column"}
    for grid in grids:
        covered = [place for cell in grid.cells for place in cell.covers()]
        assert len(covered) == len(set(covered))


def test_numbered_headings_count_within_their_section() -> None:
    headings = write("a", Shape(is_numbered=True), 1).headings()

    numbers = [heading.text.split()[0] for heading in headings[1:]]
    assert numbers[0] == "1."
    assert [number.count(".") for number in numbers if not number.endswith(".")] == [h.level - 2 for h in headings[1:] if h.level > 2]
    assert len(set(numbers)) == len(numbers)


def test_a_document_without_tables_has_none() -> None:
    assert not any(write("a", Shape(has_tables=False), seed).tables() for seed in range(10))


DOCUMENT = TrueDocument(
    "a",
    "en",
    (
        Heading(1, "Pumps & gauges"),
        Paragraph("They run.", note=Note("Mostly.")),
        Listing((Item(0, "one", is_ordered=True), Item(1, "deeper"), Item(0, "two", is_ordered=True))),
        Table(write("a", Shape(), 0).tables()[0]),
    ),
    header="Top",
    footer="Bottom",
)


def test_markdown_names_footnotes_and_nests_lists() -> None:
    text = markdown(DOCUMENT)

    assert text.startswith("# Pumps & gauges\n\nThey run.[^1]\n\n1. one\n   - deeper\n1. two\n\n| ")
    assert text.endswith("\n\n[^1]: Mostly.\n")


def test_html_nests_lists_and_puts_the_running_texts_into_the_style() -> None:
    html = page(DOCUMENT, "@page { @top-left { content: HEADER } }")

    assert '<h1 id="part-0">Pumps &amp; gauges</h1>' in html
    assert "<ol><li>one<ul><li>deeper</li></ul></li><li>two</li></ol>" in html
    assert '<span class="note" id="note-1">Mostly.</span>' in html
    assert 'content: "Top"' in html


def test_rows_hold_a_spanning_text_once() -> None:
    grid = write("a", Shape(), 0).tables()[0].__class__((Cell(0, 0, "a", column_span=2), Cell(1, 0, "b"), Cell(1, 1, "c")))

    assert rows_of(grid) == [["a", ""], ["b", "c"]]

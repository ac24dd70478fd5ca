from semantic_memory.etl.ocr.layout import in_reading_order, paragraphs
from tests.etl.ocr.pictures import line, texts

LEFT = [line(f"left column line number {number}", 0, 20 * number) for number in range(4)]
RIGHT = [line(f"right column line number {number}", 300, 20 * number + 3) for number in range(4)]


def test_columns_are_read_one_after_the_other() -> None:
    mixed = [one for pair in zip(RIGHT, LEFT, strict=True) for one in pair]

    assert in_reading_order(mixed) == [*LEFT, *RIGHT]


def test_what_spans_the_columns_is_read_above_and_below_them() -> None:
    title = line("a title that is printed over both of the columns of the page", 40, -40)
    footer = line("a footer that is printed below both of the columns of the page", 40, 120)

    assert in_reading_order([footer, *RIGHT, title, *LEFT]) == [title, *LEFT, *RIGHT, footer]


def test_columns_below_columns_are_read_after_them() -> None:
    middle = line("a heading that is printed between the columns of this page here", 40, 100)
    below_left = [line(f"lower left line number {number}", 0, 140 + 20 * number) for number in range(3)]
    below_right = [line(f"lower right line number {number}", 300, 140 + 20 * number) for number in range(3)]

    found = in_reading_order([*below_right, *RIGHT, middle, *below_left, *LEFT])

    assert found == [*LEFT, *RIGHT, middle, *below_left, *below_right]


def test_an_address_on_the_right_is_read_before_the_letter_below_it() -> None:
    address = [line(f"the address line number {number}", 300, 20 * number) for number in range(3)]
    letter = [line(f"the letter line number {number}", 0, 100 + 20 * number) for number in range(4)]

    assert in_reading_order([*letter, *address]) == [*address, *letter]


def test_cells_of_a_table_are_read_row_by_row() -> None:
    names = [line(name, 0, 20 * row) for row, name in enumerate(["bolt", "nut", "screw", "nail"])]
    counts = [line(count, 120, 20 * row + 2) for row, count in enumerate(["12", "7", "180", "3"])]

    assert texts(in_reading_order([*counts, *names])) == ["bolt 12", "nut 7", "screw 180", "nail 3"]


def test_lines_of_one_column_are_read_from_the_top() -> None:
    assert in_reading_order(list(reversed(LEFT))) == LEFT


def test_no_lines_make_no_paragraphs() -> None:
    assert paragraphs(in_reading_order([])) == []


def test_a_wide_gap_starts_a_paragraph() -> None:
    lines = [line(f"some words on line {number}", 0, top) for number, top in enumerate([0, 15, 30, 60, 75, 90])]

    assert paragraphs(lines) == [lines[:3], lines[3:]]


def test_larger_letters_are_a_paragraph_of_their_own() -> None:
    heading = line("A heading", 0, 0, height=20, letter=12)
    body = [line(f"some words on line {number}", 0, 24 + 15 * number) for number in range(3)]

    assert paragraphs([heading, *body]) == [[heading], body]


def test_an_indented_line_starts_a_paragraph() -> None:
    lines = [line("some words on a line", left, 15 * number) for number, left in enumerate([0, 0, 0, 15, 0, 0])]

    assert paragraphs(lines) == [lines[:3], lines[3:]]


def test_a_short_line_with_a_full_stop_ends_its_paragraph() -> None:
    lines = [line("some words that fill a line", 0, 0), line("and end.", 0, 15), line("Then another paragraph goes", 0, 30)]

    assert paragraphs(lines) == [lines[:2], lines[2:]]


def test_a_list_is_apart_from_the_sentence_before_it_and_keeps_its_items_together() -> None:
    lines = [
        line(text, 0, 15 * number) for number, text in enumerate(["bring with you the", "1. rope that is long", "2. lamp with the oil"])
    ]

    assert paragraphs(lines) == [lines[:1], lines[1:]]


def test_the_next_column_is_another_paragraph() -> None:
    assert paragraphs([*LEFT, *RIGHT]) == [LEFT, RIGHT]

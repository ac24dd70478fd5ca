import pytest

from semantic_memory.core.errors import EmptyDocumentError
from semantic_memory.core.model import BlockDraft, BlockType, Extraction
from tests.etl.conftest import Read


def tables(extraction: Extraction) -> list[BlockDraft]:
    return [block for block in extraction.blocks if block.type is BlockType.TABLE]


def lines(block: BlockDraft) -> tuple[object, object]:
    return block.metadata["start_line"], block.metadata["end_line"]


def test_a_table_has_its_lines_and_heading_row(read: Read) -> None:
    (table,) = read("a.csv", "name,count\nbolt,12\nnut,7\n").blocks

    assert table.text == "| name | count |\n| --- | --- |\n| bolt | 12 |\n| nut | 7 |"
    assert (table.metadata["header_rows"], lines(table)) == (1, (1, 3))


@pytest.mark.parametrize(
    ("name", "text", "delimiter"),
    [
        ("a.csv", "a,b\n1,2\n", ","),
        ("a.csv", "a;b\n1,5;2\n2,5;3\n", ";"),
        ("a.csv", "1,5;2,5;3,0\n2,5;3,5;4,0\n", ";"),
        ("a.csv", "a|b\n1|2\n", "|"),
        ("a.csv", 'sep=;\n"a,b";c\n', ";"),
        ("a.tsv", "a\tb, c\n1\t2, 3\n", "\t"),
        ("a.tsv", "a,b\n1,2\n", ","),
        ("a.csv", '"x; y",2\n"z; w",3\n', ","),
    ],
)
def test_the_delimiter_is_the_one_that_makes_a_table(read: Read, name: str, text: str, delimiter: str) -> None:
    extraction = read(name, text)

    assert extraction.metadata["delimiter"] == delimiter
    assert len(tables(extraction)[0].metadata["rows"][0]) > 1


def test_lines_are_exact_where_quoted_fields_hold_line_breaks(read: Read) -> None:
    rows = [f'{number},"first\nsecond"' for number in range(60)]

    first, second = read("a.csv", "id,note\n" + "\n".join(rows) + "\n").blocks

    assert (lines(first), lines(second)) == ((1, 101), (102, 121))
    assert second.metadata["rows"][:2] == [["id", "note"], ["50", "first\nsecond"]]


def test_long_tables_repeat_the_heading_row_in_each_group(read: Read) -> None:
    groups = read("a.csv", "id,name\n" + "".join(f"{number},n{number}\n" for number in range(120))).blocks

    assert [(lines(block), block.metadata["part"], block.metadata["parts"]) for block in groups] == [
        ((1, 51), 1, 3),
        ((52, 101), 2, 3),
        ((102, 121), 3, 3),
    ]
    assert all(block.text.startswith("| id | name |\n| --- | --- |\n") for block in groups)


def test_lines_above_the_table_are_paragraphs(read: Read) -> None:
    title, table = read("a.csv", "Prices 2024,,\n\npart,net,gross\nbolt,1,2\n").blocks

    assert (title.type, title.text, lines(title)) == (BlockType.PARAGRAPH, "Prices 2024", (1, 1))
    assert (lines(table), table.metadata["header_rows"]) == ((3, 4), 1)


@pytest.mark.parametrize(
    ("text", "header_rows"),
    [
        ("name,city\nAda,London\n", 1),
        ("name,2023,2024\nbolt,7,9\n", 1),
        ("1,2\n3,4\n", 0),
        ("a,a\n1,2\n", 0),
        ("x,y\nx,z\n", 0),
        ("name,city\n", 0),
        (f"name,{'long ' * 20}\nx,1\n", 0),
    ],
    ids=["words", "years", "numbers", "twice", "below again", "alone", "long"],
)
def test_a_first_row_that_names_the_columns_is_the_heading(read: Read, text: str, header_rows: int) -> None:
    assert read("a.csv", text).blocks[0].metadata["header_rows"] == header_rows


def test_file_15_values_stay_verbatim(read: Read) -> None:
    (table,) = read("a.csv", '=HYPERLINK("http://a.b"),@SUM(1),+1,-2\nw,x,y,z\n').blocks

    assert table.metadata["rows"][0] == ['=HYPERLINK("http://a.b")', "@SUM(1)", "+1", "-2"]


def test_other_encodings_are_read_and_told(read: Read) -> None:
    extraction = read("a.csv", "Größe;Straße\n1;Königsallee\n".encode("utf-16"))

    assert extraction.blocks[0].metadata["rows"][0] == ["Größe", "Straße"]
    assert extraction.metadata["encoding"] == "utf-16"


def test_an_unpaired_quotation_mark_does_not_swallow_the_file(read: Read) -> None:
    extraction = read("a.csv", 'size,name\n6",pipe\n"7 inch,tube\n' + "8,hose\n" * 300)

    assert extraction.metadata["records"] == 303
    assert extraction.warnings == ("quotation marks are not paired: they were read as part of the values",)


def test_rows_of_unequal_length_are_filled_up(read: Read) -> None:
    (table,) = read("a.csv", "a,b,c\n1,2\n3,4,5,6\n").blocks

    assert table.metadata["rows"] == [["a", "b", "c", ""], ["1", "2", "", ""], ["3", "4", "5", "6"]]


def test_a_field_of_any_length_is_read(read: Read) -> None:
    (table,) = read("a.csv", "a,b\n1," + "x" * 200_000 + "\n").blocks

    assert len(table.metadata["rows"][1][1]) == 200_000


@pytest.mark.parametrize(
    ("text", "warning"),
    [
        ("a,b" + "," * 2000 + "x\n1,2\n", "rows have more than 1000 fields: the others were left out"),
        (
            ("a" + "," * 999 + "\n" + "b,c\n" * 49) * 41,
            "only 2000 of 2049 rows were read: a file gives at most 2000000 cells or 50331648 bytes",
        ),
    ],
    ids=["wide", "padded"],
)
def test_hostile_widths_are_cut_with_a_warning(read: Read, text: str, warning: str) -> None:
    assert warning in read("a.csv", text).warnings


def test_a_file_of_delimiters_is_empty(read: Read) -> None:
    with pytest.raises(EmptyDocumentError):
        read("a.csv", ",,,\n,,,\n")

import io
import zipfile

import pytest

from semantic_memory.core.model import BlockType
from semantic_memory.etl.office.opendocument import read_sheets
from semantic_memory.etl.office.sheets import Area, Budget, Sheet, column_name, sheet_blocks, tables
from semantic_memory.etl.office.workbook import area, open_workbook
from tests.etl.extract.test_ods import cell, row, table
from tests.etl.extract.test_ods import package as ods
from tests.etl.extract.test_xlsx import inline
from tests.etl.extract.test_xlsx import package as xlsx


@pytest.mark.parametrize(("number", "name"), [(1, "A"), (26, "Z"), (27, "AA"), (702, "ZZ"), (703, "AAA"), (16384, "XFD")])
def test_columns_have_letters(number: int, name: str) -> None:
    assert column_name(number) == name
    assert area(f"{name}1") == Area(1, number, 1, number)


@pytest.mark.parametrize("reference", ["", "A", "1", "A1:", "AAAA1", "a1"])
def test_what_is_no_reference_is_no_area(reference: str) -> None:
    assert area(reference) is None


def test_a_reference_may_begin_at_any_corner() -> None:
    assert str(area("$C$9:A1")) == "A1:C9"


def test_a_diagonal_of_cells_ends_at_the_limit_of_cells() -> None:
    sheet = Sheet("S", rows={number: {number: "x", number + 1: "y"} for number in range(1, 1001)})
    warnings: list[str] = []

    blocks = list(sheet_blocks(sheet, Budget(cells=100_000), warnings))

    assert "was read only in part" in warnings[0]
    assert 50_000 < sum(len(one) for block in blocks[1:] for one in block.metadata["rows"]) <= 100_000


def test_a_table_ends_at_the_limit_of_bytes() -> None:
    sheet = Sheet("S", rows={number: {1: "ü" * 1000, 2: "y"} for number in range(1, 101)})
    warnings: list[str] = []

    blocks = list(sheet_blocks(sheet, Budget(size=100_000), warnings))

    assert [block.type for block in blocks].count(BlockType.TABLE) == 8
    assert len(warnings) == 1


def test_prose_in_a_single_column_is_paragraphs() -> None:
    sheet = Sheet("S", rows={1: {1: "A long sentence. " * 10}, 2: {1: "Another long sentence. " * 10}, 3: {1: "short"}, 4: {1: "shorter"}})

    blocks = list(sheet_blocks(sheet, Budget(), []))[1:]

    assert [(block.type.value, block.metadata["cells"]) for block in blocks] == [
        ("paragraph", "A1"),
        ("paragraph", "A2"),
        ("table", "A3:A4"),
    ]


def test_tables_beside_one_another_are_cut_to_their_own_rows() -> None:
    rows = {number: {1: "a", 2: "b"} for number in range(1, 6)}
    rows[2] |= {4: "c", 5: "d"}
    rows[3] |= {4: "e", 5: "f"}

    assert [str(one) for one in tables(Sheet("S", rows=rows))] == ["A1:B5", "D2:E3"]


def test_a_merged_cell_holds_the_rows_beside_it_together() -> None:
    rows = {1: {1: "all", 2: "x", 3: "y"}, 3: {2: "z", 3: "w"}}

    assert [str(one) for one in tables(Sheet("S", rows=rows, merged=[Area(1, 1, 3, 1)]))] == ["A1:C3"]


def test_readers_stop_at_the_limit_of_cells() -> None:
    repeated = row(cell("x", attributes='table:number-columns-repeated="7"'), attributes='table:number-rows-repeated="9"')
    cells = "".join(f'<row r="{number}">{inline(f"A{number}", "x")}</row>' for number in range(1, 30))
    warnings: list[str] = []

    with zipfile.ZipFile(io.BytesIO(ods(table(repeated)))) as archive:
        (first,) = read_sheets(archive, Budget(cells=20), warnings)
    with zipfile.ZipFile(io.BytesIO(xlsx(cells))) as archive:
        (second,) = open_workbook(archive).read(Budget(cells=20), warnings)

    assert (len(first.rows), len(second.rows)) == (3, 20)
    assert warnings == ["only the first 20 cells were read", "only the first 20 cells of sheet 'S' were read"]

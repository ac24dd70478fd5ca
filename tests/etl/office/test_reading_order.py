import pytest

from semantic_memory.etl.office.reading_order import in_reading_order


def order(boxes: dict[str, tuple[float, float, float, float]]) -> str:
    return "".join(in_reading_order(sorted(boxes), lambda name: boxes[name]))


@pytest.mark.parametrize(
    ("boxes", "expected"),
    [
        ({}, ""),
        ({"a": (0, 50, 10, 60), "b": (0, 0, 10, 10)}, "ba"),
        ({"a": (50, 0, 60, 10), "b": (0, 1, 10, 10)}, "ba"),
        ({"a": (0, 0, 40, 10), "b": (60, 0, 100, 10), "c": (0, 12, 40, 90), "d": (60, 12, 100, 90)}, "acbd"),
        ({"a": (0, 0, 9, 9), "b": (90, 0, 99, 9), "c": (0, 10, 50, 90), "d": (60, 10, 99, 90), "t": (60, -70, 99, -60)}, "tacbd"),
        ({"a": (0, 0, 49, 10), "b": (50, 0, 100, 10), "c": (0, 60, 49, 70), "d": (50, 60, 100, 70)}, "abcd"),
        ({"a": (0, 20, 40, 90), "b": (60, 20, 100, 90), "t": (0, 0, 100, 10), "z": (0, 95, 100, 99)}, "tabz"),
        ({"a": (10, 10, 60, 60), "b": (0, 0, 50, 50)}, "ba"),
    ],
    ids=["none", "below", "beside", "columns with heads", "something above them", "rows of cards", "between bands", "overlapping"],
)
def test_boxes_are_read_as_a_person_reads_them(boxes: dict[str, tuple[float, float, float, float]], expected: str) -> None:
    assert order(boxes) == expected


def test_many_boxes_inside_one_another_end() -> None:
    boxes = {str(number): (number, number, 1000 - number, 1000 - number) for number in range(400)}

    assert in_reading_order(list(boxes), lambda name: boxes[name])[0] == "0"

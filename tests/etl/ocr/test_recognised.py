import pytest

from semantic_memory.core.model import BlockType
from semantic_memory.etl.ocr.recognised import Recognised, Word


def recognised(*lines: str, heights: tuple[float, ...] = (), paragraphs: tuple[int, ...] = (), gap: float = 10) -> Recognised:
    """Words ten pixels wide, lines twenty apart; every line of one paragraph and ten high unless said otherwise."""
    step = 10 + gap
    words: list[Word] = []
    for number, line in enumerate(lines):
        height, top = heights[number] if heights else 10, 20 * number
        for place, word in enumerate(line.split(" ")):
            box = (step * place, top, step * place + 10, top + height)
            words.append(Word(word, box, 0.9, number, paragraphs[number] if paragraphs else 0))
    return Recognised(tuple(words), "an engine")


def test_a_block_has_its_box_and_its_words_in_the_unit_asked_for() -> None:
    (block,) = recognised("two words", "below").blocks(3, 0.5)

    assert (block.type, block.text, block.page) == (BlockType.PARAGRAPH, "two words below", 3)
    assert block.metadata["bbox"] == [0, 0, 15, 15]
    assert block.metadata["words"] == [["two", 0, 0, 5, 5, 0.9], ["words", 10, 0, 15, 5, 0.9], ["below", 0, 10, 5, 15, 0.9]]
    assert block.metadata["ocr"] == {"engine": "an engine", "confidence": 0.9}


def test_every_paragraph_is_a_block() -> None:
    blocks = recognised("one", "two", "three", paragraphs=(0, 0, 1)).blocks(None, 1)

    assert [block.text for block in blocks] == ["one two", "three"]


def test_larger_letters_make_a_heading_whose_level_is_their_size() -> None:
    lines = ("Title", "Part", "some text", "more text", "even more")

    blocks = recognised(*lines, heights=(21, 14, 10, 10, 10), paragraphs=(0, 1, 2, 2, 2)).blocks(1, 1)

    assert [(block.type, block.metadata.get("level")) for block in blocks] == [
        (BlockType.HEADING, 1),
        (BlockType.HEADING, 3),
        (BlockType.PARAGRAPH, None),
    ]


def test_a_large_number_is_no_heading() -> None:
    blocks = recognised("42", "some text", "more text", heights=(30, 10, 10), paragraphs=(0, 1, 1)).blocks(1, 1)

    assert blocks[0].type is BlockType.PARAGRAPH


def test_lines_with_the_same_wide_gaps_are_a_table() -> None:
    (block,) = recognised("Name Count Price", "bolt 12 0.10", "nut 7 0.05", gap=40).blocks(1, 1)

    assert block.type is BlockType.TABLE
    assert block.metadata["rows"] == [["Name", "Count", "Price"], ["bolt", "12", "0.10"], ["nut", "7", "0.05"]]
    assert block.metadata["header_rows"] == 1


@pytest.mark.parametrize(
    "lines", [("Quayside Friday", "Larkfield Monday"), ("Name Count Price", "bolt 12", "nut 7 0.05")], ids=["few", "uneven"]
)
def test_other_wide_gaps_are_prose(lines: tuple[str, ...]) -> None:
    assert recognised(*lines, gap=40).blocks(1, 1)[0].type is BlockType.PARAGRAPH


def test_marked_lines_are_a_list_and_unmarked_ones_go_on() -> None:
    (block,) = recognised("1. a rope of", "ten metres", "2.a lamp").blocks(1, 1)

    assert (block.type, block.text) == (BlockType.LIST, "1. a rope of ten metres\n2. a lamp")


@pytest.mark.parametrize(
    ("lines", "text"),
    [
        (("the cali-", "bration was"), "the calibration was"),
        (("on the Quayside-", "Larkfield road"), "on the Quayside- Larkfield road"),
        (("pages 3-", "7 are"), "pages 3- 7 are"),
        (("今 天", "天 气 OK"), "今天天气 OK"),
    ],
    ids=["broken word", "name", "range", "chinese"],
)
def test_lines_become_running_text(lines: tuple[str, ...], text: str) -> None:
    assert recognised(*lines).blocks(1, 1)[0].text == text


def test_confidence_is_the_mean_over_the_letters() -> None:
    words = (Word("a", (0, 0, 1, 1), 0.0, 0, 0), Word("bcd", (0, 0, 1, 1), 1.0, 0, 0))

    assert Recognised(words, "an engine").confidence == 0.75


def test_no_words_make_no_blocks() -> None:
    assert (Recognised((), "an engine").blocks(1, 1), Recognised((), "an engine").confidence) == ([], 0)

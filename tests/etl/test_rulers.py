"""Token counts between characters: as the tokenizer says, for texts of any size."""

import pytest

from semantic_memory.etl.packing import pack
from semantic_memory.etl.rulers import LONGEST_UNIT, measure
from semantic_memory.etl.structure import WordTokenizer


@pytest.mark.parametrize("text", ["", "one two, three", "word " * 40_000, "word, " * 400_000])
def test_counts_are_those_of_the_tokenizer(text: str) -> None:
    (ruler,) = measure([text], WordTokenizer())

    (spans,) = WordTokenizer().spans([text])
    assert list(ruler.starts) == [start for start, _ in spans]
    assert ruler.is_exact


def test_several_texts_keep_their_places() -> None:
    rulers = measure(["a b", "", "c " * 100_000, "d"], WordTokenizer())

    assert [len(ruler.starts) for ruler in rulers] == [2, 0, 100_000, 1]


def test_a_part_is_counted_by_where_its_tokens_begin() -> None:
    (ruler,) = measure(["one two three"], WordTokenizer())

    assert [ruler.count(0, 13), ruler.count(0, 4), ruler.count(4, 8), ruler.count(1, 4)] == [3, 1, 1, 0]


@pytest.mark.parametrize("text", ["x" * 200_000, "a" + " " * 200_000 + "b"])
def test_a_stretch_without_tokens_counts_once_per_64_characters(text: str) -> None:
    (ruler,) = measure([text], WordTokenizer())

    assert not ruler.is_exact
    assert len(ruler.starts) == pytest.approx(200_000 / LONGEST_UNIT, abs=2)


def test_nothing_packs_to_nothing() -> None:
    assert list(pack([], 10)) == []

import pytest

from semantic_memory.etl.pdf.hyphens import Vocabulary, run_on


@pytest.mark.parametrize(
    ("lines", "text"),
    [
        (["the cali-", "bration lab"], "the calibration lab"),
        (["a well-", "known fact"], "a well-known fact"),
        (["a long-", "term view"], "a long-term view"),
        (["typeset tempor\u2010", "ary"], "typeset temporary"),
        (["in 2007-", "2013"], "in 2007-2013"),
        (["the Anglo-", "Saxon"], "the Anglo-Saxon"),
        (["one -", "two"], "one - two"),
    ],
)
def test_divided_words_are_joined_and_compounds_keep_their_hyphen(lines: list[str], text: str) -> None:
    words = Vocabulary()
    words.learn(["It is well-known that the long way is a term of art, and calibration matters."])

    assert run_on(lines, words) == text


def test_the_whole_word_elsewhere_decides() -> None:
    words = Vocabulary()
    words.learn(["data base and database"])

    assert run_on(["the data-", "base"], words) == "the database"

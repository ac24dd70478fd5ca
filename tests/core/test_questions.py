"""Follow-ups stand alone without a model."""

import pytest

from semantic_memory.core.answers import Turn
from semantic_memory.core.questions import standalone

BEFORE = (Turn("How long are backups kept in the archive?", "Ninety days."),)


@pytest.mark.parametrize("question", ["And who deletes them?", "Where is it?", "What about photos?", "Why?", "And then?"])
def test_a_question_that_leans_on_the_one_before_gets_its_words(question: str) -> None:
    assert "backups" in standalone(question, BEFORE)
    assert standalone(question, BEFORE).startswith(question)


@pytest.mark.parametrize("question", ["Which tram goes to the exhibition hall?", "How do I reset the password of my account?"])
def test_a_question_that_stands_alone_stays_as_it_is(question: str) -> None:
    assert standalone(question, BEFORE) == question


def test_a_chain_of_follow_ups_keeps_its_subject() -> None:
    first = standalone("And who deletes them?", BEFORE)
    second = standalone("Why?", (*BEFORE, Turn("And who deletes them?", "The night shift.", first)))

    assert "backups" in second


def test_without_anything_before_nothing_is_added() -> None:
    assert standalone("Why?", ()) == "Why?"

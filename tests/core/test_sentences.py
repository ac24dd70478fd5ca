"""Sentence spans: they cover the text, and rules for abbreviations, numbers and scripts hold."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from semantic_memory.core.sentences import sentences


def split(text: str) -> list[str]:
    return [text[start:end].strip() for start, end in sentences(text)]


@settings(deadline=None)
@given(st.text(alphabet='aB1 .!?。\n-")।', max_size=200) | st.text(max_size=200))
def test_spans_cover_the_text_without_gaps(text: str) -> None:
    spans = sentences(text)

    assert "".join(text[start:end] for start, end in spans) == text
    assert all(start < end for start, end in spans)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One. Two! Three? Four", ["One.", "Two!", "Three?", "Four"]),
        ("Dr. J. Smith paid 3.14 dollars, e.g. in U.S. Steel. Done.", ["Dr. J. Smith paid 3.14 dollars, e.g. in U.S. Steel.", "Done."]),
        ('He said "No." Then he left.', ['He said "No."', "Then he left."]),
        ("See No. 5 and Fig. 3 of it. No. Go.", ["See No. 5 and Fig. 3 of it.", "No.", "Go."]),
        ("Wait... or not. Go.", ["Wait... or not.", "Go."]),
        ("It is 12. Then I slept. Am I?", ["It is 12.", "Then I slept.", "Am I?"]),
        ("Am 3. Oktober z.B. war es kalt. Danach nicht.", ["Am 3. Oktober z.B. war es kalt.", "Danach nicht."]),
        ("今天天气好。我们去公园！好吗？", ["今天天气好。", "我们去公园！", "好吗？"]),
        ("यह वाक्य है। दूसरा वाक्य।", ["यह वाक्य है।", "दूसरा वाक्य।"]),
        ("Title etc.\n\nBody", ["Title etc.", "Body"]),
        ("1. First item\n2. Second item\n- third", ["1. First item", "2. Second item", "- third"]),
        ("a line\nthat goes on", ["a line\nthat goes on"]),
        ("See www.example.org for v1.2.3 now", ["See www.example.org for v1.2.3 now"]),
    ],
)
def test_sentences_end_where_a_reader_would_end_them(text: str, expected: list[str]) -> None:
    assert split(text) == expected


def test_an_empty_text_has_no_sentences() -> None:
    assert sentences("") == []


@pytest.mark.parametrize("hostile", ["x" + " " * 300_000 + "y", "." * 300_000 + "x", "\n " * 300_000, '."' * 150_000, "a. " * 100_000])
def test_time_is_linear_on_hostile_text(hostile: str) -> None:
    started = time.process_time()
    sentences(hostile)

    assert time.process_time() - started < 2

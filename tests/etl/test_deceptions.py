"""A document says how much of its text could deceive a reader."""

import pytest

from tests.etl.conftest import Read


def test_file_11_a_document_counts_what_its_blocks_hide(read: Read) -> None:
    metadata = read("a.md", "# pay\u202e Anna\n\none\u200btwo\n\nplain\n").metadata

    assert metadata == {"hidden_characters": 2}


def test_file_11_words_of_two_look_alike_scripts_are_counted_and_kept(read: Read) -> None:
    extraction = read("a.py", "# p\u0430yp\u0430l, \u0440ay\ndef f(): pass\n")

    assert extraction.metadata == {"lookalike_words": 2}
    assert "p\u0430yp\u0430l" in extraction.blocks[0].text


@pytest.mark.parametrize("text", ["наши слова", "Ωmega of Ohm", "α and β", "naïve 日本", "plain", "ОАО Газпром and Inc."])
def test_file_11_words_in_one_script_are_not_suspect(read: Read, text: str) -> None:
    assert read("a.txt", text).metadata == {}

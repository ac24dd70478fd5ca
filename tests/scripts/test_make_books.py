import json
from collections import Counter

import pytest

from scripts.make_books import PARAGRAPH_WORDS, SHARES, books


@pytest.fixture(scope="module")
def blocks():
    return [block for text in books(2_003, seed=1).values() for block in json.loads(text)["content_blocks"]]


def test_there_are_exactly_as_many_blocks_as_asked_for(blocks):
    assert len(blocks) == 2_003


def test_every_type_of_block_occurs_about_as_often_as_planned(blocks):
    counts = Counter(block["type"] for block in blocks)

    assert counts.keys() == SHARES.keys()
    assert all(abs(100 * counts[kind] / len(blocks) - share) < 4 for kind, share in SHARES.items())


def test_paragraphs_are_as_long_as_those_of_books(blocks):
    lengths = sorted(len(block["content"].split()) for block in blocks if block["type"] == "paragraph")

    assert lengths[0] >= PARAGRAPH_WORDS[0]
    assert 35 < lengths[len(lengths) // 2] < 55


def test_blocks_hardly_repeat(blocks):
    assert len({block["content"] for block in blocks}) > 0.99 * len(blocks)


def test_the_seed_decides_every_byte():
    assert books(40, seed=1) == books(40, seed=1) != books(40, seed=2)


def test_a_book_starts_with_its_title():
    for text in books(8, seed=1).values():
        book = json.loads(text)

        assert book["content_blocks"][0] == {"type": "heading", "content": book["metadata"]["title"], "level": 1, "metadata": {"page": 1}}

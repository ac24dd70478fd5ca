"""The embedder without a model."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from semantic_memory.ai.embed.hashing import HashingEmbedder


async def cosine(one: str, other: str) -> float:
    vectors = await HashingEmbedder().embed([one, other])
    return float(vectors[0] @ vectors[1])


async def test_the_text_that_shares_words_is_nearer() -> None:
    query = "reset the password"

    assert await cosine(query, "how to reset a password") > await cosine(query, "the boiler needs water")


async def test_the_order_of_words_counts() -> None:
    assert await cosine("dog bites man", "man bites dog") < 0.999


async def test_case_does_not_count() -> None:
    assert await cosine("Straße", "STRASSE") == pytest.approx(1, abs=1e-6)


async def test_the_vector_of_a_text_is_the_same_on_every_machine() -> None:
    """Fails when stored vectors have become useless: then the model needs a new name."""
    vector = await HashingEmbedder().embed_query("fixed")

    assert (vector.nonzero()[0].tolist(), vector.sum()) == ([362], -1)


@given(st.text(max_size=200))
async def test_every_text_has_a_vector_of_length_one(text: str) -> None:
    assert np.linalg.norm(await HashingEmbedder().embed_query(text)) == pytest.approx(1, abs=1e-5)

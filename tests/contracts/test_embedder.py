"""What `Embedder` promises, held against every adapter."""

import asyncio
from collections.abc import AsyncIterator

import numpy as np
import pytest

from semantic_memory.ai.embed import hashing, minilm, openai
from semantic_memory.core.errors import InputTooLongError
from semantic_memory.core.ports import Embedder
from semantic_memory.core.settings import Settings
from tests.ai.openai_server import serving

TEXTS = [
    "How do I reset my password?",
    "",
    "Der Kessel darf nur von geschultem Personal geöffnet werden.",
    "def area(radius):\n    return math.pi * radius**2",
    "请备份数据库。 कृपया प्रतीक्षा करें। 👩‍🚀 e\u0301",
    "word " * 200,
]


@pytest.fixture(params=["hashing", "minilm", "openai"])
async def embedder(request: pytest.FixtureRequest) -> AsyncIterator[Embedder]:
    async with serving() as endpoint:
        match request.param:
            case "hashing":
                opened: Embedder = hashing.build(Settings())
            case "minilm":
                opened = minilm.build(Settings(embed_threads=2))
            case _:
                opened = openai.build(endpoint.settings())
        yield opened
        await opened.close()


async def test_a_row_for_each_text_of_length_one(embedder: Embedder) -> None:
    vectors = await embedder.embed(TEXTS)

    assert vectors.shape == (len(TEXTS), embedder.model.dimension)
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


async def test_no_texts_give_no_rows(embedder: Embedder) -> None:
    vectors = await embedder.embed([])

    assert vectors.shape == (0, embedder.model.dimension)
    assert vectors.dtype == np.float32


async def test_rows_follow_the_order_of_the_texts_and_not_their_company(embedder: Embedder) -> None:
    together = await embedder.embed(TEXTS)
    alone = [(await embedder.embed([text]))[0] for text in TEXTS]

    assert np.array_equal(together, np.stack(alone))


async def test_different_texts_have_different_vectors(embedder: Embedder) -> None:
    vectors = await embedder.embed(TEXTS)

    assert len({row.tobytes() for row in vectors}) == len(TEXTS)


async def test_a_query_has_the_vector_of_the_same_text(embedder: Embedder) -> None:
    query = await embedder.embed_query(TEXTS[0])

    assert query.shape == (embedder.model.dimension,)
    assert np.array_equal(query, (await embedder.embed([TEXTS[0]]))[0])


async def test_a_text_over_the_budget_is_refused_with_its_size(embedder: Embedder) -> None:
    tokens = embedder.model.max_tokens + 1

    with pytest.raises(InputTooLongError, match=str(tokens)):
        await embedder.embed(["short", "a " * tokens])


async def test_a_text_of_exactly_the_budget_is_embedded(embedder: Embedder) -> None:
    assert len(await embedder.embed(["a " * embedder.model.max_tokens])) == 1


async def test_a_query_over_the_budget_is_cut_at_its_end(embedder: Embedder) -> None:
    budget = "a " * embedder.model.max_tokens

    assert np.array_equal(await embedder.embed_query(budget + "b " * 100_000), await embedder.embed_query(budget.strip()))


async def test_spans_lie_in_order_within_each_text(embedder: Embedder) -> None:
    for text, spans in zip(TEXTS, embedder.tokenizer.spans(TEXTS), strict=True):
        edges = [edge for span in spans for edge in span]
        assert edges == sorted(edges)
        assert all(0 <= start <= end <= len(text) for start, end in spans)


async def test_spans_leave_out_nothing_but_space(embedder: Embedder) -> None:
    text = "Reset my_password2, s'il vous plaît: größer (v1.2)!"
    covered = {place for start, end in embedder.tokenizer.spans([text])[0] for place in range(start, end)}

    assert {place for place, character in enumerate(text) if not character.isspace()} <= covered


async def test_spans_do_not_end_at_the_budget(embedder: Embedder) -> None:
    assert len(embedder.tokenizer.spans(["a " * 5_000])[0]) == 5_000


async def test_callers_at_the_same_time_get_their_own_vectors(embedder: Embedder) -> None:
    expected = await embedder.embed(TEXTS)
    calls = [embedder.embed(TEXTS[start:] + TEXTS[:start]) for start in range(len(TEXTS))]

    for start, vectors in enumerate(await asyncio.gather(*calls)):
        assert np.array_equal(vectors, np.roll(expected, -start, axis=0))


async def test_closing_twice_is_fine(embedder: Embedder) -> None:
    await embedder.close()
    await embedder.close()

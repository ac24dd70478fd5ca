"""Asking, through the memory: conversations, further searches, what is kept and what is not."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from semantic_memory import answer_query_with_rag
from semantic_memory.core.access import Access, Role
from semantic_memory.core.answers import Done, Question, Sources
from semantic_memory.core.errors import InvalidInputError, NotFoundError
from semantic_memory.core.memory import Memory
from semantic_memory.core.settings import Settings
from semantic_memory.wiring import open_memory
from tests.ai.openai_server import Endpoint, serving

BACKUPS = "# Handbook\n\nBackups are kept for ninety days in the archive.\n\nThe night shift shreds old backups on Sundays.\n"
QUESTION = "For how many days are backups kept in the archive?"
ANSWER = "Backups are kept for ninety days in the archive [1]."


@pytest.fixture
async def endpoint() -> AsyncIterator[Endpoint]:
    async with serving() as running:
        running.pieces = (ANSWER,)
        yield running


@pytest.fixture
def talking(endpoint: Endpoint, tmp_path: Path) -> Callable[..., Settings]:
    """Settings with a chat model behind the endpoint."""

    def make(**changes: object) -> Settings:
        return endpoint.settings(data_dir=tmp_path / "data", embedder="hashing", extract_workers=1, **changes)

    return make


async def test_the_users_function_answers_from_a_memory(memory: Memory, write: Callable[..., Path]) -> None:
    await memory.ingest(write("handbook.md", BACKUPS))

    answer = await answer_query_with_rag(QUESTION, top_k=3, memory=memory)

    assert "ninety days" in answer.text
    assert len(answer.sources) <= 3


async def test_the_users_function_opens_the_memory_of_the_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("EMBEDDER", "hashing")

    assert (await answer_query_with_rag(QUESTION)).text == "I don't know."


async def test_an_empty_question_is_refused_before_anything_is_said(memory: Memory) -> None:
    with pytest.raises(InvalidInputError):
        await anext(memory.ask_stream(Question(" ")))


async def test_the_steps_of_an_answer_are_timed(memory: Memory, write: Callable[..., Path]) -> None:
    await memory.ingest(write("handbook.md", BACKUPS))

    timings = (await memory.ask(QUESTION)).timings

    assert 0 <= timings["search"] <= timings["total"]


async def test_a_session_lets_a_question_lean_on_the_one_before(memory: Memory, write: Callable[..., Path]) -> None:
    await memory.ingest(write("handbook.md", BACKUPS))
    first = await memory.ask(QUESTION, session="new")

    second = await memory.ask("And who shreds them?", session=first.session)

    assert second.session == first.session
    assert "backups" in second.question


async def test_a_session_is_its_principals_own(memory: Memory, write: Callable[..., Path]) -> None:
    await memory.ask(QUESTION, session="s")
    other = Access("default", "somebody", Role.ADMIN)

    assert (await memory.ask("And who?", session="s", access=other)).question == "And who?"
    with pytest.raises(NotFoundError):
        await memory.end_conversation("t")


async def test_a_streamed_turn_is_remembered_as_well(memory: Memory) -> None:
    events = [event async for event in memory.ask_stream(Question(QUESTION, session="s"))]

    assert isinstance(events[0], Sources)
    assert isinstance(events[-1], Done)
    assert (await memory.ask("And who?", session="s")).question != "And who?"


async def test_the_model_is_asked_once(talking: Callable[..., Settings], endpoint: Endpoint, write: Callable[..., Path]) -> None:
    async with open_memory(talking(search_steps=0)) as memory:
        await memory.ingest(write("handbook.md", BACKUPS))
        first, second = await memory.ask(QUESTION), await memory.ask(QUESTION)
        warmer = await memory.ask(QUESTION, temperature=0.9)

    assert (first.cache, second.cache, warmer.cache) == (None, "l0", None)
    assert len(endpoint.requests) == 2
    assert second.usage.tokens == 0


async def test_a_weak_first_search_is_followed_by_the_ones_the_model_asks_for(
    talking: Callable[..., Settings], endpoint: Endpoint, write: Callable[..., Path]
) -> None:
    endpoint.pieces = ("night shift Sundays",)
    async with open_memory(talking(search_steps=2, answer_refusal="lenient")) as memory:
        await memory.ingest(write("handbook.md", BACKUPS))
        await memory.ask("Who takes care of what is older than ninety days?")

    asked = [request["messages"][0]["content"] for request in endpoint.requests]
    assert sum("suffice" in text for text in asked) == 2


async def test_a_days_tokens_are_held_to(talking: Callable[..., Settings], endpoint: Endpoint, write: Callable[..., Path]) -> None:
    async with open_memory(talking(search_steps=0, tokens_per_day=100)) as memory:
        await memory.ingest(write("handbook.md", BACKUPS))
        answer = await memory.ask(QUESTION)
        used = await memory.tokens_used()

    assert answer.degraded == ("chat model 'talk' failed: budget_exceeded",)
    assert (used.tokens, endpoint.requests) == (0, [])


async def test_another_prompt_gives_another_answer_not_the_kept_one(
    talking: Callable[..., Settings], endpoint: Endpoint, write: Callable[..., Path], tmp_path: Path
) -> None:
    (tmp_path / "prompts").mkdir()
    (tmp_path / "prompts" / "answer.md").write_text("---\nversion: x\n---\n# System\nSpeak.\n# User\n$sources $question\n")
    async with open_memory(talking(search_steps=0, prompt_dir=tmp_path / "prompts")) as memory:
        await memory.ingest(write("handbook.md", BACKUPS))
        await memory.ask(QUESTION)

    assert endpoint.requests[0]["messages"][0]["content"] == "Speak."

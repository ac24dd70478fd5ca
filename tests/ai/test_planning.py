"""What a chat model decides to search for, and what happens when it cannot say."""

from typing import TYPE_CHECKING

import pytest

from semantic_memory.ai import prompts
from semantic_memory.ai.appraisal import Appraiser
from semantic_memory.ai.planning import ChatPlanner
from semantic_memory.core.access import local_access
from semantic_memory.core.answers import Question, Turn, Usage
from semantic_memory.core.errors import BackendUnavailableError
from semantic_memory.core.settings import Settings
from semantic_memory.wiring import adapter
from tests.ai.doubles import Scripted, metered

if TYPE_CHECKING:
    from tests.ai.conftest import MakeHit

FOLLOW_UP = Question("And who deletes them?", earlier=(Turn("How long are backups kept?", "Ninety days."),))


def planner(chat: Scripted) -> ChatPlanner:
    appraiser = Appraiser(adapter("ai.embed", "minilm")(Settings()))
    return ChatPlanner(metered(chat), appraiser, prompts.load("standalone"), prompts.load("further"))


async def test_a_follow_up_is_rewritten_by_the_model() -> None:
    chat = Scripted("Who deletes the backups?")

    assert await planner(chat).standalone(FOLLOW_UP, access=local_access()) == ("Who deletes the backups?", Usage(100, 20, 0.00014))
    assert "How long are backups kept?" in chat.asked[1].content


async def test_a_model_that_fails_leaves_the_words_of_the_question_before() -> None:
    found, _ = await planner(Scripted("", BackendUnavailableError())).standalone(FOLLOW_UP, access=local_access())

    assert found == "And who deletes them? (backups kept)"


@pytest.mark.parametrize(
    ("reply", "query"), [("night shift duties", "night shift duties"), ("ENOUGH", None), ("Enough.", None), ("", None)]
)
async def test_the_model_names_what_is_still_to_be_found(make_hit: "MakeHit", reply: str, query: str | None) -> None:
    hits = [make_hit("The night shift shreds the backups.", cosine=0.3)]

    found, _ = await planner(Scripted(reply)).further("What else does the night shift do on Sundays?", hits, access=local_access())

    assert found == query


async def test_what_answers_the_question_well_is_not_searched_further(make_hit: "MakeHit") -> None:
    chat = Scripted("more")
    hits = [make_hit("Backups are kept for ninety days in the archive.", cosine=0.9)]

    assert (await planner(chat).further("For how many days are backups kept in the archive?", hits, access=local_access()))[0] is None
    assert chat.asked == ()

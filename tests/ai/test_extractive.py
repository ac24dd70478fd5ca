"""The default answerer: quotes or nothing."""

from typing import TYPE_CHECKING

import pytest

from semantic_memory.ai.appraisal import Appraiser
from semantic_memory.ai.extractive import ExtractiveAnswerer
from semantic_memory.core.settings import Settings
from semantic_memory.wiring import adapter
from tests.ai.doubles import answer as answer_of

if TYPE_CHECKING:
    from tests.ai.conftest import MakeHit

BACKUPS = "The archive stands in the cellar.\n\nBackups are kept for ninety days. Then they are shredded by the night shift."
STEPS = "To reset your password:\n\n1. Open the account page.\n2. Choose Reset password.\n3. Follow the link in the message."


@pytest.fixture(scope="module")
def answerer() -> ExtractiveAnswerer:
    """On the real default embedder: what counts as near is its judgement."""
    return ExtractiveAnswerer(Appraiser(adapter("ai.embed", "minilm")(Settings())))


async def test_the_answer_is_the_sentence_that_says_it(answerer: ExtractiveAnswerer, make_hit: "MakeHit") -> None:
    answer = await answer_of(answerer, "How long are backups kept?", [make_hit(BACKUPS)])

    assert answer.answerable
    assert answer.sentences[0].text == "Backups are kept for ninety days."


async def test_every_citation_quotes_its_passage_letter_for_letter(answerer: ExtractiveAnswerer, make_hit: "MakeHit") -> None:
    hits = [make_hit(BACKUPS, path="a.md"), make_hit("Backups are kept in a fireproof safe.", path="b.md")]
    texts = {hit.passage.id: hit.passage.text for hit in hits}

    answer = await answer_of(answerer, "Where and how long are backups kept?", hits)

    assert answer.citations
    assert all(texts[citation.passage_id][citation.start : citation.end] == citation.quote for citation in answer.citations)


async def test_a_citation_names_the_line_of_its_sentence(answerer: ExtractiveAnswerer, make_hit: "MakeHit") -> None:
    answer = await answer_of(answerer, "How long are backups kept?", [make_hit(BACKUPS)])

    assert answer.citations[0].anchor.start_line == 3


async def test_a_list_is_quoted_whole(answerer: ExtractiveAnswerer, make_hit: "MakeHit") -> None:
    answer = await answer_of(answerer, "How do I reset my password?", [make_hit(STEPS, heading_path=("Handbook", "Reset your password"))])

    assert any("1. Open" in citation.quote and "3. Follow" in citation.quote for citation in answer.citations)


async def test_a_question_the_documents_do_not_touch_is_declined(answerer: ExtractiveAnswerer, make_hit: "MakeHit") -> None:
    answer = await answer_of(answerer, "Who won the chess olympiad in 1972?", [make_hit(BACKUPS, cosine=0.05)])

    assert (answer.text, answer.answerable, list(answer.citations)) == ("I don't know.", False, [])


async def test_no_hits_and_empty_hits_are_declined(answerer: ExtractiveAnswerer, make_hit: "MakeHit") -> None:
    assert not (await answer_of(answerer, "Anything?", [])).answerable
    assert not (await answer_of(answerer, "Anything?", [make_hit("Yes.")])).answerable


async def test_a_sentence_longer_than_the_model_reads_can_be_quoted(answerer: ExtractiveAnswerer, make_hit: "MakeHit") -> None:
    long = "Backups are kept for ninety days because " + "the auditors insist and " * 200 + "nobody objected."

    answer = await answer_of(answerer, "Are backups kept for ninety days because the auditors insist?", [make_hit(long)])

    assert answer.citations[0].quote == long

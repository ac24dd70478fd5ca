"""Which hits an answer may draw on."""

from dataclasses import replace
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from semantic_memory.core.packing import best_at_both_ends, pack, within_budget

if TYPE_CHECKING:
    from tests.ai.conftest import MakeHit


def test_the_same_text_in_two_documents_is_one_source(make_hit: "MakeHit") -> None:
    text = "Backups are kept for ninety days in the archive."

    assert [hit.document.path for hit in pack([make_hit(text, path="a.md"), make_hit(text, path="b.md")], 8)] == ["a.md"]


def test_inj_14_a_stuffed_document_leaves_room_for_others(make_hit: "MakeHit") -> None:
    topics = ["tram", "garden", "safe", "cellar", "archive", "canteen", "roof", "gate"]
    stuffed = [replace(make_hit(f"How do I reach the {topic}? Ask {topic}.", path="stuffed.md"), score=1.0) for topic in topics]
    honest = [replace(make_hit(f"The {topic} opens at {hour} sharp.", path=f"{topic}.md"), score=0.4) for hour, topic in enumerate(topics)]

    paths = [hit.document.path for hit in pack([*stuffed, *honest], 8)]

    assert paths.count("stuffed.md") == 4
    assert len(set(paths)) == 5


def test_a_single_document_may_fill_all_places(make_hit: "MakeHit") -> None:
    hits = [make_hit(f"Chapter {word} tells of {word}.", path="book.md") for word in ("one", "two", "three", "four", "five", "six")]

    assert len(pack(hits, 6)) == 6


def test_of_two_that_say_much_the_same_the_other_topic_comes_first(make_hit: "MakeHit") -> None:
    best = replace(make_hit("Backups are kept for ninety days in the archive."), score=0.9)
    again = replace(make_hit("Backups are kept for ninety days in the cellar.", path="b.md"), score=0.85)
    other = replace(make_hit("Restoring takes the night shift four hours.", path="c.md"), score=0.8)

    assert pack([best, again, other], 3) == [best, other, again]


def test_the_budget_bounds_the_sources_but_the_best_one_stays(make_hit: "MakeHit") -> None:
    hits = [make_hit("one two three four"), make_hit("five six seven eight"), make_hit("nine ten")]

    assert within_budget(hits, 8) == hits[:2]
    assert within_budget(hits, 1) == hits[:1]


@given(st.integers(0, 50))
def test_the_best_stand_first_and_last(count: int) -> None:
    order = best_at_both_ends(count)

    assert sorted(order) == list(range(count))
    assert {order[0], order[-1]} == {0, 1} if count > 1 else order == [0] * count

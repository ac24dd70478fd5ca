"""Fusion: what wins, what the scores mean, and what the weight follows."""

from collections.abc import Sequence
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from semantic_memory.core.fusion import MAX_IDENTIFIERS, Fusion, exact_queries, fuse
from semantic_memory.core.model import Match

DECISIVE = (9.0, 2.0, 1.9, 1.8, 1.7, 1.6, 1.5, 1.4, 1.3, 1.2)
VAGUE = (9.0, 8.9, 8.8, 8.0, 7.0, 6.0, 5.0, 4.0, 3.0, 2.0)


def matches(scores: Sequence[float], first: int = 1) -> list[Match]:
    return [Match(UUID(int=first + i), score) for i, score in enumerate(scores)]


def reversed_matches(scores: Sequence[float]) -> list[Match]:
    """The same passages as `matches` of the same length, in the opposite order."""
    return [Match(UUID(int=len(scores) - i), score) for i, score in enumerate(scores)]


def order(fusion: Fusion) -> list[int]:
    return [fused.passage_id.int for fused in fusion.ranked]


def weight(fusion: Fusion) -> float:
    value = fusion.explanation["dense_weight"]
    assert isinstance(value, float)
    return value


lane = st.lists(st.tuples(st.integers(1, 30), st.floats(0.001, 40)), max_size=30, unique_by=lambda pair: pair[0]).map(
    lambda pairs: [Match(UUID(int=number), score) for number, score in sorted(pairs, key=lambda pair: -pair[1])]
)


@given(lane, lane)
def test_every_candidate_comes_once_in_order_of_scores_within_0_and_1(dense: list[Match], lexical: list[Match]) -> None:
    fusion = fuse("a query", dense, lexical)
    scores = [fused.score for fused in fusion.ranked]

    assert sorted(order(fusion)) == sorted({match.passage_id.int for match in (*dense, *lexical)})
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= score <= 1 for score in scores)


@given(lane)
def test_a_lane_alone_keeps_its_order(found: list[Match]) -> None:
    assert order(fuse("query", found, ())) == [match.passage_id.int for match in found]
    assert order(fuse("query", (), found)) == [match.passage_id.int for match in found]


def test_nothing_found_is_an_empty_ranking() -> None:
    assert fuse("query", (), ()).ranked == []


def test_the_lane_that_stands_out_decides() -> None:
    by_words = fuse("query", matches(VAGUE), reversed_matches(DECISIVE))
    by_meaning = fuse("query", matches(DECISIVE), reversed_matches(VAGUE))

    assert order(by_words)[0] == 10
    assert order(by_meaning)[0] == 1


def test_the_weight_grows_with_the_dense_stand_out() -> None:
    assert weight(fuse("query", matches(DECISIVE), matches(VAGUE))) > weight(fuse("query", matches(VAGUE), matches(DECISIVE)))


def test_the_weight_ignores_the_scale_of_either_lane() -> None:
    scaled = fuse("query", matches([score / 50 for score in VAGUE]), reversed_matches([score * 7 for score in DECISIVE]))

    assert weight(scaled) == weight(fuse("query", matches(VAGUE), reversed_matches(DECISIVE)))


def test_lanes_that_tell_nothing_apart_still_rank_everything() -> None:
    assert order(fuse("query", matches([0.5] * 3), matches([2.0] * 3))) == [1, 2, 3]


def test_a_passage_both_lanes_like_beats_one_that_a_single_lane_likes() -> None:
    dense, lexical = (
        [Match(UUID(int=1), 0.9), Match(UUID(int=2), 0.85), Match(UUID(int=3), 0.1)],
        [Match(UUID(int=2), 5.0), Match(UUID(int=3), 4.0)],
    )

    assert order(fuse("query", dense, lexical))[0] == 2


def test_hits_know_their_rank_and_score_in_each_lane() -> None:
    best = fuse("query", matches([0.9, 0.2]), matches([3.0], first=1)).ranked[0]

    assert {name: (score.rank, score.score) for name, score in best.lanes.items()} == {"dense": (1, 0.9), "lexical": (1, 3.0)}


def test_a_quoted_phrase_beats_any_similarity() -> None:
    fusion = fuse('"reset password"', matches(DECISIVE), [Match(UUID(int=10), 0.1)])

    assert order(fusion)[0] == 10
    assert fusion.ranked[0].score >= 0.5 >= fusion.ranked[1].score


def test_a_phrase_found_nowhere_leaves_the_dense_order() -> None:
    assert order(fuse('"no such words"', matches(VAGUE), ())) == list(range(1, 11))


def test_the_passage_with_the_identifier_comes_first_among_near_equals() -> None:
    dense, lexical = matches([0.8, 0.79, 0.3]), matches([5.0, 4.9, 1.0])
    holder = [Match(UUID(int=2), 1.0)]

    assert order(fuse("parse_config", dense, lexical, [holder])) == [2, 1, 3]


def test_a_query_that_is_only_an_identifier_puts_its_holder_before_any_similarity() -> None:
    holder = [Match(UUID(int=10), 1.0)]

    assert order(fuse("parse_config()", matches(DECISIVE), reversed_matches(VAGUE), [holder]))[0] == 10


def test_within_a_question_the_identifier_weighs_but_does_not_overrule() -> None:
    holder = [Match(UUID(int=5), 1.0)]
    fusion = fuse("what does parse_config do", matches(DECISIVE), matches(VAGUE), [holder])

    assert order(fusion)[:2] == [1, 5]


def test_more_of_the_identifiers_are_better() -> None:
    dense, lexical = matches([0.8, 0.79, 0.3]), matches([5.0, 4.9, 1.0])
    exact = [matches([1.0, 1.0]), [Match(UUID(int=2), 1.0)]]

    assert order(fuse("parse_config getUser", dense, lexical, exact))[0] == 2


def test_identifiers_found_nowhere_change_nothing() -> None:
    assert fuse("parse_config", matches(VAGUE), (), [[]]).ranked == fuse("parse_config", matches(VAGUE), ()).ranked


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("how do I reset my password", []),
        ("where is os.path.join", ['"os path join"']),
        ("parse_config getUser", ['"parse_config"', '"getuser"']),
    ],
)
def test_each_identifier_is_asked_for_as_a_phrase(query: str, expected: list[str]) -> None:
    assert exact_queries(query) == expected


def test_only_so_many_identifiers_are_looked_up() -> None:
    assert len(exact_queries(" ".join(f"name_{i}" for i in range(50)))) == MAX_IDENTIFIERS


def test_the_explanation_names_weight_signals_phrases_and_identifiers() -> None:
    explanation = fuse('"a b" parse_config', matches(VAGUE), matches(DECISIVE)).explanation

    assert explanation["phrases"] == ["a b"]
    assert explanation["identifiers"] == ["parse_config"]
    assert explanation["stand_out"].keys() == {"dense", "lexical"}  # type: ignore[union-attr]

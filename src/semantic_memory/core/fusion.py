"""Two lanes' matches become one ranking; figures and the ideas that were dropped: docs/decisions/0004-hybrid-fusion.md.

No fixed weight suits every collection, so each query's weight comes from how far each lane's best match *stands out* of the candidates, in
standard deviations: a lane that tells them apart knows something, a lane that finds them all alike does not. Examples are a query in a
language the embedder never learnt (every cosine alike) and one that shares only everyday words with every function of a code base.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from semantic_memory.core.model import Json, JsonValue, Lane, LaneScore, Match
from semantic_memory.core.words import QueryAnalysis, analyse_query

DEPTH = 100
"""Best matches of each lane that set the scale: 50 cost 0.0005 nDCG@10 on average, 200 gained 0.0013."""
LOG_ODDS_AT_PAR = 0.5
STEEPNESS = 3.5
"""log(w / (1 - w)) = LOG_ODDS_AT_PAR + STEEPNESS · log(dense stand-out / lexical stand-out), w the weight of the dense lane. Fitted on
fourteen labelled sets at once; the plateau is wide: 0.4–0.7 and 3–4 stay within 0.001 of the best average."""
SMALLEST_STAND_OUT = 0.1
"""Of a lane whose candidates all score the same; keeps the ratio finite."""
IDENTIFIER_BONUS = 0.3
"""For a passage that holds all the query's identifiers letter by letter, on fused scores up to 1: +0.005 and +0.002 nDCG@10 on file
look-up, -0.001 on code search. Strictly first cost up to 0.16 on the queries concerned (`HuffPost` is an identifier, too), so that is
kept for queries that are nothing but identifiers."""
MAX_IDENTIFIERS = 4
"""Identifiers of one query that are looked up; each costs one query of the keyword index."""

Scores = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Fused:
    """A candidate with its fused score in [0, 1] and what each lane made of it."""

    passage_id: UUID
    score: float
    lanes: Mapping[Lane, LaneScore]


@dataclass(frozen=True, slots=True)
class Fusion:
    """Every candidate, best first, and how the scores came about."""

    ranked: Sequence[Fused]
    explanation: Json


def exact_queries(query: str) -> list[str]:
    """Keyword queries, one per identifier of the query, that find the passages holding it letter by letter; usually none."""
    return [f'"{" ".join(run)}"' for run in analyse_query(query, ()).identifiers[:MAX_IDENTIFIERS]]


def fuse(query: str, dense: Sequence[Match], lexical: Sequence[Match], exact: Sequence[Sequence[Match]] = ()) -> Fusion:
    """All candidates of both lanes, each once.

    `dense` should also score what only `lexical` found; a lane that is down or found nothing is empty. `exact` holds the matches of each of
    `exact_queries(query)`. Passages with the quoted phrases (the keyword index returns no others) come before all others, and so do
    those with the identifiers when the query is nothing else.
    """
    words = analyse_query(query, ())
    cosines, bm25 = _by_id(dense), _by_id(lexical)
    ids = list(dict.fromkeys([*cosines, *bm25]))
    weight, stand_out = _dense_weight(dense, lexical)
    scores = weight * _scaled_dense(dense, ids) + (1 - weight) * _scaled_lexical(lexical, ids)
    if any(exact):
        scores = _with_identifiers(scores, _shares(ids, exact), come_first=_is_only_identifiers(words))
    if words.phrases and lexical:
        scores = _halves(scores, np.array([float(passage in bm25) for passage in ids]))
    return Fusion(_ranked(ids, scores, dense, lexical), _explanation(weight, stand_out, words.phrases, words.identifiers))


def _by_id(matches: Sequence[Match]) -> dict[UUID, float]:
    return {match.passage_id: match.score for match in matches}


def _dense_weight(dense: Sequence[Match], lexical: Sequence[Match]) -> tuple[float, dict[str, JsonValue]]:
    """The dense lane's share, and both lanes' stand-outs it follows from."""
    if not dense or not lexical:
        return (1.0 if dense else 0.0), {}
    cosines, bm25 = _by_id(dense), _by_id(lexical)
    pool = list(dict.fromkeys(match.passage_id for match in (*dense[:DEPTH], *lexical[:DEPTH])))
    floor = min(cosines.values())
    meaning = _stand_out(np.array([cosines.get(passage, floor) for passage in pool]))
    wording = _stand_out(np.array([bm25.get(passage, 0.0) for passage in pool]))
    log_odds = LOG_ODDS_AT_PAR + STEEPNESS * np.log(meaning / wording)
    return float(1 / (1 + np.exp(-log_odds))), {"dense": round(meaning, 3), "lexical": round(wording, 3)}


def _stand_out(scores: Scores) -> float:
    """How many standard deviations the best lies above the mean."""
    deviation = float(scores.std())
    return max(float(scores.max() - scores.mean()) / deviation, SMALLEST_STAND_OUT) if deviation > 0 else SMALLEST_STAND_OUT


def _scaled_dense(dense: Sequence[Match], ids: Sequence[UUID]) -> Scores:
    """1 for the best, 0 for the lane's match number `DEPTH` and whatever lies below it."""
    if not dense:
        return np.zeros(len(ids))
    best, last = dense[0].score, dense[:DEPTH][-1].score
    cosines = _by_id(dense)
    scores: Scores = np.array([cosines.get(passage, -np.inf) for passage in ids])
    if best > last:
        return np.clip((scores - last) / (best - last), 0.0, 1.0).astype(np.float64)
    return (scores >= best).astype(np.float64)


def _scaled_lexical(lexical: Sequence[Match], ids: Sequence[UUID]) -> Scores:
    """1 for the best, 0 for passages that share no word with the query: BM25 has a natural zero."""
    best = lexical[0].score if lexical else 0.0
    bm25 = _by_id(lexical)
    scores: Scores = np.array([bm25.get(passage, 0.0) for passage in ids])
    scaled: Scores = scores / (best if best > 0 else 1.0)
    return scaled


def _is_only_identifiers(words: QueryAnalysis) -> bool:
    return set(words.exact) <= {word for run in words.identifiers for word in run}


def _shares(ids: Sequence[UUID], exact: Sequence[Sequence[Match]]) -> Scores:
    """How much of the identifiers each passage holds, from 0 to 1."""
    holders = [_by_id(matches) for matches in exact]
    return np.array([sum(passage in found for found in holders) / len(holders) for passage in ids])


def _with_identifiers(scores: Scores, shares: Scores, *, come_first: bool) -> Scores:
    if come_first:
        return _halves(scores, shares)
    raised: Scores = (scores + IDENTIFIER_BONUS * shares) / (1 + IDENTIFIER_BONUS)
    return raised


def _halves(scores: Scores, upper: Scores) -> Scores:
    """The upper half of the scale where `upper` is 1, the lower where it is 0."""
    halved: Scores = (scores + upper) / 2
    return halved


def _ranked(ids: Sequence[UUID], scores: Scores, dense: Sequence[Match], lexical: Sequence[Match]) -> list[Fused]:
    """Equal scores keep the dense lane's order, then the lexical lane's: that of `ids`."""
    lanes: dict[UUID, dict[Lane, LaneScore]] = {passage: {} for passage in ids}
    named: tuple[tuple[Lane, Sequence[Match]], ...] = (("dense", dense), ("lexical", lexical))
    for lane, matches in named:
        for rank, match in enumerate(matches, 1):
            lanes[match.passage_id].setdefault(lane, LaneScore(rank, match.score))
    order: list[int] = np.argsort(-scores, kind="stable").tolist()
    return [Fused(ids[i], float(scores[i]), lanes[ids[i]]) for i in order]


def _explanation(weight: float, stand_out: JsonValue, phrases: Sequence[Sequence[str]], identifiers: Sequence[Sequence[str]]) -> Json:
    return {
        "dense_weight": round(weight, 3),
        "stand_out": stand_out,
        "phrases": [" ".join(run) for run in phrases],
        "identifiers": [" ".join(run) for run in identifiers],
    }

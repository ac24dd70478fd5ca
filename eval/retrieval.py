"""Retrieval quality of the product's lanes and their fusion on labelled sets.

    EVAL_DATA=FOLDER python -m eval.retrieval [--compare] [--sets NAME …] [--cache FOLDER]

Documents longer than the embedder reads are split into passages; both lanes rank passages, as the product does, and a document ranks by
its best passage. nDCG@10 takes every grade above 0 as relevant; recall@10 is found / min(10, relevant). The column "BM25" is the
reproduction of the sets' own README (whole documents, bm25s) beside its figure; "lexical", "dense" and "hybrid" are the product's.
"""

import argparse
import asyncio
import math
import os
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from uuid import UUID

from eval.data import LabelledSet, load_sets
from eval.lanes import Candidates, Lanes, open_lanes
from eval.reference import REFERENCES, TOLERANCE, rankings
from eval.vectors import VectorCache, open_cache
from semantic_memory.ai.embed import minilm
from semantic_memory.core.fusion import DEPTH, fuse
from semantic_memory.core.ports import Embedder, Reranker
from semantic_memory.core.settings import Settings, load_settings
from semantic_memory.wiring import adapter

TOP = 10
RERANKED = 50
"""Passages a reranker sees."""
RANK_CONSTANT = 60
"""Of reciprocal rank fusion: Cormack, Clarke and Büttcher, SIGIR 2009."""
FIXED_WEIGHTS = (0.3, 0.4, 0.5, 0.7)

Ranker = Callable[[str, Candidates], Sequence[UUID]]


@dataclass(frozen=True, slots=True)
class Quality:
    ndcg: float
    recall: float

    def __str__(self) -> str:
        return f"{self.ndcg:.3f} / {self.recall:.3f}"


def main() -> int:
    arguments = _arguments()
    folder = Path(os.environ.get("EVAL_DATA", ""))
    sets = [labelled for labelled in load_sets(folder) if not arguments.sets or labelled.name in arguments.sets]
    if not os.environ.get("EVAL_DATA") or not sets:
        print("skipped: EVAL_DATA names no folder with labelled sets", file=sys.stderr)
        return 0
    rankers = {**_RANKERS, **(_compared() if arguments.compare else {})}
    asyncio.run(_report(sets, open_cache(arguments.cache), rankers, arguments.depth))
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--cache", type=Path, default=Path(tempfile.gettempdir()) / "semantic-memory-eval", help="folder that keeps vectors"
    )
    parser.add_argument("--sets", nargs="+", default=[], help="only these sets")
    parser.add_argument("--depth", type=int, default=DEPTH, help="matches asked of each lane")
    parser.add_argument("--compare", action="store_true", help="also fixed weights and reciprocal rank fusion")
    return parser.parse_args()


async def _report(sets: Sequence[LabelledSet], cache: VectorCache, rankers: Mapping[str, Ranker], depth: int) -> None:
    embedder = minilm.build(Settings())
    settings = load_settings()
    reranker: Reranker | None = adapter("ai.rerank", settings.reranker)(settings) if settings.reranker else None
    print(f"nDCG@{TOP} / recall@{TOP}; reranker: {settings.reranker or 'none configured'}\n")
    names = [*rankers, *(["hybrid + rerank"] if reranker else [])]
    print("| set | queries | BM25 (README) |", " | ".join(names), "| hybrid − better lane |")
    print("|---" * (4 + len(names)) + "|")
    rows = [await _row(labelled, cache, embedder, rankers, reranker, depth) for labelled in sets]
    print("| average | | |", " | ".join(str(_mean([row[name] for row in rows])) for name in names), "| |")
    await embedder.close()


async def _row(
    labelled: LabelledSet, cache: VectorCache, embedder: Embedder, rankers: Mapping[str, Ranker], reranker: Reranker | None, depth: int
) -> dict[str, Quality]:
    vectors = await asyncio.to_thread(cache.queries, labelled.asked, list(labelled.queries.values()))
    found: dict[str, dict[str, list[str]]] = {}
    async with open_lanes(labelled, cache, embedder) as lanes:
        for (query, text), vector in zip(labelled.queries.items(), vectors, strict=True):
            candidates = await lanes.candidates(text, vector, depth)
            ranked = {name: ranker(text, candidates) for name, ranker in rankers.items()}
            if reranker:
                ranked["hybrid + rerank"] = await _reranked(reranker, text, ranked["hybrid"], lanes)
            for name, passages in ranked.items():
                found.setdefault(name, {})[query] = lanes.best_documents(passages)
    row = {name: quality(documents, labelled.relevant) for name, documents in found.items()}
    gain = row["hybrid"].ndcg - max(row["lexical"].ndcg, row["dense"].ndcg)
    cells = " | ".join(str(value) for value in row.values())
    print(f"| {labelled.name} | {len(labelled.relevant)} | {_reproduced(labelled)} | {cells} | {gain:+.3f} |", flush=True)
    return row


def _reproduced(labelled: LabelledSet) -> str:
    reference = REFERENCES.get(labelled.name)
    if reference is None:
        return "–"
    figure = quality(rankings(labelled, reference), labelled.relevant).ndcg
    verdict = "" if abs(figure - reference.figure) <= TOLERANCE else " NOT REPRODUCED"
    return f"{figure:.3f} ({reference.figure:.3f}){verdict}"


async def _reranked(reranker: Reranker, query: str, ranked: Sequence[UUID], lanes: Lanes) -> Sequence[UUID]:
    best, rest = ranked[:RERANKED], ranked[RERANKED:]
    scores = await reranker.rerank(query, [lanes.texts[passage.int] for passage in best])
    order = sorted(range(len(best)), key=lambda i: -scores[i])
    return [*(best[i] for i in order), *rest]


def quality(rankings: Mapping[str, Sequence[str]], relevant: Mapping[str, Mapping[str, int]]) -> Quality:
    """Means over the queries that have a relevant document."""
    judged = [([document in relevant[query] for document in rankings[query][:TOP]], len(relevant[query])) for query in relevant]
    return Quality(fmean(_ndcg(hits, count) for hits, count in judged), fmean(sum(hits) / min(TOP, count) for hits, count in judged))


def _ndcg(hits: Sequence[bool], relevant: int) -> float:
    gain = sum(hit / math.log2(rank + 1) for rank, hit in enumerate(hits, 1))
    return gain / sum(1 / math.log2(rank + 1) for rank in range(1, min(TOP, relevant) + 1))


def _mean(qualities: Sequence[Quality]) -> Quality:
    return Quality(fmean(one.ndcg for one in qualities), fmean(one.recall for one in qualities))


_RANKERS: dict[str, Ranker] = {
    "lexical": lambda _, found: [match.passage_id for match in found.lexical],
    "dense": lambda _, found: [match.passage_id for match in found.dense],
    "hybrid": lambda query, found: [fused.passage_id for fused in fuse(query, found.dense, found.lexical, found.exact).ranked],
}


def _compared() -> dict[str, Ranker]:
    fixed: dict[str, Ranker] = {f"fixed {weight}": lambda _, found, weight=weight: _fixed(weight, found) for weight in FIXED_WEIGHTS}
    return {**fixed, f"RRF {RANK_CONSTANT}": lambda _, found: _reciprocal(found)}


def _fixed(weight: float, found: Candidates) -> Sequence[UUID]:
    """The min-max-normalised convex sum with one weight for every query."""
    low, high = found.dense[-1].score, found.dense[0].score
    scores = {match.passage_id: weight * (match.score - low) / ((high - low) or 1) for match in found.dense}
    best = found.lexical[0].score if found.lexical else 1
    for match in found.lexical:
        scores[match.passage_id] = scores.get(match.passage_id, 0) + (1 - weight) * match.score / best
    return sorted(scores, key=lambda passage: -scores[passage])


def _reciprocal(found: Candidates) -> Sequence[UUID]:
    scores: dict[UUID, float] = {}
    for lane in (found.dense, found.lexical):
        for rank, match in enumerate(lane, 1):
            scores[match.passage_id] = scores.get(match.passage_id, 0) + 1 / (RANK_CONSTANT + rank)
    return sorted(scores, key=lambda passage: -scores[passage])


if __name__ == "__main__":
    raise SystemExit(main())

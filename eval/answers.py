"""How well the product answers and declines, end to end, and the calibration behind its refusals.

Usage: EVAL_DATA=… python -m eval.answers [--questions 400] [--fit]

The paragraphs of `squad2-a` are ingested as files; answerable questions, unanswerable ones on the same topics, and off-topic ones (from the
other sets) are asked. `--fit` refits the confidence (logistic regression by Newton's method on half of the questions, shown on the other
half). Skips visibly without the data.
"""

import argparse
import asyncio
import json
import os
import random
import re
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, astuple, dataclass
from pathlib import Path

import numpy as np

from semantic_memory.ai import refusal
from semantic_memory.ai.extractive import ExtractiveAnswerer
from semantic_memory.core.memory import Memory
from semantic_memory.core.model import Answer
from semantic_memory.core.settings import Settings
from semantic_memory.wiring import adapter, open_memory

SEED = 7
OFF_TOPIC_SETS = ("hotpotqa-train100", "musique-train100", "cosqa-dev", "cranfield")


@dataclass(frozen=True, slots=True)
class Question:
    """`kind`: answerable, unanswerable (on topic, not in the corpus) or off-topic."""

    text: str
    kind: str
    answers: tuple[str, ...] = ()
    gold: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    question: Question
    signals: refusal.Signals
    answer: Answer
    found_gold: bool
    quoted: str


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--questions", type=int, default=400, help="questions of each kind")
    options.add_argument("--fit", action="store_true", help="print a new calibration")
    chosen = options.parse_args()
    folder = Path(os.environ.get("EVAL_DATA", "eval-data"))
    if not (folder / "squad2-a").is_dir():
        sys.exit(f"skipped: no labelled sets in {folder} (set EVAL_DATA)")
    outcomes = asyncio.run(_run(folder, _questions(folder, chosen.questions)))
    _report(outcomes)
    if chosen.fit:
        _fit(outcomes)


def _questions(folder: Path, count: int) -> list[Question]:
    rows = [json.loads(line) for line in (folder / "squad2-a" / "questions.jsonl").open(encoding="utf-8")]
    asked = [
        Question(row["question"], "answerable" if row["answerable"] else "unanswerable", tuple(row["answers"]), tuple(row["gold_doc_ids"]))
        for row in rows
    ]
    strange = [
        Question(json.loads(line)["text"], "off-topic") for name in OFF_TOPIC_SETS for line in (folder / name / "queries.jsonl").open("r")
    ]
    draw = random.Random(SEED)
    kinds = ("answerable", "unanswerable", "off-topic")
    pools = [[question for question in [*asked, *strange] if question.kind == kind] for kind in kinds]
    return [question for pool in pools for question in draw.sample(pool, min(count, len(pool)))]


async def _run(folder: Path, questions: Sequence[Question]) -> list[Outcome]:
    with tempfile.TemporaryDirectory() as scratch:
        corpus = Path(scratch) / "corpus"
        corpus.mkdir()
        for line in (folder / "squad2-a" / "corpus.jsonl").open(encoding="utf-8"):
            row = json.loads(line)
            (corpus / f"{row['id']}.md").write_text(f"# {row['title']}\n\n{row['text']}\n", encoding="utf-8")
        settings = Settings(data_dir=Path(scratch) / "data")
        answerer = ExtractiveAnswerer(adapter("ai.embed", settings.embedder_name)(settings))
        async with open_memory(settings) as memory:
            await memory.ingest(corpus)
            return [await _asked(memory, answerer, question) for question in questions]


async def _asked(memory: Memory, answerer: ExtractiveAnswerer, question: Question) -> Outcome:
    hits = (await memory.search(question.text, top_k=8)).hits
    appraisal = await answerer.appraise(question.text, hits)
    quoted = answerer.quote(appraisal, hits)
    found = {Path(hit.document.path).stem for hit in hits}
    return Outcome(question, appraisal.signals, quoted, bool(found & set(question.gold)), _normal(quoted.text))


def _report(outcomes: Sequence[Outcome]) -> None:
    answerable = [outcome for outcome in outcomes if outcome.question.kind == "answerable"]
    print("| questions | count | answered | declined |\n|---|---|---|---|")
    for kind in ("answerable", "unanswerable", "off-topic"):
        of_kind = [outcome for outcome in outcomes if outcome.question.kind == kind]
        answered = sum(_is_answered(outcome) for outcome in of_kind)
        print(f"| {kind} | {len(of_kind)} | {answered / len(of_kind):.3f} | {1 - answered / len(of_kind):.3f} |")
    print(f"\ngold passage among the hits: {np.mean([outcome.found_gold for outcome in answerable]):.3f}")
    print(f"gold answer in the quotes, if never declined: {np.mean([_has_gold(outcome) for outcome in answerable]):.3f}")
    print(f"gold answer in the quotes of answered ones: {np.mean([_has_gold(one) for one in answerable if _is_answered(one)]):.3f}")
    print(f"area under the curve, answerable against the rest: {_area(outcomes):.3f}")
    exact = all(citation.quote in outcome.answer.text for outcome in outcomes for citation in outcome.answer.citations)
    print(f"every quote stands in its answer: {exact}")


def _is_answered(outcome: Outcome) -> bool:
    return refusal.is_answerable(refusal.confidence(outcome.signals))


def _has_gold(outcome: Outcome) -> bool:
    return any(_normal(answer) in outcome.quoted for answer in outcome.question.answers)


def _normal(text: str) -> str:
    return " ".join(re.sub(r"[^\w\s]", " ", text.casefold()).split())


def _area(outcomes: Sequence[Outcome]) -> float:
    scores = np.array([refusal.confidence(outcome.signals) for outcome in outcomes])
    wanted = np.array([outcome.question.kind == "answerable" for outcome in outcomes])
    ranks = scores.argsort().argsort() + 1
    return float((ranks[wanted].sum() - wanted.sum() * (wanted.sum() + 1) / 2) / (wanted.sum() * (~wanted).sum()))


def _fit(outcomes: Sequence[Outcome]) -> None:
    """Fits on every other question; the other half shows what the threshold costs and saves."""
    names = list(asdict(outcomes[0].signals))
    features = np.array([[1.0, *astuple(outcome.signals)] for outcome in outcomes])
    wanted = np.array([outcome.question.kind == "answerable" for outcome in outcomes], dtype=float)
    train = np.arange(len(outcomes)) % 2 == 0
    weights = _newton(features[train], wanted[train])
    print("\nbias", round(float(weights[0]), 3), {name: round(float(weight), 3) for name, weight in zip(names, weights[1:], strict=True)})
    certainty = 1 / (1 + np.exp(-features[~train] @ weights))
    kinds = np.array([outcome.question.kind for outcome in outcomes])[~train]
    print("| threshold | answerable answered | unanswerable declined | off-topic declined |\n|---|---|---|---|")
    for threshold in (0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5):
        answered = certainty >= threshold
        shares = [answered[kinds == "answerable"].mean(), *(1 - answered[kinds == kind].mean() for kind in ("unanswerable", "off-topic"))]
        print(f"| {threshold} | " + " | ".join(f"{share:.3f}" for share in shares) + " |")


def _newton(features: np.ndarray, wanted: np.ndarray, *, ridge: float = 1.0, steps: int = 30) -> np.ndarray:
    weights = np.zeros(features.shape[1])
    for _ in range(steps):
        chance = 1 / (1 + np.exp(-features @ weights))
        curvature = (features * (chance * (1 - chance))[:, None]).T @ features + ridge * np.eye(len(weights))
        weights += np.linalg.solve(curvature, features.T @ (wanted - chance) - ridge * weights)
    return weights


if __name__ == "__main__":
    main()

"""How well the product answers, cites and declines, end to end, and the calibration behind its refusals.

Usage: EVAL_DATA=… python -m eval.answers [--questions N] [--fit] [--chat N]

The paragraphs of `squad2-a` are ingested as files and all of its questions are asked: answerable ones, and unanswerable ones on the same
topics that were written to mislead; then the off-topic questions of `eval/off_topic.txt` and some of the other sets. Refusing is the
positive class of precision, recall and F1. "Kept" is the share of the answerable questions with their paragraph among the hits that are
answered. `--fit` refits the confidence (logistic regression) and shows it on articles it was not fitted on. `--chat N` asks the chat model
of the settings N questions of each kind instead. Skips visibly without the data.
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
from contextlib import asynccontextmanager
from dataclasses import asdict, astuple, dataclass
from pathlib import Path

import numpy as np

from semantic_memory.ai import refusal
from semantic_memory.ai.appraisal import Appraiser
from semantic_memory.ai.drafting import Draft
from semantic_memory.ai.extractive import quoted
from semantic_memory.core.answers import Answer
from semantic_memory.core.memory import Memory
from semantic_memory.core.packing import OVERFETCH, pack
from semantic_memory.core.settings import Settings, load_settings
from semantic_memory.wiring import adapter, open_memory

SEED = 7
TOP_K = 8
OFF_TOPIC_SETS = ("hotpotqa-train100", "musique-train100", "cosqa-dev", "cranfield")
BORROWED = 300
"""Off-topic questions taken from the other sets, beside our own."""
FOLDS = 4
KINDS = ("answerable", "unanswerable", "off-topic")
OWN = Path(__file__).with_name("off_topic.txt")


@dataclass(frozen=True, slots=True)
class Question:
    """`kind`: answerable, unanswerable (on topic, not in the corpus) or off-topic; `article` is what folds are made of."""

    text: str
    kind: str
    article: str
    answers: tuple[str, ...] = ()
    gold: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    question: Question
    signals: refusal.Signals
    answer: Answer
    found_gold: bool
    cited: frozenset[str]

    @property
    def is_answerable(self) -> bool:
        return self.question.kind == "answerable"

    @property
    def has_gold_answer(self) -> bool:
        said = _normal(self.answer.text)
        return any(_normal(answer) in said for answer in self.question.answers)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--questions", type=int, default=10_000, help="most questions of each kind")
    options.add_argument("--fit", action="store_true", help="print a new calibration")
    options.add_argument("--chat", type=int, default=0, metavar="N", help="ask the chat model of the settings, N questions of each kind")
    chosen = options.parse_args()
    folder = Path(os.environ.get("EVAL_DATA", "eval-data"))
    if not (folder / "squad2-a").is_dir():
        sys.exit(f"skipped: no labelled sets in {folder} (set EVAL_DATA)")
    questions = _questions(folder, chosen.chat or chosen.questions)
    if chosen.chat:
        _report_chat(asyncio.run(_chatted(folder, questions)))
        return
    outcomes = asyncio.run(_run(folder, questions))
    _report(outcomes)
    if chosen.fit:
        _fit(outcomes)


def _questions(folder: Path, count: int) -> list[Question]:
    titles = {row["id"]: row["title"] for row in _rows(folder / "squad2-a" / "corpus.jsonl")}
    asked = [
        Question(
            row["question"],
            "answerable" if row["answerable"] else "unanswerable",
            titles[row["source_doc_id"]],
            tuple(row["answers"]),
            tuple(row["gold_doc_ids"]),
        )
        for row in _rows(folder / "squad2-a" / "questions.jsonl")
    ]
    draw = random.Random(SEED)
    borrowed = [row["text"] for name in OFF_TOPIC_SETS for row in _rows(folder / name / "queries.jsonl")]
    strange = [*OWN.read_text("utf-8").splitlines(), *draw.sample(borrowed, BORROWED)]
    asked += [Question(text, "off-topic", f"off-topic {number % FOLDS}") for number, text in enumerate(strange)]
    pools = [[question for question in asked if question.kind == kind] for kind in KINDS]
    return [question for pool in pools for question in draw.sample(pool, min(count, len(pool)))]


@asynccontextmanager
async def _memory(folder: Path, settings: Settings):  # noqa: ANN202 - a context manager
    with tempfile.TemporaryDirectory() as scratch:
        corpus = Path(scratch) / "corpus"
        corpus.mkdir()
        for row in _rows(folder / "squad2-a" / "corpus.jsonl"):
            (corpus / f"{row['id']}.md").write_text(f"# {row['title']}\n\n{row['text']}\n", encoding="utf-8")
        async with open_memory(settings.model_copy(update={"data_dir": Path(scratch) / "data"})) as memory:
            await memory.ingest(corpus)
            yield memory


async def _run(folder: Path, questions: Sequence[Question]) -> list[Outcome]:
    settings = Settings()
    async with _memory(folder, settings) as memory:
        appraiser = Appraiser(adapter("ai.embed", settings.embedder_name)(settings))
        return [await _appraised(memory, appraiser, question) for question in questions]


async def _appraised(memory: Memory, appraiser: Appraiser, question: Question) -> Outcome:
    """As `Ask` and the extractive answerer do it, but never declined."""
    hits = pack((await memory.search(question.text, top_k=OVERFETCH * TOP_K)).hits, TOP_K)
    appraisal, draft = await appraiser.appraise(question.text, hits), Draft()
    list(quoted(draft, appraisal, hits))
    answer = draft.answer(appraisal.certainty)
    texts = {hit.passage.id: hit.passage.text for hit in hits}
    assert all(texts[one.passage_id][one.start : one.end] == one.quote for one in answer.citations)
    found = {Path(hit.document.path).stem for hit in hits}
    return Outcome(question, appraisal.signals, answer, bool(found & set(question.gold)), _cited(answer))


async def _chatted(folder: Path, questions: Sequence[Question]) -> list[Outcome]:
    outcomes: list[Outcome] = []
    async with _memory(folder, load_settings()) as memory:
        for question in questions:
            answer = await memory.ask(question.text, top_k=TOP_K)
            found = {Path(source.path).stem for source in answer.sources}
            outcomes.append(Outcome(question, refusal.Signals(), answer, bool(found & set(question.gold)), _cited(answer)))
    return outcomes


def _cited(answer: Answer) -> frozenset[str]:
    return frozenset(Path(citation.path).stem for citation in answer.citations)


def _report(outcomes: Sequence[Outcome]) -> None:
    scores = np.array([refusal.confidence(outcome.signals) for outcome in outcomes])
    counts = ", ".join(f"{sum(one.question.kind == kind for one in outcomes)} {kind}" for kind in KINDS)
    found = np.mean([one.found_gold for one in outcomes if one.is_answerable])
    print(f"{counts}; gold passage among the {TOP_K} hits: {found:.3f}\n")
    print(_HEADER)
    for name, threshold in refusal.THRESHOLDS.items():
        print(_row(name, outcomes, scores, threshold))
    print(f"\narea under the curve, squad2 alone / with off-topic: {_area(outcomes, scores)}")


_COLUMNS = (
    "refusal",
    "kept",
    "gold answer in the answer",
    "answered of unanswerable / off-topic",
    "squad2: refusal P / R / F1",
    "all: refusal P / R / F1",
    "citation P / R",
)
_HEADER = f"| {' | '.join(_COLUMNS)} |\n{'|---' * len(_COLUMNS)}|"


def _row(name: str, outcomes: Sequence[Outcome], scores: np.ndarray, threshold: float) -> str:
    answered = scores >= threshold
    share = {kind: answered[[one.question.kind == kind for one in outcomes]].mean() for kind in KINDS}
    on_topic = np.array([one.question.kind != "off-topic" for one in outcomes])
    gold = np.mean([did and one.has_gold_answer for one, did in zip(outcomes, answered, strict=True) if one.is_answerable])
    return (
        f"| {name} ({threshold}) | {_kept(outcomes, answered):.3f} | {gold:.3f} | {share['unanswerable']:.3f} / {share['off-topic']:.3f} "
        f"| {_refusal(outcomes, ~answered, on_topic)} | {_refusal(outcomes, ~answered, np.ones_like(on_topic))} "
        f"| {_citations(outcomes, answered)} |"
    )


def _kept(outcomes: Sequence[Outcome], answered: np.ndarray) -> float:
    return float(np.mean([did for one, did in zip(outcomes, answered, strict=True) if one.is_answerable and one.found_gold]))


def _refusal(outcomes: Sequence[Outcome], refused: np.ndarray, among: np.ndarray) -> str:
    wanted = np.array([not one.is_answerable for one in outcomes])
    right = (refused & wanted & among).sum()
    precision, recall = right / max(1, (refused & among).sum()), right / (wanted & among).sum()
    return f"{precision:.3f} / {recall:.3f} / {2 * precision * recall / max(1e-9, precision + recall):.3f}"


def _citations(outcomes: Sequence[Outcome], answered: np.ndarray) -> str:
    """Documents cited that are gold, and answerable questions whose gold document is cited; both of those answered."""
    asked = [one for one, did in zip(outcomes, answered, strict=True) if one.is_answerable and did]
    cited = sum(len(one.cited) for one in asked)
    right = sum(len(one.cited & set(one.question.gold)) for one in asked)
    return f"{right / max(1, cited):.3f} / {np.mean([bool(one.cited & set(one.question.gold)) for one in asked] or [0]):.3f}"


def _report_chat(outcomes: Sequence[Outcome]) -> None:
    answered = np.array([one.answer.answerable for one in outcomes])
    print(_HEADER)
    print(_row(outcomes[0].answer.model or "chat", outcomes, answered.astype(float), 0.5))
    seconds = sorted(one.answer.timings["total"] for one in outcomes)
    degraded = sum(bool(one.answer.degraded) for one in outcomes)
    print(f"\nseconds an answer, median {seconds[len(seconds) // 2]:.1f}, most {seconds[-1]:.1f}; degraded {degraded} of {len(outcomes)}")


def _area(outcomes: Sequence[Outcome], scores: np.ndarray) -> str:
    wanted = np.array([one.is_answerable for one in outcomes])
    on_topic = np.array([one.question.kind != "off-topic" for one in outcomes])
    return " / ".join(f"{_area_of(scores[among], wanted[among]):.3f}" for among in (on_topic, np.ones_like(on_topic)))


def _area_of(scores: np.ndarray, wanted: np.ndarray) -> float:
    ranks = scores.argsort().argsort() + 1
    return float((ranks[wanted].sum() - wanted.sum() * (wanted.sum() + 1) / 2) / (wanted.sum() * (~wanted).sum()))


def _fit(outcomes: Sequence[Outcome]) -> None:
    """Weights of all questions; thresholds and figures from questions about articles that were left out."""
    features = np.array([[1.0, *astuple(outcome.signals)] for outcome in outcomes])
    wanted = np.array([one.is_answerable for one in outcomes], dtype=float)
    articles = sorted({one.question.article for one in outcomes})
    fold = np.array([articles.index(one.question.article) % FOLDS for one in outcomes])
    held_out = np.zeros(len(outcomes))
    for number in range(FOLDS):
        weights = _newton(features[fold != number], wanted[fold != number])
        held_out[fold == number] = 1 / (1 + np.exp(-features[fold == number] @ weights))
    weights = _newton(features, wanted)
    print(
        "\nbias",
        round(float(weights[0]), 3),
        dict(zip(asdict(outcomes[0].signals), (round(float(weight), 3) for weight in weights[1:]), strict=True)),
    )
    print(f"on articles left out ({FOLDS} folds): area under the curve {_area(outcomes, held_out)}\n{_HEADER}")
    for threshold in np.arange(0.10, 0.52, 0.02):
        print(_row("held out", outcomes, held_out, round(float(threshold), 2)))


def _newton(features: np.ndarray, wanted: np.ndarray, *, ridge: float = 1.0, steps: int = 30) -> np.ndarray:
    weights = np.zeros(features.shape[1])
    for _ in range(steps):
        chance = 1 / (1 + np.exp(-features @ weights))
        curvature = (features * (chance * (1 - chance))[:, None]).T @ features + ridge * np.eye(len(weights))
        weights += np.linalg.solve(curvature, features.T @ (wanted - chance) - ridge * weights)
    return weights


def _rows(file: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in file.read_text("utf-8").splitlines()]


def _normal(text: str) -> str:
    return " ".join(re.sub(r"[^\w\s]", " ", text.casefold()).split())


if __name__ == "__main__":
    main()

"""Scores of the tables found in real documents, printed as a Markdown table."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from time import process_time

from eval.documents.cells import Agreement, Grid, Relation, adjacency, cell_texts, pooled
from eval.documents.competition import Labelled
from eval.documents.product import extracted, tables
from semantic_memory.core.errors import SemanticMemoryError
from semantic_memory.etl.extract.format import PdfTier

SHOWN = 25
"""Relations of a document that are listed as missing or wrong."""


@dataclass(frozen=True, slots=True)
class TableScore:
    """`missing` and `wrong` are relations; `note` says what the product warned of."""

    name: str
    adjacency: Agreement
    cells: Agreement
    cpu_s: float
    missing: Counter[Relation]
    wrong: Counter[Relation]
    note: str


def report(files: Sequence[Labelled], tiers: Sequence[PdfTier], worst: int, *, with_relations: bool) -> None:
    print(
        "| tier | documents | F1, mean | precision | recall | micro P / R / F1 | cell F1, mean | CPU s |\n|---|---|---|---|---|---|---|---|"
    )
    scores: dict[PdfTier, list[TableScore]] = {}
    for tier in tiers:
        scores[tier] = [_score(one, tier) for one in files]
        print(_row(tier, scores[tier]), flush=True)
    for tier, own in scores.items():
        for score in sorted(own, key=lambda score: score.adjacency.f1)[:worst]:
            print("\n".join(_details(tier, score, with_relations=with_relations)))


def _row(tier: PdfTier, scores: Sequence[TableScore]) -> str:
    together = sum((score.adjacency for score in scores), Agreement(0, 0, 0))
    f1, precision, recall = (fmean(getattr(score.adjacency, name) for score in scores) for name in ("f1", "precision", "recall"))
    return (
        f"| {tier} | {len(scores)} | {f1:.3f} | {precision:.3f} | {recall:.3f}"
        f" | {together.precision:.3f} / {together.recall:.3f} / {together.f1:.3f}"
        f" | {fmean(score.cells.f1 for score in scores):.3f} | {sum(score.cpu_s for score in scores):.1f} |"
    )


def _score(one: Labelled, tier: PdfTier) -> TableScore:
    """By the reading of the truth that the tables found agree with best."""
    started = process_time()
    found, note = _tables(one.pdf, tier)
    cpu_s = process_time() - started
    best = max(one.readings, key=lambda reading: adjacency(found, reading).f1)
    ours, true = pooled(found), pooled(best)
    return TableScore(one.pdf.stem, adjacency(found, best), cell_texts(found, best), cpu_s, true - ours, ours - true, note)


def _tables(pdf: Path, tier: PdfTier) -> tuple[list[Grid], str]:
    """No table where the file cannot be read."""
    try:
        extraction = extracted(pdf, tier)
    except SemanticMemoryError as error:
        return [], f"{error.code}: {error.message}"
    return list(tables(extraction.blocks)), "; ".join(extraction.warnings)


def _details(tier: PdfTier, score: TableScore, *, with_relations: bool) -> Iterator[str]:
    counts = score.adjacency
    yield f"{tier} {score.name}: F1 {counts.f1:.3f} ({counts.right} right of {counts.found} found and {counts.true} true) {score.note}"
    for name, relations in (("missing", score.missing), ("wrong", score.wrong)) if with_relations else ():
        yield from (f"  {name}: {one!r} {direction} {other!r}" for one, other, direction in list(relations)[:SHOWN])

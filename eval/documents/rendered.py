"""Scores of made documents, printed as Markdown tables: one row per style, then the means of tuned and held-out styles."""

import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from statistics import fmean
from time import process_time

from eval.documents.places import Places, places
from eval.documents.product import extracted
from eval.documents.rendering import Printed, print_style
from eval.documents.scores import Scores, scores
from eval.documents.styles import Style
from semantic_memory.core.errors import SemanticMemoryError
from semantic_memory.core.model import BlockDraft
from semantic_memory.etl.extract.format import PdfTier

Group = tuple[str, Sequence[Style]]
COLUMNS = ("text (NID)", "order", "headings (MHS)", "heading F1", "levels", "tables (TEDS)", "list items", "leaks")
"""Of `Scores`, in its order."""


@dataclass(frozen=True, slots=True)
class Result:
    name: str
    scores: Scores
    places: Places
    pages: int
    cpu_s: float
    note: str


def report(groups: Sequence[Group], folder: Path, documents: int, tiers: Sequence[PdfTier], worst: int) -> None:
    printed = {style.name: list(print_style(style, range(documents), folder)) for _, styles in groups for style in styles}
    for tier in tiers:
        results = {name: [_result(one, tier) for one in own] for name, own in printed.items()}
        print(
            f"\n{tier}\n\n| style | documents, pages | {' | '.join(COLUMNS)} | boxes right, tight | CPU s |\n|{'---|' * (len(COLUMNS) + 4)}"
        )
        _print_groups(groups, results)
        _print_worst([result for own in results.values() for result in own], worst)


def _print_groups(groups: Sequence[Group], results: Mapping[str, Sequence[Result]]) -> None:
    for group, styles in groups:
        for style in styles:
            print(_row(style.name, results[style.name]), flush=True)
        print(_row(f"**{group}**", [result for style in styles for result in results[style.name]]), flush=True)


def _result(printed: Printed, tier: PdfTier) -> Result:
    started = process_time()
    blocks, note = _blocks(printed.pdf, tier)
    cpu_s = process_time() - started
    print(f"  {tier} {printed.document.name}", file=sys.stderr)
    return Result(printed.document.name, scores(printed, blocks), places(printed.pdf, blocks), printed.pages, cpu_s, note)


def _blocks(pdf: Path, tier: PdfTier) -> tuple[Sequence[BlockDraft], str]:
    """No block where the file cannot be read."""
    try:
        extraction = extracted(pdf, tier)
    except SemanticMemoryError as error:
        return [], f"{error.code}: {error.message}"
    return extraction.blocks, "; ".join(extraction.warnings)


def _row(name: str, results: Sequence[Result]) -> str:
    columns = zip(*(astuple(result.scores) for result in results), strict=True)
    boxed = sum(result.places.boxed for result in results)
    right, tight = (sum(getattr(result.places, kind) for result in results) / max(1, boxed) for kind in ("right", "tight"))
    return (
        f"| {name} | {len(results)}, {sum(result.pages for result in results)} | {' | '.join(map(_mean, columns))}"
        f" | {right:.3f}, {tight:.3f} | {sum(result.cpu_s for result in results):.1f} |"
    )


def _mean(values: Iterable[float | None]) -> str:
    """Over the documents that have something of the kind."""
    known = [value for value in values if value is not None]
    return f"{fmean(known):.3f}" if known else "–"


def _print_worst(results: Sequence[Result], count: int) -> None:
    """Those with the lowest text, then headings, then tables."""
    kinds = [field.name for field in fields(Scores)]
    for kind in ("text", "headings", "tables") if count else ():
        known = [result for result in results if getattr(result.scores, kind) is not None]
        for result in sorted(known, key=lambda result: getattr(result.scores, kind))[:count]:
            shown = ", ".join(f"{name} {value:.2f}" for name, value in zip(kinds, astuple(result.scores), strict=True) if value is not None)
            print(f"worst {kind}: {result.name}: {shown} {result.note}")

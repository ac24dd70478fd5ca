"""How well the blocks of a document agree with what it truly holds; every score is between 0 and 1, and 1 is best unless said otherwise."""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import cast

from rapidfuzz import process
from rapidfuzz.distance import Indel

from eval.documents.cells import Agreement, Grid
from eval.documents.product import tables
from eval.documents.rendering import Printed
from eval.documents.trees import heading_similarity, table_similarity
from eval.documents.truth import Heading, text_of
from semantic_memory.core.model import BlockDraft, BlockType

SAME = 0.9
"""Similarity from which two short texts count as the same: forgives a lost hyphen or footnote mark, not a lost word."""
_LIST_MARK = re.compile(r"^\s*(?:[-*•◦▪–]|\d+[.)]|[a-z][.)])\s+")


@dataclass(frozen=True, slots=True)
class Scores:
    """None where a document has nothing of the kind.

    `text` is the normalised indel similarity (NID) of everything that stands in the document: it falls with lost, added and displaced text.
    `order` is the share of neighbouring parts found in their order. `headings` is the similarity of the trees that the headings make,
    `heading_f1` that of their texts alone, `levels` the share of the headings found that have the true level. `tables` is the mean
    similarity of tables (TEDS with texts), a missing or surplus table counting 0; `items` the F1 of list items with their nesting;
    `leaks` the share of running headers and footers that stand in the text (0 is best).
    """

    text: float
    order: float | None
    headings: float | None
    heading_f1: float | None
    levels: float | None
    tables: float | None
    items: float | None
    leaks: float


def scores(printed: Printed, blocks: Sequence[BlockDraft]) -> Scores:
    document = printed.document
    headings = [Heading(cast("int", block.metadata["level"]), block.text) for block in blocks if block.type is BlockType.HEADING]
    matched = _matched([heading.text for heading in headings], [heading.text for heading in document.headings()])
    has_tables = document.tables() or any(block.type is BlockType.TABLE for block in blocks)
    return Scores(
        text=Indel.normalized_similarity(_plain(" ".join(map(_block_text, blocks))), _plain(" ".join(printed.reading))),
        order=_order(printed, blocks),
        headings=heading_similarity(headings, document.headings()),
        heading_f1=Agreement(len(matched), len(headings), len(document.headings())).f1,
        levels=_share(headings[found].level == document.headings()[true].level for found, true in matched.items()),
        tables=_tables(list(tables(blocks)), document.tables()) if has_tables else None,
        items=_items(printed, blocks),
        leaks=_leaks(printed, blocks),
    )


def _block_text(block: BlockDraft) -> str:
    """The block's own words: without the marks of list items and the rules of tables."""
    if block.type is BlockType.TABLE:
        return " ".join(cell.text for grid in tables([block]) for cell in grid.cells)
    if block.type is BlockType.LIST:
        return " ".join(text for _, text in _list_items(block))
    return block.text


def _plain(text: str) -> str:
    """Without case: a style may print headings in capitals."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().replace("\N{SOFT HYPHEN}", "").split())


def _squeezed(text: str) -> str:
    """Letters and digits only, for finding a text whatever stands between its words."""
    return "".join(character for character in unicodedata.normalize("NFKC", text).casefold() if character.isalnum())


def _order(printed: Printed, blocks: Sequence[BlockDraft]) -> float | None:
    """Parts are found by their first 40 letters; those that appear twice are left out."""
    whole = _squeezed(" ".join(map(_block_text, blocks)))
    starts = [_squeezed(text_of(part))[:40] for part in printed.document.parts]
    places = [whole.find(start) for start in starts if len(start) >= 12 and whole.count(start) == 1]
    return _share(one < other for one, other in pairwise(places))


def _matched(found: Sequence[str], true: Sequence[str]) -> dict[int, int]:
    """Which found text is which true one; each is used once, in order of the found."""
    left = {number: _plain(text) for number, text in enumerate(true)}
    matched: dict[int, int] = {}
    for number, text in enumerate(found):
        best = process.extractOne(_plain(text), left, scorer=Indel.normalized_similarity, score_cutoff=SAME)
        if best:
            matched[number] = best[2]
            del left[best[2]]
    return matched


def _tables(found: Sequence[Grid], true: Sequence[Grid]) -> float:
    """The best pairs first; what stays alone counts 0."""
    pairs = sorted(((table_similarity(one, other), n, m) for n, one in enumerate(found) for m, other in enumerate(true)), reverse=True)
    used: set[tuple[str, int]] = set()
    total = 0.0
    for similarity, n, m in pairs:
        if not {("found", n), ("true", m)} & used:
            used |= {("found", n), ("true", m)}
            total += similarity
    return total / max(len(found), len(true))


def _items(printed: Printed, blocks: Sequence[BlockDraft]) -> float | None:
    """An item is right with its text and its level."""
    found = [item for block in blocks if block.type is BlockType.LIST for item in _list_items(block)]
    true = printed.document.items()
    matched = _matched([text for _, text in found], [item.text for item in true])
    right = sum(found[one][0] == true[other].level for one, other in matched.items())
    return Agreement(right, len(found), len(true)).f1 if found or true else None


def _list_items(block: BlockDraft) -> list[tuple[int, str]]:
    items = cast("Sequence[Mapping[str, object]]", block.metadata["items"])
    return [(cast("int", item["level"]), _LIST_MARK.sub("", str(item["text"]))) for item in items]


def _leaks(printed: Printed, blocks: Sequence[BlockDraft]) -> float:
    """Of the header and the footer of each page. Their words may rightly stand once in the text; more often is a leak."""
    whole = _squeezed(" ".join(map(_block_text, blocks)))
    truth = _squeezed(" ".join(printed.reading))
    running = [_squeezed(text) for text in (printed.document.header, printed.document.footer)]
    leaked = sum(max(0, whole.count(text) - truth.count(text)) for text in running)
    return min(1.0, leaked / (len(running) * printed.pages))


def _share(values: Iterator[bool]) -> float | None:
    counted = list(values)
    return sum(counted) / len(counted) if counted else None

"""Citations: from characters of a passage to a checked quote with its exact place."""

from collections.abc import Sequence
from dataclasses import replace

from semantic_memory.core.answers import Citation
from semantic_memory.core.model import Anchor, Hit, Part


def cite(hit: Hit, number: int, start: int, end: int) -> Citation:
    """The citation of the characters [start, end) of the hit's passage."""
    passage, document = hit.passage, hit.document
    return Citation(
        number=number,
        passage_id=passage.id,
        document_id=document.id,
        path=document.path,
        title=document.title,
        heading_path=passage.heading_path,
        quote=passage.text[start:end],
        start=start,
        end=end,
        anchor=anchor_of(passage.text, passage.parts, start, end),
        commit=str(document.metadata["commit"]) if document.metadata.get("commit") else None,
    )


def anchor_of(text: str, parts: Sequence[Part], start: int, end: int) -> Anchor:
    """Where the characters lie: the lines of all blocks they touch, and whatever else is known of the first of them."""
    touched = [part for part in parts if part.start < end and start < part.end] or list(parts[:1])
    if not touched:
        return Anchor()
    first, last = touched[0], touched[-1]
    return replace(
        first.anchor,
        start_line=_line(text, first, max(start, first.start)),
        end_line=_line(text, last, min(end, last.end) - 1) or last.anchor.end_line,
    )


def _line(text: str, part: Part, position: int) -> int | None:
    """The line of a character, where the block's text kept the file's line breaks; the block's own start or end otherwise."""
    first, last = part.anchor.start_line, part.anchor.end_line
    if first is None or last is None:
        return first
    if text.count("\n", part.start, part.end) != last - first:
        return first if position <= (part.start + part.end) // 2 else last
    return first + text.count("\n", part.start, position)

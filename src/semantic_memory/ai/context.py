"""How documents enter a prompt: numbered, between delimiters that no document can know, and without anything a model takes for control."""

import re
import secrets
from collections.abc import Sequence

from semantic_memory.core.answers import Turn
from semantic_memory.core.model import Hit
from semantic_memory.core.packing import best_at_both_ends

_CONTROL = re.compile(r"(<)(\|[^|<>\n]{1,40}\||/?s>|(?:start|end)_of_turn>|/?(?:system|user|assistant)>)|(\[)(/?INST\])", re.IGNORECASE)
"""What chat templates of common models mark roles with."""


def fence() -> str:
    return secrets.token_hex(8)


def harmless(text: str) -> str:
    """The text with a blank inside every role marker, so that it is read as text."""
    return _CONTROL.sub(lambda found: f"{found[1] or found[3]} {found[2] or found[4]}", text)


def numbered(hits: Sequence[Hit]) -> str:
    """The passages with their headings; numbers go by rank, and the best stand first and last."""
    shown = [f"[{rank + 1}] {harmless(hits[rank].passage.embedded_text)}" for rank in best_at_both_ends(len(hits))]
    return "\n\n".join(shown)


def transcript(turns: Sequence[Turn]) -> str:
    return "\n".join(f"Question: {harmless(turn.question)}\nAnswer: {harmless(turn.answer)}" for turn in turns)

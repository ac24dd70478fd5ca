"""How many tokens lie between two characters of a text, after one pass of the tokenizer."""

import re
from array import array
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from semantic_memory.core.ports import Tokenizer

LONGEST_UNIT = 64
"""Characters one unit spans at most. A word-piece model reads a 10,000-character word as a single unknown token; such a token counts
once per 64 characters, so that a passage cannot grow without bound."""
_SLICE_CHARACTERS = 1 << 16
_BATCH_CHARACTERS = 1 << 20
_SPACE = re.compile(r"\s")


@dataclass(frozen=True, slots=True)
class Ruler:
    """Where the tokens of one text start. `is_exact` is False when long tokens were counted more than once."""

    starts: "array[int]"
    is_exact: bool

    def count(self, start: int, end: int) -> int:
        """Tokens that begin within [start, end)."""
        return bisect_left(self.starts, end) - bisect_left(self.starts, start)


def measure(texts: Sequence[str], tokenizer: Tokenizer) -> list[Ruler]:
    """A ruler per text, in order. Memory is 4 bytes per token beyond one batch of about a million characters."""
    starts = [array("I") for _ in texts]
    for batch in _batches(texts):
        for (index, offset, _), spans in zip(batch, tokenizer.spans([piece for _, _, piece in batch]), strict=True):
            starts[index].extend(offset + start for start, _ in spans)
    return [_ruler(found, len(text)) for found, text in zip(starts, texts, strict=True)]


def _batches(texts: Sequence[str]) -> Iterator[list[tuple[int, int, str]]]:
    batch: list[tuple[int, int, str]] = []
    size = 0
    for index, text in enumerate(texts):
        for start, end in _slices(text):
            batch.append((index, start, text[start:end]))
            size += end - start
            if size >= _BATCH_CHARACTERS:
                yield batch
                batch, size = [], 0
    if batch:
        yield batch


def _slices(text: str) -> Iterator[tuple[int, int]]:
    """The text in pieces of about `_SLICE_CHARACTERS` that end before white space, where tokens end too."""
    start = 0
    while len(text) - start > _SLICE_CHARACTERS:
        space = _SPACE.search(text, start + _SLICE_CHARACTERS)
        end = space.start() if space else len(text)
        yield start, end
        start = end
    if start < len(text):
        yield start, len(text)


def _ruler(starts: "array[int]", length: int) -> Ruler:
    widest = max((after - before for before, after in pairwise([*starts, length])), default=0)
    if widest <= LONGEST_UNIT:
        return Ruler(starts, is_exact=True)
    return Ruler(array("I", _stretched(starts, length)), is_exact=False)


def _stretched(starts: "array[int]", length: int) -> Iterator[int]:
    for start, following in pairwise([*starts, length]):
        yield start
        yield from range(start + LONGEST_UNIT, following, LONGEST_UNIT)

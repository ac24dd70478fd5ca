"""What was read in one picture: words with their boxes, and the blocks they make."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from statistics import median

from semantic_memory.core.model import BlockDraft, JsonValue
from semantic_memory.etl.ocr.lines import Box, around
from semantic_memory.etl.ocr.text_blocks import TextLine, text_block

CELL_GAP = 1.5
"""White between two words, in heights of the line, from which on they are in different cells; in justified prose it stays below 1."""


@dataclass(frozen=True, slots=True)
class Word:
    """A word in the pixels of the picture, from its top left. `confidence` is in [0, 1]; `line` and `paragraph` count from 0."""

    text: str
    box: Box
    confidence: float
    line: int
    paragraph: int


@dataclass(frozen=True, slots=True)
class Recognised:
    """The words of one picture in reading order; no words means that no text was found."""

    words: tuple[Word, ...]
    engine: str
    warnings: tuple[str, ...] = ()

    @property
    def confidence(self) -> float:
        """Mean of the words' confidences, each word weighing as much as it has characters; 0 without words."""
        return _mean_confidence(self.words)

    def blocks(self, page: int | None, scale: float) -> list[BlockDraft]:
        """A block per paragraph. Lengths are pixels times `scale`.

        Metadata: `bbox`; `ocr` with engine and confidence; `words`, one `[text, x0, y0, x1, y1, confidence]` each.
        """
        paragraphs = [list(words) for _, words in groupby(self.words, key=lambda word: word.paragraph)]
        lines = [list(_lines(words)) for words in paragraphs]
        typical = median([line.height for paragraph in lines for line in paragraph]) if lines else 0
        places = (self._place(words, scale) for words in paragraphs)
        return [text_block(paragraph, typical, page, place) for paragraph, place in zip(lines, places, strict=True)]

    def _place(self, words: Sequence[Word], scale: float) -> dict[str, JsonValue]:
        return {
            "bbox": _scaled(around(word.box for word in words), scale),
            "ocr": {"engine": self.engine, "confidence": round(_mean_confidence(words), 3)},
            "words": [[word.text, *_scaled(word.box, scale), round(word.confidence, 3)] for word in words],
        }


def _mean_confidence(words: Sequence[Word]) -> float:
    characters = sum(len(word.text) for word in words)
    return sum(word.confidence * len(word.text) for word in words) / characters if characters else 0.0


def _lines(words: Sequence[Word]) -> Iterator[TextLine]:
    for _, group in groupby(words, key=lambda word: word.line):
        line = list(group)
        height = median(word.box[3] - word.box[1] for word in line)
        cells = [[line[0].text]]
        for before, word in pairwise(line):
            if word.box[0] - before.box[2] > CELL_GAP * height:
                cells.append([])
            cells[-1].append(word.text)
        yield TextLine([" ".join(cell) for cell in cells], height)


def _scaled(box: Box, scale: float) -> list[float]:
    return [round(edge * scale, 2) for edge in box]

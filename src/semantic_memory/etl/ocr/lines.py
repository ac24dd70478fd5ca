"""What an engine finds: lines of words with their boxes, in the pixels of the picture it was given."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

Box = tuple[float, float, float, float]
"""Left, top, right, bottom."""


@dataclass(frozen=True, slots=True)
class ReadWord:
    text: str
    box: Box
    confidence: float
    """In [0, 1], on the engine's own scale."""


@dataclass(frozen=True, slots=True)
class ReadLine:
    """At least one word; `box` holds them all."""

    words: Sequence[ReadWord]
    box: Box

    @classmethod
    def of(cls, words: Sequence[ReadWord]) -> "ReadLine":
        return cls(words, around(word.box for word in words))

    def between(self, top: float, bottom: float) -> "ReadLine":
        """Its words without what of their boxes is above `top` or below `bottom`."""
        return ReadLine.of([replace(word, box=_clipped(word.box, top, bottom)) for word in self.words])

    @property
    def text(self) -> str:
        return " ".join(word.text for word in self.words)

    @property
    def height(self) -> float:
        return self.box[3] - self.box[1]

    @property
    def middle(self) -> float:
        return (self.box[1] + self.box[3]) / 2


def around(boxes: Iterable[Box]) -> Box:
    """The smallest box that holds the boxes, of which there is at least one."""
    left, top, right, bottom = zip(*boxes, strict=True)
    return min(left), min(top), max(right), max(bottom)


def _clipped(box: Box, top: float, bottom: float) -> Box:
    """A box that lies outside altogether stays as it is: an accent, a comma."""
    first, last = max(box[1], top), min(box[3], bottom)
    return (box[0], first, box[2], last) if first < last else box

"""An answer in the making: the server numbers the citations, and each quote is cited once."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from semantic_memory.ai.grounding import cite
from semantic_memory.ai.units import Unit
from semantic_memory.core.answers import Answer, Citation, Cited, Said, Sentence


@dataclass
class Draft:
    """Collects what is said and hands out the events."""

    text: str = ""
    sentences: list[Sentence] = field(default_factory=list[Sentence])
    citations: list[Citation] = field(default_factory=list[Citation])

    def say(self, text: str, units: Sequence[Unit], *, gap: str = " ") -> Iterator[Said | Cited]:
        """The sentence, behind `gap` unless it is the first, and the citations that are new with it."""
        cited = [self._cited(unit) for unit in units]
        sentence = Sentence(text, tuple(dict.fromkeys(citation.number for citation in cited)))
        said = f"{gap}{text}" if self.sentences else text
        self.sentences.append(sentence)
        self.text += said
        yield Said(said, sentence.citations)
        for citation in cited:
            if citation.number > len(self.citations):
                self.citations.append(citation)
                yield Cited(citation)

    def has(self, text: str) -> bool:
        """Whether this was said already."""
        return any(sentence.text == text for sentence in self.sentences)

    @property
    def is_supported(self) -> bool:
        return bool(self.citations)

    def answer(self, confidence: float) -> Answer:
        return Answer(self.text, tuple(self.sentences), tuple(self.citations), answerable=True, confidence=confidence)

    def _cited(self, unit: Unit) -> Citation:
        """The citation there is of this quote, or the next one."""
        passage = unit.hit.passage
        known = (one for one in self.citations if (one.passage_id, one.start, one.end) == (passage.id, unit.start, unit.end))
        return next(known, None) or cite(unit.hit, len(self.citations) + 1, unit.start, unit.end)

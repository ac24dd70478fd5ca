"""What is open while an RTF file is read: groups with their state, and where characters go."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from semantic_memory.core.errors import ExtractionLimitError
from semantic_memory.etl.word.rtf_fonts import Font, Style
from semantic_memory.etl.word.rtf_letters import Letters
from semantic_memory.etl.word.rtf_manuscript import Manuscript

MAX_DEPTH = 10_000
"""Groups in groups; programs write a few dozen."""
Target = Literal["text", "fonts", "styles", "property", "marker", "code"]
Act = Callable[[int | None], object]
"""Does what a control word says; None stands for a word without a number."""


@dataclass(slots=True)
class State:
    """What a group hands to those inside it: where characters go (`name` says which property), and how they look.

    `on_end` is done when this group ends, and not handed on; `fallback` is how many characters stand for a `\\u` one.
    """

    target: Target = "text"
    name: str = ""
    font: int | None = None
    fallback: int = 1
    is_hidden: bool = False
    is_deleted: bool = False
    on_end: Callable[[], None] | None = None


class Session:
    """`new_font` and `new_style` are the ones being declared, `codes` those of the open fields, `said` the properties' texts."""

    def __init__(self, limit: int) -> None:
        self.letters = Letters()
        self.manuscript = Manuscript(self.letters, limit)
        self.state = State()
        self.new_font = Font()
        self.new_style = Style()
        self.codes: list[str] = []
        self.said: dict[str, str] = {}
        self.hidden = 0
        self._outer: list[State] = []

    @property
    def is_in_group(self) -> bool:
        return bool(self._outer)

    def begin_group(self) -> None:
        """Raises: ExtractionLimitError when groups nest too deep."""
        if len(self._outer) == MAX_DEPTH:
            raise ExtractionLimitError(f"the file nests more than {MAX_DEPTH} groups")
        self._outer.append(self.state)
        self.state = replace(self.state, on_end=None)
        if self.state.target == "styles":  # a group for each; the first may have no number
            self.new_style = Style()
            self.manuscript.styles.setdefault(0, self.new_style)

    def end_group(self) -> None:
        if self._outer:
            ended, self.state = self.state, self._outer.pop()
            if ended.on_end is not None:
                ended.on_end()

    def say(self, text: str) -> None:
        """Characters go where the group says."""
        state, frame = self.state, self.manuscript.frame
        if state.target == "text":
            self._write(text)
        elif state.target == "marker":
            frame.marker = (frame.marker or "") + text
        elif state.target == "code" and self.codes:
            self.codes[-1] += text
        elif state.target == "fonts":
            self.new_font.name += text.rstrip(";")
        elif state.target == "styles":
            self.new_style.name += text.rstrip(";")
        else:
            self.said[state.name] = self.said.get(state.name, "") + text

    def _write(self, text: str) -> None:
        state = self.state
        if state.is_hidden or state.is_deleted:
            self.hidden += len(text) if state.is_hidden else 0
        else:
            self.manuscript.frame.paragraph.add(text, is_monospaced=self.letters.font(state.font).is_monospaced)

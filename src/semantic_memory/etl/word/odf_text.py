"""Paragraphs, lists, spans and links of OpenDocument."""

import re
from functools import partial

from semantic_memory.etl.word.handlers import Ends, Starts
from semantic_memory.etl.word.odf_manuscript import Manuscript
from semantic_memory.etl.word.xml import Attributes, integer

MAX_BLANKS = 100
"""Blanks that one `text:s` may stand for."""
_BLANKS = re.compile(r"[ \t\r\n]+")


class Text:
    """Fills the open paragraph."""

    def __init__(self, manuscript: Manuscript) -> None:
        self._manuscript = manuscript
        self.starts: Starts = {
            "text:p": partial(manuscript.open_paragraph, is_heading=False),
            "text:h": partial(manuscript.open_paragraph, is_heading=True),
            "text:list": manuscript.open_list,
            "text:list-item": manuscript.open_item,
            "text:list-header": partial(manuscript.open_item, is_counted=False),
            "text:span": self._start_span,
            "text:a": self._start_link,
            "text:s": self._add_blanks,
            "text:tab": lambda _: manuscript.say("\t"),
            "text:line-break": lambda _: manuscript.say("\n"),
            "text:soft-page-break": lambda _: manuscript.turn_page(),
        }
        self.ends: Ends = {
            "text:p": manuscript.close_paragraph,
            "text:h": manuscript.close_paragraph,
            "text:list": manuscript.close_list,
            "text:span": self._end_span,
            "text:a": self._end_link,
        }

    def text(self, text: str) -> None:
        """Characters between tags; any run of white space is one blank."""
        self._manuscript.say(_BLANKS.sub(" ", text))

    def _add_blanks(self, attributes: Attributes) -> None:
        count = integer(attributes.get("text:c"))
        self._manuscript.say(" " * min(1 if count is None else max(count, 0), MAX_BLANKS))

    def _start_span(self, attributes: Attributes) -> None:
        paragraph = self._manuscript.paragraph
        if paragraph is not None:
            paragraph.open_span(self._manuscript.styles.of("text", attributes.get("text:style-name", "")))

    def _end_span(self) -> None:
        paragraph = self._manuscript.paragraph
        if paragraph is not None:
            paragraph.close_span()

    def _start_link(self, attributes: Attributes) -> None:
        paragraph, target = self._manuscript.paragraph, attributes.get("xlink:href", "")
        if paragraph is not None:
            paragraph.open_link("" if target.startswith("#") else target)

    def _end_link(self) -> None:
        paragraph = self._manuscript.paragraph
        if paragraph is not None:
            paragraph.close_link()

"""The inside of Word paragraphs: their properties, runs of text, fields, links and formulas."""

from collections.abc import Mapping
from functools import partial

from semantic_memory.etl.word.docx_manuscript import Manuscript
from semantic_memory.etl.word.docx_paragraph import Run, symbol
from semantic_memory.etl.word.docx_styles import font_of
from semantic_memory.etl.word.handlers import Ends, Starts
from semantic_memory.etl.word.style_names import is_monospaced
from semantic_memory.etl.word.xml import Attributes, integer, switched_on

_CHARACTERS: Mapping[str, str] = {"w:tab": "\t", "w:ptab": "\t", "w:br": "\n", "w:cr": "\n", "w:noBreakHyphen": "-"}
_OPERATORS: Mapping[str, str] = {"m:den": "/", "m:sup": "^", "m:sub": "_", "m:rad": "√"}
"""What stands before these parts of a formula when it is written on one line."""
_TEXTS = ("w:t", "m:t", "w:instrText")


class Runs:
    """Fills the open paragraph."""

    def __init__(self, manuscript: Manuscript) -> None:
        self._manuscript = manuscript
        self._in_properties = False
        self._text = ""
        self._hidden = 0
        self.starts: Starts = {
            "w:p": lambda _: manuscript.open_paragraph(),
            "w:pPr": partial(self._enter_properties, is_open=True),
            "w:pStyle": self._set_style,
            "w:ilvl": self._set_list_level,
            "w:numId": self._set_list,
            "w:outlineLvl": self._set_outline,
            "w:r": self._start_run,
            "m:r": self._start_run,
            "w:rStyle": self._set_run_style,
            "w:rFonts": self._set_fonts,
            "w:vanish": self._set_hidden,
            "w:fldChar": self._change_field,
            "w:sym": lambda attributes: self._add(symbol(attributes.get("w:char", ""))),
            "w:hyperlink": self._start_link,
            "w:lastRenderedPageBreak": lambda _: manuscript.turn_page(),
            **{name: partial(self._enter_text, name) for name in _TEXTS},
            **{name: partial(self._add_character, text) for name, text in {**_CHARACTERS, **_OPERATORS}.items()},
        }
        self.ends: Ends = {
            "w:p": manuscript.close_paragraph,
            "w:pPr": partial(self._enter_properties, is_open=False),
            "w:hyperlink": self._end_link,
            **dict.fromkeys(_TEXTS, self._leave_text),
        }

    def text(self, text: str) -> None:
        """Characters between tags; only those of text elements are content."""
        paragraph = self._manuscript.paragraph
        if self._text == "w:instrText":
            paragraph.add_code(text)
        elif self._text:
            self._add(text.replace("\n", " "))

    def mark_deleted(self) -> None:
        """`w:del` or `w:moveFrom` among a paragraph's properties: its end is deleted."""
        paragraph = self._manuscript.paragraph
        if self._in_properties:
            paragraph.is_mark_deleted = True

    @property
    def warnings(self) -> list[str]:
        return [f"{self._hidden} characters of hidden text were left out"] if self._hidden else []

    def _add(self, text: str) -> None:
        paragraph = self._manuscript.paragraph
        if paragraph.is_in_code:
            return
        run = paragraph.run
        if run.is_hidden:
            self._hidden += len(text)
            return
        is_typewritten = run.is_monospaced
        if is_typewritten is None:
            is_typewritten = self._manuscript.styles.of(paragraph.style_id).is_monospaced
        paragraph.add(text, is_monospaced=is_typewritten)

    def _add_character(self, text: str, _attributes: Attributes) -> None:
        if not self._in_properties:  # `w:tab` is a tab stop there
            self._add(text)

    def _enter_text(self, name: str, _attributes: Attributes) -> None:
        self._text = name

    def _leave_text(self) -> None:
        self._text = ""

    def _enter_properties(self, _attributes: Attributes | None = None, *, is_open: bool) -> None:
        self._in_properties = is_open

    def _set_style(self, attributes: Attributes) -> None:
        paragraph = self._manuscript.paragraph
        paragraph.style_id = attributes.get("w:val")
        paragraph.run = Run(is_hidden=self._manuscript.styles.of(paragraph.style_id).is_hidden)

    def _set_list(self, attributes: Attributes) -> None:
        self._manuscript.paragraph.list_id = attributes.get("w:val")

    def _set_list_level(self, attributes: Attributes) -> None:
        self._manuscript.paragraph.list_level = integer(attributes.get("w:val"))

    def _set_outline(self, attributes: Attributes) -> None:
        self._manuscript.paragraph.outline = integer(attributes.get("w:val"))

    def _start_run(self, _attributes: Attributes) -> None:
        paragraph = self._manuscript.paragraph
        paragraph.run = Run(is_hidden=self._manuscript.styles.of(paragraph.style_id).is_hidden)

    def _set_run_style(self, attributes: Attributes) -> None:
        run = self._run()
        if run is not None:
            style = self._manuscript.styles.of(attributes.get("w:val", ""))
            run.is_hidden = run.is_hidden or style.is_hidden
            run.is_monospaced = style.is_monospaced or run.is_monospaced

    def _set_fonts(self, attributes: Attributes) -> None:
        run, font = self._run(), font_of(attributes)
        if run is not None and font:
            run.is_monospaced = is_monospaced(font)

    def _set_hidden(self, attributes: Attributes) -> None:
        run = self._run()
        if run is not None:
            run.is_hidden = switched_on(attributes)

    def _run(self) -> Run | None:
        """The open run; the run properties of a paragraph are those of its invisible end."""
        return None if self._in_properties else self._manuscript.paragraph.run

    def _change_field(self, attributes: Attributes) -> None:
        self._manuscript.paragraph.change_field(attributes.get("w:fldCharType", ""))

    def _start_link(self, attributes: Attributes) -> None:
        relation = self._manuscript.relations.get(attributes.get("r:id", ""))
        self._manuscript.paragraph.open_link(relation.target if relation is not None and relation.is_external else "")

    def _end_link(self) -> None:
        self._manuscript.paragraph.close_link()

"""The groups of RTF that are something of their own: tables of fonts and styles, properties, notes, fields, margins, text boxes."""

from collections.abc import Mapping
from functools import partial

from semantic_memory.core.model import JsonValue
from semantic_memory.etl.word.flow import named_block, renamed
from semantic_memory.etl.word.numerals import roman
from semantic_memory.etl.word.paragraph import link_target
from semantic_memory.etl.word.rtf_session import Act, Session

SKIPPED = frozenset({"pict", "colortbl", "sp", "shprslt", "nonshppict", "nonesttables", "xe", "tc", "tcn", "rxe", "template", "filetbl"})
"""Groups that hold no text of the page."""
STARRED = frozenset({"shpinst", "do", "annotation", "atnauthor", "fldinst"})
"""Groups marked as skippable that are read all the same."""
_PROPERTIES: Mapping[str, str] = {
    "title": "title",
    "author": "author",
    "subject": "subject",
    "keywords": "keywords",
    "doccomm": "description",
}
_MARGINS: Mapping[str, str] = {f"{margin}{pages}": margin for margin in ("header", "footer") for pages in ("", "l", "r", "f")}
_OTHER_PROPERTY = "info"
_AUTHOR = "comment author"


class Groups:
    """`words` are the control words that open them; `margins` are the texts of headers and footers, each once."""

    def __init__(self, session: Session) -> None:
        self.margins: dict[tuple[str, str], None] = {}
        self.objects = 0
        self._session = session
        self._manuscript = session.manuscript
        self._counts = {"footnote": 0, "endnote": 0}
        self._notes: list[str] = []
        self.words: Mapping[str, Act] = {
            "fonttbl": self._open_fonts,
            "stylesheet": self._open_styles,
            "info": partial(self._open_property, _OTHER_PROPERTY),
            **{word: partial(self._open_property, name) for word, name in _PROPERTIES.items()},
            "atnauthor": self._open_author,
            "listtext": self._open_marker,
            "pntext": self._open_marker,
            "field": self._open_field,
            "fldinst": self._open_code,
            "fldrslt": self._open_result,
            "footnote": self._open_note,
            "ftnalt": self._name_endnote,
            "annotation": self._open_comment,
            **{word: partial(self._open_margin, kind) for word, kind in _MARGINS.items()},
            "shptxt": self._open_box,
            "dptxbxtext": self._open_box,
            "object": self._pass_by,
        }

    def properties(self) -> dict[str, JsonValue]:
        """Title, author, subject, keywords and description, as far as the file has them."""
        return {name: said.strip() for name in _PROPERTIES.values() if (said := self._session.said.get(name, "")).strip()}

    def _open_fonts(self, _number: int | None) -> None:
        self._session.state.target = "fonts"

    def _open_styles(self, _number: int | None) -> None:
        self._session.state.target = "styles"

    def _open_property(self, name: str, _number: int | None) -> None:
        """`title` and the like are properties inside `info` only."""
        state = self._session.state
        if name == _OTHER_PROPERTY or state.target == "property":
            state.target, state.name = "property", name

    def _open_author(self, _number: int | None) -> None:
        self._session.state.target, self._session.state.name = "property", _AUTHOR

    def _open_marker(self, _number: int | None) -> None:
        self._session.state.target = "marker"

    def _open_field(self, _number: int | None) -> None:
        self._session.codes.append("")
        self._session.state.on_end = self._end_field

    def _end_field(self) -> None:
        self._session.codes.pop()

    def _open_code(self, _number: int | None) -> None:
        self._session.state.target = "code"

    def _open_result(self, _number: int | None) -> None:
        paragraph = self._manuscript.frame.paragraph
        paragraph.open_link(link_target(self._session.codes[-1]) if self._session.codes else "")
        self._session.state.target, self._session.state.on_end = "text", self._end_result

    def _end_result(self) -> None:
        self._manuscript.frame.paragraph.close_link()

    def _open_note(self, _number: int | None) -> None:
        self._notes.append("footnote")
        self._open_frame()
        self._session.state.on_end = self._end_note

    def _name_endnote(self, _number: int | None) -> None:
        if self._notes:
            self._notes[-1] = "endnote"

    def _end_note(self) -> None:
        text, kind = self._manuscript.close_frame().text().strip(), self._notes.pop()
        if not text:
            return
        self._counts[kind] += 1
        number = roman(self._counts[kind]) if kind == "endnote" else str(self._counts[kind])
        extras = self._manuscript.frame.paragraph.extras
        extras.notes.append(number)
        extras.behind.append(named_block(text, kind, number=number))

    def _open_comment(self, _number: int | None) -> None:
        self._open_frame()
        self._session.state.on_end = self._end_comment

    def _end_comment(self) -> None:
        text, author = self._manuscript.close_frame().text().strip(), self._session.said.pop(_AUTHOR, "").strip()
        if text:
            about: dict[str, JsonValue] = {"author": author} if author else {}
            self._manuscript.frame.paragraph.extras.behind.append(named_block(text, "comment", **about))

    def _open_margin(self, kind: str, _number: int | None) -> None:
        self._open_frame()
        self._session.state.on_end = partial(self._end_margin, kind)

    def _end_margin(self, kind: str) -> None:
        text = self._manuscript.close_frame().text().strip()
        if text:
            self.margins[text, kind] = None

    def _open_box(self, _number: int | None) -> None:
        self._open_frame()
        self._session.state.on_end = self._end_box

    def _end_box(self) -> None:
        blocks = self._manuscript.close_frame().blocks()
        self._manuscript.frame.paragraph.extras.behind.extend(renamed(blocks, "text_box"))

    def _pass_by(self, _number: int | None) -> None:
        self.objects += 1

    def _open_frame(self) -> None:
        self._manuscript.open_frame()
        self._session.state.target = "text"

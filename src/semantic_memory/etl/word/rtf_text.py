"""The control words of RTF that stand for characters, change how characters look, or end paragraphs, cells and rows."""

from collections.abc import Mapping
from functools import partial

from semantic_memory.etl.word.rtf_fonts import Font
from semantic_memory.etl.word.rtf_manuscript import Format
from semantic_memory.etl.word.rtf_session import Act, Session

_CHARACTERS: Mapping[str, str] = {
    "tab": "\t",
    "line": "\n",
    "lbr": "\n",
    "page": "\n",
    "emdash": "—",
    "endash": "–",
    "bullet": "•",
    "emspace": " ",
    "enspace": " ",
    "lquote": "‘",
    "rquote": "’",
    "ldblquote": "“",
    "rdblquote": "”",
    "qmspace": " ",
}
_WESTERN = 1252
_MACINTOSH = 10000


class Text:
    """`words` are the control words it knows."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._manuscript = session.manuscript
        signs: dict[str, Act] = {word: partial(self._write_sign, text) for word, text in _CHARACTERS.items()}
        self.words: Mapping[str, Act] = {
            **signs,
            "u": self._write_unicode,
            "uc": self._set_fallback,
            "f": self._set_font,
            "fcharset": self._set_character_set,
            "fmodern": self._set_modern,
            "deff": self._set_default_font,
            "ansicpg": lambda number: session.letters.set_code_page(number or _WESTERN),
            "mac": lambda _: session.letters.set_code_page(_MACINTOSH),
            "plain": self._reset_letters,
            "v": self._set_hidden,
            "deleted": self._set_deleted,
            "par": lambda _: self._manuscript.end_paragraph(),
            "sect": lambda _: self._manuscript.end_paragraph(),
            "pard": self._reset_paragraph,
            "s": self._set_style,
            "sbasedon": self._set_base,
            "outlinelevel": self._set_outline,
            "ls": self._set_list,
            "ilvl": self._set_list_level,
            "intbl": self._set_in_table,
            "trowd": lambda _: self._manuscript.frame.table.begin_row(),
            "trhdr": self._set_header,
            "clmrg": self._join_cell,
            "clvmrg": self._continue_cell,
            "cellx": lambda number: self._manuscript.frame.table.end_place(number or 0),
            "cell": lambda _: self._manuscript.end_cell(),
            "nestcell": lambda _: self._manuscript.end_paragraph(),
            "row": lambda _: self._manuscript.end_row(),
        }

    def _write_sign(self, text: str, _number: int | None) -> None:
        self._session.say(text)

    def _write_unicode(self, number: int | None) -> None:
        self._session.say(self._session.letters.unicode(number or 0, self._session.state.fallback))

    def _set_fallback(self, number: int | None) -> None:
        self._session.state.fallback = max(number or 0, 0)

    def _set_font(self, number: int | None) -> None:
        """In the table of fonts it declares one."""
        if self._session.state.target == "fonts":
            self._session.new_font = self._session.letters.fonts[number or 0] = Font()
        else:
            self._session.state.font = number

    def _set_character_set(self, number: int | None) -> None:
        self._session.new_font.character_set = number or 0

    def _set_modern(self, _number: int | None) -> None:
        self._session.new_font.is_modern = True

    def _set_default_font(self, number: int | None) -> None:
        self._session.letters.default_font = number or 0

    def _reset_letters(self, _number: int | None) -> None:
        state = self._session.state
        state.font, state.is_hidden, state.is_deleted = None, False, False

    def _set_hidden(self, number: int | None) -> None:
        self._session.state.is_hidden = number != 0

    def _set_deleted(self, number: int | None) -> None:
        self._session.state.is_deleted = number != 0

    def _reset_paragraph(self, _number: int | None) -> None:
        self._manuscript.frame.format = Format()

    def _set_style(self, number: int | None) -> None:
        """In the style sheet it declares one."""
        if self._session.state.target == "styles":
            self._manuscript.styles[number or 0] = self._session.new_style
        else:
            self._manuscript.frame.format.style = number or 0

    def _set_base(self, number: int | None) -> None:
        self._session.new_style.based_on = number

    def _set_outline(self, number: int | None) -> None:
        if self._session.state.target == "styles":
            self._session.new_style.outline = number
        else:
            self._manuscript.frame.format.outline = number

    def _set_list(self, number: int | None) -> None:
        self._manuscript.frame.format.list_id = number or 0

    def _set_list_level(self, number: int | None) -> None:
        self._manuscript.frame.format.list_level = number or 0

    def _set_in_table(self, _number: int | None) -> None:
        self._manuscript.frame.format.in_table = True

    def _set_header(self, _number: int | None) -> None:
        self._manuscript.frame.table.is_header = True

    def _join_cell(self, _number: int | None) -> None:
        self._manuscript.frame.table.next_place.is_joined = True

    def _continue_cell(self, _number: int | None) -> None:
        self._manuscript.frame.table.next_place.is_continued = True

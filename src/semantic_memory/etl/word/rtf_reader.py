"""RTF → blocks, in one pass over its tokens."""

from collections.abc import Mapping

from semantic_memory.core.errors import CorruptFileError
from semantic_memory.core.model import BlockDraft, JsonValue
from semantic_memory.etl.word.flow import named_block
from semantic_memory.etl.word.rtf_groups import SKIPPED, STARRED, Groups
from semantic_memory.etl.word.rtf_manuscript import MAX_PARAGRAPHS
from semantic_memory.etl.word.rtf_session import Session
from semantic_memory.etl.word.rtf_text import Text
from semantic_memory.etl.word.rtf_tokens import Token, Tokens

_SIGNS: Mapping[str, str] = {"~": " ", "_": "-", "{": "{", "}": "}", "\\": "\\"}


class RtfReader:
    """Reads one document up to `limit` paragraphs and cells; `properties` and `warnings` are known when its blocks are."""

    def __init__(self, data: str, limit: int = MAX_PARAGRAPHS) -> None:
        """`data` is the file's bytes as Latin-1. Raises: CorruptFileError when it is no RTF."""
        if not data.startswith("{\\rtf"):
            raise CorruptFileError("the file does not start like RTF")
        self._tokens = Tokens(data)
        self._session = Session(limit)
        self._groups = Groups(self._session)
        self._words = {**Text(self._session).words, **self._groups.words}
        self._is_starred = False
        self._is_broken_off = False

    def blocks(self) -> list[BlockDraft]:
        """Headers and footers, which belong to no section, then the text in order with its notes.

        Raises: ExtractionLimitError.
        """
        session = self._session
        for token in self._tokens:
            self._take(token)
            if session.manuscript.is_cut:
                break
        self._is_broken_off = session.is_in_group
        while session.is_in_group:
            session.end_group()
        text = session.manuscript.close_frame().blocks()
        return [*(named_block(said, kind) for said, kind in self._groups.margins), *text]

    @property
    def properties(self) -> dict[str, JsonValue]:
        return self._groups.properties()

    @property
    def warnings(self) -> list[str]:
        manuscript, is_cut = self._session.manuscript, self._tokens.is_cut
        found = {
            f"the document was cut after {manuscript.limit} paragraphs and cells": manuscript.is_cut,
            "the document was cut because it has too many control words": is_cut,
            "the file breaks off; what came before was read": self._is_broken_off and not (manuscript.is_cut or is_cut),
            f"{manuscript.cut_tables} tables were cut because they are too large": manuscript.cut_tables > 0,
            f"{self._session.hidden} characters of hidden text were left out": self._session.hidden > 0,
            f"{self._groups.objects} embedded objects were not read": self._groups.objects > 0,
        }
        return [text for text, is_so in found.items() if is_so]

    def _take(self, token: Token) -> None:
        kind, text, number = token
        session = self._session
        if kind == "text":
            session.say(session.letters.decode(text, session.letters.font(session.state.font)))
        elif kind == "word":
            self._do(text, number)
        else:
            session.letters.end_fallback()
            self._take_sign(text, is_brace=kind == "brace")

    def _take_sign(self, text: str, *, is_brace: bool) -> None:
        session = self._session
        if is_brace and text == "{":
            session.begin_group()
        elif is_brace:
            session.end_group()
        elif text == "*":
            self._is_starred = True
        elif text in "\r\n":
            session.manuscript.end_paragraph()
        else:
            session.say(_SIGNS.get(text, ""))

    def _do(self, word: str, number: int | None) -> None:
        if word != "u":
            self._session.letters.end_fallback()
        is_skippable = self._is_starred and word not in STARRED
        self._is_starred = False
        if is_skippable or word in SKIPPED:
            self._tokens.skip_group()
            self._session.end_group()
        elif word in self._words:
            self._words[word](number)

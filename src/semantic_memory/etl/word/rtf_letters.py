"""Bytes of RTF text → letters, by the character set of their font."""

import codecs

from semantic_memory.etl.word.docx_paragraph import symbol
from semantic_memory.etl.word.rtf_fonts import WESTERN, Font, encoding_of


class Letters:
    """Decodes text piece by piece: a letter of two bytes may come in two pieces."""

    def __init__(self) -> None:
        self.fonts: dict[int, Font] = {}
        self.default_font = 0
        self._encoding = WESTERN
        self._decoders: dict[str, codecs.IncrementalDecoder] = {}
        self._skipped = 0

    def set_code_page(self, number: int) -> None:
        self._encoding = encoding_of(number)

    def font(self, number: int | None) -> Font:
        return self.fonts.get(self.default_font if number is None else number, Font())

    def unicode(self, number: int, fallback: int) -> str:
        """The character of `\\uN`, which old writers give as a negative number; `fallback` characters for old readers follow it."""
        self._skipped = fallback
        return chr(number % 0x10000)

    def decode(self, data: str, font: Font) -> str:
        """The letters of bytes (as Latin-1) in this font, without those that only repeat a `\\u` character for old readers."""
        if self._skipped:
            data, self._skipped = data[self._skipped :], max(self._skipped - len(data), 0)
        if "symbol" in font.name.lower():
            return "".join(symbol(f"F0{ord(character):02X}") if character > " " else character for character in data)
        if data.isascii() and not self._decoders:
            return data
        encoding = font.encoding(self._encoding)
        if encoding not in self._decoders:
            self._decoders[encoding] = codecs.getincrementaldecoder(encoding)("replace")
        return self._decoders[encoding].decode(data.encode("latin-1"))

    def end_fallback(self) -> None:
        """A control word or brace ends what is skipped."""
        self._skipped = 0

"""Where sentences begin and end, by rules: end marks of many scripts, abbreviations, initials, numbers, blank lines.

Scripts without sentence marks (Thai, Lao) come back as whole paragraphs.
"""

import re

_BREAK = re.compile(
    r"""
    (?P<wide> [。！？｡．]++ [」』）】〉》”’"')\]]*+ \s*+ )                       # marks that need no space after them
    | (?<! [.!?…।॥؟۔።፧] ) (?P<mark> [.!?…।॥؟۔።፧]++ ) ["'”’»)\]]*+ (?: \s++ | \Z )
    | (?<! [^\S\n] ) [^\S\n]*+ \n \s*+
    """,
    re.VERBOSE,
)
"""Candidates. The possessive quantifiers and look-behinds keep the search linear on long runs of marks or blanks."""
_LIST_ITEM = re.compile(r"[-*•‣◦–]\s|\d{1,3}[.)]\s")
_LAST_WORD = re.compile(r"[^\s(\[{\"'“‘«]*\Z")
_WORD_WINDOW = 24
"""Characters looked at before a full stop: longer than any abbreviation."""
_ENGLISH = """mr mrs ms dr prof sr jr st vs etc cf al eqs eds approx dept est inc ltd co corp gen gov sen rep rev viz
jan feb mar apr jun jul aug sep sept oct nov dec a.m p.m e.g i.e u.s u.k ph.d"""
_GERMAN = "z.b bzw ca usw u.a d.h vgl str hr fr bspw ggf inkl evtl sog u.u s.o s.u v.a zzgl mio mrd"
_ROMANCE = "mme mlle env p.ex av sra srta ud uds ej p.ej dott ing ecc"
_ABBREVIATIONS = frozenset(f"{_ENGLISH} {_GERMAN} {_ROMANCE}".split())
"""Words that keep their full stop, without it, in lower case."""
_BEFORE_NUMBERS = frozenset(
    {"no", "nos", "nr", "fig", "figs", "eq", "sec", "ch", "vol", "pp", "ed", "ref", "refs", "art", "abs", "núm", "pág", "pag", "tel"}
)
"""Words that keep it only before a number: "No. 5", but "No." is a sentence."""
_GERMAN_MONTHS = ("Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober", "November", "Dezember")


def sentences(text: str) -> list[tuple[int, int]]:
    """Spans [start, end) of the sentences, in order, covering all of `text`; white space belongs to the sentence before it.

    White space at the very start belongs to the first sentence. Takes time linear in the text.
    """
    start = len(text) - len(text.lstrip())
    ends = [match.end() for match in _BREAK.finditer(text, start) if _is_end(text, match)]
    if not ends or ends[-1] < len(text):
        ends.append(len(text))
    return [(begin, end) for begin, end in zip([0, *ends], ends, strict=False) if end > begin]


def _is_end(text: str, match: re.Match[str]) -> bool:
    if _ends_paragraph(text, match):
        return True
    mark = match["mark"]
    if mark is None or not mark.startswith("."):
        return bool(mark or match["wide"])
    if text[match.end() : match.end() + 1].islower():
        return False
    return mark != "." or not _is_abbreviation(text, match.start(), match.end())


def _ends_paragraph(text: str, match: re.Match[str]) -> bool:
    """A blank line ends whatever came before, and so does a line that starts a list item."""
    newlines = text.count("\n", match.start(), match.end())
    return newlines > 1 or (newlines == 1 and _LIST_ITEM.match(text, match.end()) is not None)


def _is_abbreviation(text: str, stop: int, following: int) -> bool:
    """Whether the full stop at `stop` belongs to its word: "Dr.", "J.", "z.B.", "3. Oktober", or "1." that numbers a list item."""
    line_start = text.rfind("\n", max(0, stop - _WORD_WINDOW), stop) + 1
    found = _LAST_WORD.search(text, max(0, line_start, stop - _WORD_WINDOW), stop)
    word = found.group() if found else ""
    if word.isdigit():
        begins_line = not text[line_start : stop - len(word)].strip() and (line_start > 0 or stop - len(word) == 0)
        return len(word) <= 3 and (begins_line or text.startswith(_GERMAN_MONTHS, following))
    if word.lower() in _BEFORE_NUMBERS:
        return text[following : following + 1].isdigit()
    is_initial = len(word) == 1 and word.isalpha() and word.isupper() and word != "I"
    return is_initial or word.lower() in _ABBREVIATIONS

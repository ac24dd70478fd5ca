"""Lines of one column → paragraphs, list items, headings, code, captions and footnotes."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from semantic_memory.etl.pdf.shapes import Kind, Line, Piece, around

NEXT_PARAGRAPH = 1.3
"""A line that is further below the one before it than this many usual distances begins a paragraph."""
SAME_SIZE = 0.07
"""Part by which type sizes within a paragraph may differ: small capitals and symbols, not headings."""
INDENT = 0.7
"""Type sizes by which the first line of a paragraph is moved in."""
MOST_INDENT = 6.0
CENTRED = 0.5
"""Type sizes by which the middles of centred lines may differ."""
LEADING = 1.6
"""Type sizes from line to line in text set with much space; more is a gap."""
CAPTION = re.compile(
    r"(?:figure|fig\.|table|tab\.|chart|exhibit|plate|box|map|listing|abbildung|abb\.|tabelle|figura|tableau)\s*[\dA-Z][\w.\-]*\s*(?:[:.|–—-]|\s|$)",
    re.IGNORECASE,
)
_BULLET = re.compile(r"[•‣◦▪▫■□●○∙·➢➤►▶✓✔❖◆◇»\uf000-\uf0ff–—\-*o](?=\s)")
_NUMBER = re.compile(r"\(?(?:\d{1,3}|[a-zA-Z]|[ivx]{1,5})[.)](?=\s)")
SECTION = re.compile(
    r"(?:\d{1,2}|[A-Z]|[IVX]{1,5})(?:\.\d{1,3}){0,5}\.?\s+\S|(?:chapter|part|section|appendix|annex|kapitel|teil|anhang)\s+[\divxlcA-Z]+\b",
    re.IGNORECASE,
)
_SUBSECTION = re.compile(r"\d{1,2}(?:\.\d{1,2}){1,4}\.?\s+[^\W\d_a-z]\w+(?:\s|$)")
"""`2.1 Title`; a number without a point begins lists and rows too."""
_NOTE = re.compile(r"(?:[⁰¹²³⁴⁵⁶⁷⁸⁹]+|\d{1,3}(?=\s)|[*†‡§¶]{1,3})\s*\S")
SMALL = 0.92
"""Part of the text's size up to which notes are set."""
LONGEST_HEADING = 200
HEADING_LINES = 3
LARGER = 1.1
"""Times the size of the text from which a line is a heading without being bold."""
_END = (".", "!", "?", ":", ";", "…", "。")


@dataclass(frozen=True, slots=True)
class Text:
    """How most letters of the document look."""

    size: float
    is_bold: bool = False
    is_mono: bool = False


def pieces(page: int, lines: Sequence[Line], text: Text) -> Iterator[Piece]:
    """Lines top down, each the whole width of its column."""
    groups = list(_groups(lines))
    for index, group in enumerate(groups):
        before = groups[index - 1] if index else None
        after = groups[index + 1] if index + 1 < len(groups) else None
        yield _piece(page, group, text, is_apart=_is_apart(before, group, after))


def _groups(lines: Sequence[Line]) -> Iterator[list[Line]]:
    """Lines that belong together."""
    usual, right = _usual_pitch(lines), max((line.box.x1 for line in lines), default=0.0)
    group: list[Line] = []
    for index, line in enumerate(lines):
        after = lines[index + 1] if index + 1 < len(lines) else None
        if group and _breaks(group, line, after, usual, right):
            yield group
            group = []
        group.append(line)
    if group:
        yield group


def _usual_pitch(lines: Sequence[Line]) -> dict[float, float]:
    """Type size → the usual distance from line to line."""
    pitches: dict[float, list[float]] = {}
    for above, below in pairwise(lines):
        pitch = below.box.y1 - above.box.y1
        if above.size == below.size and 0.8 * above.size < pitch <= LEADING * 1.2 * above.size:
            pitches.setdefault(above.size, []).append(pitch)
    return {size: sorted(found)[len(found) // 3] for size, found in pitches.items()}


def _breaks(group: Sequence[Line], line: Line, after: Line | None, usual: dict[float, float], right: float) -> bool:
    """Whether the line begins something new."""
    last = group[-1]
    pitch = line.box.y1 - last.box.y1
    if pitch > NEXT_PARAGRAPH * usual.get(last.size, 1.25 * last.size) or pitch < 0 or _looks_differ(group, line):
        return True
    if line.style.is_mono:
        return False
    if marker(line.text) and (marker(group[0].text) or _is_ended(last, line, right)):
        return True
    if marker(group[0].text):
        return _leaves_item(group, line, right)
    return _is_indented(group, line, after) or (last.text.endswith(_END) and _is_ended(last, line, right))


def _looks_differ(group: Sequence[Line], line: Line) -> bool:
    last = group[-1]
    if abs(line.size - last.size) > SAME_SIZE * max(line.size, last.size) or line.is_turned != last.is_turned:
        return True
    if (line.style.paint == "hidden") != (last.style.paint == "hidden"):
        return True
    if last.style.is_mono != line.style.is_mono:
        return True
    return line.style.is_bold != last.style.is_bold and _is_all_bold(last) != _is_all_bold(line)


def _is_all_bold(line: Line) -> bool:
    return all(word.style.is_bold for word in line.words)


def _is_ended(last: Line, line: Line, right: float) -> bool:
    """Whether the first word of the line would have found room on the line before it, so that the break was wanted."""
    return last.box.x1 + line.words[0].box.width + line.size < right


def _leaves_item(group: Sequence[Line], line: Line, right: float) -> bool:
    """Whether the line stands left of the item's text, and the item's last line does not run on into it."""
    first = group[0]
    if len(group) > 1 and line.box.x0 < group[1].box.x0 - INDENT * line.size:
        return True
    return line.box.x0 < first.box.x0 + INDENT * line.size / 2 and _is_ended(group[-1], line, right)


def _is_indented(group: Sequence[Line], line: Line, after: Line | None) -> bool:
    """The first line of a paragraph stands further right than the one before it and the one after it."""
    step = line.box.x0 - group[-1].box.x0
    if not INDENT * line.size < step < MOST_INDENT * line.size:
        return False
    if abs(line.box.centre - group[-1].box.centre) < CENTRED * line.size:
        return False
    is_hanging = len(group) == 1 and after is not None and abs(after.box.x0 - line.box.x0) < INDENT * line.size
    return not is_hanging


def marker(text: str) -> str:
    """The bullet or number that begins a list item, or nothing."""
    found = _BULLET.match(text) or _NUMBER.match(text)
    return found[0] if found and len(text) > len(found[0]) + 1 else ""


def _is_apart(before: Sequence[Line] | None, group: Sequence[Line], after: Sequence[Line] | None) -> bool:
    """Whether there is more white around the group than within print, or nothing above it."""
    above = before is None or group[0].box.y0 - before[-1].box.y1 > 0.25 * group[0].size
    return above and (after is None or after[0].box.y1 - group[-1].box.y1 > 1.1 * group[-1].size)


def _piece(page: int, group: Sequence[Line], text: Text, *, is_apart: bool) -> Piece:
    lines, box = tuple(group), around([line.box for line in group])
    kind = _kind(group, text, is_apart=is_apart)
    return Piece(kind, page, box, lines, marker=marker(group[0].text) if kind == "item" else "")


def _kind(group: Sequence[Line], text: Text, *, is_apart: bool) -> Kind:
    first, words = group[0], " ".join(line.text for line in group)
    if all(line.style.is_mono for line in group) and not text.is_mono:
        return "code"
    if CAPTION.match(words) and len(words) < 2 * LONGEST_HEADING:
        return "caption"
    if _is_heading(group, words, text, is_apart=is_apart):
        return "heading"
    if marker(first.text):
        return "item"
    return "paragraph"


def _is_heading(group: Sequence[Line], words: str, text: Text, *, is_apart: bool) -> bool:
    """Larger than the text; or bold, or numbered and set apart in some way."""
    if len(group) > HEADING_LINES or len(words) > LONGEST_HEADING or sum(map(str.isalpha, words)) < 2 or group[0].is_turned:
        return False
    size = median(line.size for line in group)
    if size >= LARGER * text.size:
        return not words.endswith((",", ";")) and (not words.endswith(".") or size >= 1.3 * text.size or SECTION.match(words) is not None)
    is_bold = all(_is_all_bold(line) for line in group) and not text.is_bold
    if size < SMALL * text.size or (words.endswith((".", ",", ";")) and not SECTION.fullmatch(words)):
        return False
    if is_bold:
        return is_apart or SECTION.match(words) is not None
    is_italic = all(word.style.is_italic for line in group for word in line.words)
    is_styled = words.isupper() or is_italic or _SUBSECTION.match(words) is not None
    return is_apart and is_styled and not text.is_bold and len(words) <= LONGEST_HEADING / 2

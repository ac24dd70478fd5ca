"""Words → lines: runs of words that stand on one line without a wide gap."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

from semantic_memory.etl.pdf.shapes import Line, Word, line_of

WIDE = 0.9
"""Type sizes: a wider gap parts two lines. Justified print rarely spreads its blanks that far, columns of tables rarely come closer."""
TOUCHING = 0.1
"""Type sizes: letters closer than this have no blank between them."""
SPACED = 0.4
"""Type sizes: the same where letters are set apart; the blanks between words are set wider too."""
LEAST_SPACED = 6
MOSTLY = 0.7
"""Words of one letter that a line of letters set apart has, at least and as a part of all."""
LEVEL = 0.45
"""Part of the lower box's height that two words of one line share; raised and lowered figures still do."""
_SUPERSCRIPTS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
RAISED = 0.15
"""Type sizes by which the foot of a raised number lies above that of its neighbour."""


def lines_of(words: Sequence[Word]) -> list[Line]:
    """Lines in the order in which they begin on the page, top down; text that is turned or hidden is in lines of its own."""
    runs = [list(run) for run in _runs(words)]
    return sorted((_line(run) for run in _merged(runs)), key=lambda line: (line.box.y0, line.box.x0))


def _runs(words: Sequence[Word]) -> Iterator[list[Word]]:
    """Words that follow one another in the file and on the page."""
    run: list[Word] = []
    for word in words:
        if run and not _follows(run[-1], word):
            yield run
            run = []
        run.append(word)
    if run:
        yield run


def _follows(word: Word, other: Word) -> bool:
    """Whether the other word comes next on the same line."""
    if word.is_turned != other.is_turned or (word.style.paint == "hidden") != (other.style.paint == "hidden"):
        return False
    if word.is_turned:
        return _is_near(word, other)
    size = max(word.style.size, other.style.size)
    return -0.5 * size <= other.box.x0 - word.box.x1 <= WIDE * size and word.box.beside(other.box) >= LEVEL


def _is_near(word: Word, other: Word) -> bool:
    """Turned words of one line lie above each other, or beside each other when they stand upside down."""
    down = max(word.box.y0 - other.box.y1, other.box.y0 - word.box.y1)
    across = max(word.box.x0 - other.box.x1, other.box.x0 - word.box.x1)
    is_in_line = min(abs(word.box.centre - other.box.centre), abs(word.box.middle - other.box.middle)) < word.style.size / 2
    return is_in_line and max(down, across) <= WIDE * word.style.size


def _merged(runs: list[list[Word]]) -> list[list[Word]]:
    """Runs that continue each other on the page although other text stands between them in the file."""
    ordered = sorted(runs, key=lambda run: run[0].box.x0)
    done: list[list[Word]] = []
    by_row: dict[int, list[list[Word]]] = {}
    for run in ordered:
        before = _run_before(run[0], by_row)
        if before is None:
            done.append(run)
            before = run
        else:
            before.extend(run)
        for row in _rows_of(run[-1]):
            by_row.setdefault(row, []).append(before)
    return done


def _run_before(word: Word, by_row: dict[int, list[list[Word]]]) -> list[Word] | None:
    for row in _rows_of(word):
        for run in reversed(by_row.get(row, ())):
            if not word.is_turned and _follows(run[-1], word):
                return run
    return None


ROW = 8.0
"""Points: lines are looked up by bands of this height."""


def _rows_of(word: Word) -> range:
    return range(int(word.box.y0 // ROW), int(word.box.y1 // ROW) + 1)


def _line(run: list[Word]) -> Line:
    if run[0].is_turned:
        return line_of(run)
    ordered = sorted(run, key=lambda word: word.box.x0)
    near = SPACED if _is_spaced(ordered) else TOUCHING
    return line_of([ordered[0], *(_attached(before, word, near) for before, word in pairwise(ordered))])


def _is_spaced(words: Sequence[Word]) -> bool:
    """Whether the letters are set apart, as in some headings: PDFium takes each for a word."""
    return len(words) >= LEAST_SPACED and sum(len(word.text) == 1 for word in words) > MOSTLY * len(words)


def _attached(before: Word, word: Word, near: float) -> Word:
    """The word with what its distance to the one before it tells: glued, or a raised number."""
    is_glued = word.box.x0 - before.box.x1 < near * word.style.size
    if word.text.isascii() and word.text.isdigit() and is_glued and _is_raised(before, word):
        return word._replace(text=word.text.translate(_SUPERSCRIPTS), is_glued=True)
    return word._replace(is_glued=is_glued)


def _is_raised(before: Word, word: Word) -> bool:
    return before.box.y1 - word.box.y1 > RAISED * before.style.size and word.style.size <= before.style.size

"""Tables as cells with places, and the cell-adjacency measure of the ICDAR 2013 table competition (Göbel, Hassan, Oro and Orsi).

Each filled cell is related to its nearest filled neighbour to the right and to its nearest one below; a cell that spans several rows or
columns has a neighbour in each. Empty cells are skipped. A relation is the text of both cells and the direction, so that neither the
numbers of rows and columns nor where the table begins matter. Texts are compared without white space, invisible characters and case, in
Unicode form NFKC and with one kind of dash and quotation mark; otherwise letter for letter.
"""

import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeVar

Kind = TypeVar("Kind")
Relation = tuple[str, str, str]
"""Text, text of the neighbour, "right" or "below"."""


@dataclass(frozen=True, slots=True)
class Cell:
    """Rows and columns count from 0."""

    row: int
    column: int
    text: str
    row_span: int = 1
    column_span: int = 1

    def covers(self) -> Iterator[tuple[int, int]]:
        """Every place (row, column) the cell takes."""
        for row in range(self.row, self.row + self.row_span):
            for column in range(self.column, self.column + self.column_span):
                yield row, column


@dataclass(frozen=True, slots=True)
class Grid:
    cells: tuple[Cell, ...]
    header_rows: int = 0


@dataclass(frozen=True, slots=True)
class Agreement:
    """Counts that can be added up: what agrees, what was found, what is true."""

    right: int
    found: int
    true: int

    def __add__(self, other: "Agreement") -> "Agreement":
        return Agreement(self.right + other.right, self.found + other.found, self.true + other.true)

    @property
    def precision(self) -> float:
        return self.right / self.found if self.found else float(not self.true)

    @property
    def recall(self) -> float:
        return self.right / self.true if self.true else float(not self.found)

    @property
    def f1(self) -> float:
        """1 when there is nothing to find and nothing was found."""
        return 2 * self.right / (self.found + self.true) if self.found + self.true else 1.0


def grid_of_rows(rows: Sequence[Sequence[str]], spans: Mapping[tuple[int, int], tuple[int, int]], header_rows: int = 0) -> Grid:
    """`spans` maps (row, column) to (row span, column span) of the cells that span; their text stands in that first place only."""
    cells = [
        Cell(row, column, text, *spans.get((row, column), (1, 1))) for row, texts in enumerate(rows) for column, text in enumerate(texts)
    ]
    covered = {place for cell in cells for place in cell.covers() if place != (cell.row, cell.column)}
    return Grid(tuple(cell for cell in cells if (cell.row, cell.column) not in covered), header_rows)


def adjacency(found: Iterable[Grid], true: Iterable[Grid]) -> Agreement:
    """The relations of all tables of a document together: a table cut in two loses only the relations across the cut."""
    return agreement(pooled(found), pooled(true))


def cell_texts(found: Iterable[Grid], true: Iterable[Grid]) -> Agreement:
    return agreement(_texts(found), _texts(true))


def agreement(found: Counter[Kind], true: Counter[Kind]) -> Agreement:
    return Agreement((found & true).total(), found.total(), true.total())


def relations(grid: Grid) -> Counter[Relation]:
    filled = [cell for cell in grid.cells if normalised(cell.text)]
    at = {place: cell for cell in filled for place in cell.covers()}
    right = {pair for line in _lines(at, 0) for pair in pairwise(line) if pair[0] != pair[1]}
    below = {pair for line in _lines(at, 1) for pair in pairwise(line) if pair[0] != pair[1]}
    pairs = [("right", pair) for pair in right] + [("below", pair) for pair in below]
    return Counter((normalised(one.text), normalised(other.text), direction) for direction, (one, other) in pairs)


def normalised(text: str) -> str:
    kept = (character for character in unicodedata.normalize("NFKC", text) if not _is_invisible(character))
    return "".join(map(_plain, kept)).casefold()


def _plain(character: str) -> str:
    category = unicodedata.category(character)
    if category == "Pd" or character == "\N{MINUS SIGN}":
        return "-"
    return '"' if category in ("Pi", "Pf") or character == "'" else character


def _is_invisible(character: str) -> bool:
    return character.isspace() or unicodedata.category(character) in ("Cf", "Cc")


def _lines(at: Mapping[tuple[int, int], Cell], along: int) -> Iterator[list[Cell]]:
    """The filled cells of each row (`along` 0, left to right) or of each column (`along` 1, downwards)."""
    for number in sorted({place[along] for place in at}):
        places = sorted(place for place in at if place[along] == number)
        yield [at[place] for place in places]


def pooled(grids: Iterable[Grid]) -> Counter[Relation]:
    return sum((relations(grid) for grid in grids), Counter[Relation]())


def _texts(grids: Iterable[Grid]) -> Counter[str]:
    return Counter(text for grid in grids for cell in grid.cells if (text := normalised(cell.text)))

"""What a made document holds, in reading order, and the same as Markdown."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from eval.documents.cells import Grid

Role = Literal["text", "quote", "caption", "address"]


@dataclass(frozen=True, slots=True)
class Heading:
    level: int
    text: str


@dataclass(frozen=True, slots=True)
class Note:
    """A footnote; its mark stands behind the paragraph it belongs to."""

    text: str


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Lines of an address are separated by newlines."""

    text: str
    role: Role = "text"
    note: Note | None = None


@dataclass(frozen=True, slots=True)
class Item:
    level: int
    text: str
    is_ordered: bool = False


@dataclass(frozen=True, slots=True)
class Listing:
    """A list; an item's level counts from 0 and is at most one more than that of the item before."""

    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Code:
    text: str
    language: str


@dataclass(frozen=True, slots=True)
class Table:
    grid: Grid


Part: TypeAlias = Heading | Paragraph | Listing | Code | Table


@dataclass(frozen=True, slots=True)
class TrueDocument:
    """`header` and `footer` run on every page and belong to no part; the page's number follows the footer."""

    name: str
    language: str
    parts: tuple[Part, ...]
    header: str
    footer: str

    def tables(self) -> list[Grid]:
        return [part.grid for part in self.parts if isinstance(part, Table)]

    def headings(self) -> list[Heading]:
        return [part for part in self.parts if isinstance(part, Heading)]

    def items(self) -> list[Item]:
        return [item for part in self.parts if isinstance(part, Listing) for item in part.items]


def text_of(part: Part) -> str:
    """The part's words in reading order, without marks of any syntax."""
    match part:
        case Listing(items):
            return "\n".join(item.text for item in items)
        case Table(grid):
            return "\n".join(" ".join(texts) for texts in rows_of(grid))
        case _:
            return part.text


def rows_of(grid: Grid) -> list[list[str]]:
    """The texts row by row; a cell that spans has its text in its first place only."""
    height = max((cell.row + cell.row_span for cell in grid.cells), default=0)
    width = max((cell.column + cell.column_span for cell in grid.cells), default=0)
    rows = [[""] * width for _ in range(height)]
    for cell in grid.cells:
        rows[cell.row][cell.column] = cell.text
    return rows


def markdown(document: TrueDocument) -> str:
    """The document as Markdown, footnotes behind everything else; cells that span stand in their first place."""
    notes = [part.note.text for part in document.parts if isinstance(part, Paragraph) and part.note]
    numbers = {text: number for number, text in enumerate(notes, start=1)}
    body = ["\n".join(_lines(part, numbers)) for part in document.parts]
    return "\n\n".join([*body, *(f"[^{number}]: {text}" for text, number in numbers.items())]) + "\n"


def _lines(part: Part, numbers: dict[str, int]) -> Iterator[str]:
    match part:
        case Heading(level, text):
            yield f"{'#' * level} {text}"
        case Listing(items):
            yield from ("   " * item.level + ("1. " if item.is_ordered else "- ") + item.text for item in items)
        case Code(text, language):
            yield f"```{language}\n{text}\n```"
        case Table(grid):
            yield from _table_lines(rows_of(grid))
        case Paragraph(text, role, note):
            mark = f"[^{numbers[note.text]}]" if note else ""
            yield ("> " if role == "quote" else "") + text.replace("\n", "  \n") + mark


def _table_lines(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    for number, row in enumerate(rows):
        yield "| " + " | ".join(row) + " |"
        if number == 0:
            yield "|" + " --- |" * len(row)

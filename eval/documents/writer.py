"""Makes up documents in three languages from a small grammar: the same document for the same seed, and no text of anybody else."""

import random
import tomllib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import accumulate
from pathlib import Path
from typing import Literal

from eval.documents.cells import Cell, Grid
from eval.documents.truth import Code, Heading, Item, Listing, Note, Paragraph, Part, Table, TrueDocument

VOCABULARY = Path(__file__).with_name("vocabulary.toml")
LANGUAGES = ("en", "de", "fr", "en")
"""Of documents one after the other."""
YEARS = range(1998, 2027)
Kind = Literal["article", "letter", "slides", "manual"]
TableKind = Literal["numbers", "texts", "grouped header", "row groups", "gaps", "no header"]
TABLE_KINDS: tuple[TableKind, ...] = ("numbers", "texts", "grouped header", "row groups", "gaps", "no header")
Words = dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class Shape:
    """What a style needs of its documents. `sections` counts headings of level 2; `columns` limits the tables."""

    kind: Kind = "article"
    sections: int = 4
    columns: int = 6
    is_numbered: bool = False
    has_notes: bool = False
    has_tables: bool = True


def write(name: str, shape: Shape, seed: int) -> TrueDocument:
    language = LANGUAGES[seed % len(LANGUAGES)]
    writer = _Writer(words_of(language), random.Random(f"{name} {seed}"), shape)
    parts = tuple(_numbered(writer.parts()) if shape.is_numbered else writer.parts())
    return TrueDocument(f"{name}-{seed}", language, parts, header=writer.heading(), footer=writer.phrase("{Noun} {year}"))


@cache
def words_of(language: str) -> Words:
    content = tomllib.loads(VOCABULARY.read_text("utf-8"))[language]
    return {kind: [" ".join(phrase.split()) for phrase in phrases.split("|")] for kind, phrases in content.items()}


class _Writer:
    def __init__(self, words: Words, dice: random.Random, shape: Shape) -> None:
        self._words, self._dice, self._shape = words, dice, shape
        self._tables = 0

    def parts(self) -> Iterator[Part]:
        if self._shape.kind == "letter":
            yield Paragraph(self._address(), "address")
        yield Heading(1, self.heading())
        yield Paragraph(self._words["letter"][0] if self._shape.kind == "letter" else self._text(3))
        for _ in range(self._shape.sections):
            yield from self._section()
        if self._shape.kind == "letter":
            yield Paragraph(self._words["letter"][1])

    def phrase(self, template: str) -> str:
        """`{Noun}` begins with a capital; `{noun2}` differs from `{noun}`."""
        noun, noun2 = self._dice.sample(self._words["nouns"], 2)
        adjective, adjective2 = self._dice.sample(self._words["adjectives"], 2)
        slots = {"noun": noun, "noun2": noun2, "adjective": adjective, "adjective2": adjective2}
        slots |= {"Noun": _capital(noun), "Adjective": _capital(adjective)}
        slots |= {kind: self._pick(f"{kind}s") for kind in ("verb", "place", "opener", "ending", "amount")}
        return template.format(**slots, number=self._number(), year=self._dice.choice(YEARS), n=self._tables)

    def heading(self) -> str:
        return _capital(self.phrase(self._pick("headings")))

    def _section(self) -> Iterator[Part]:
        yield Heading(2, self.heading())
        if self._shape.kind == "slides":
            yield from self._dice.choice((self._listing, self._table, self._listing))()
            return
        yield from self._passage()
        if self._shape.kind != "letter":
            for _ in range(self._dice.randrange(3)):
                yield from self._subsection()

    def _subsection(self) -> Iterator[Part]:
        yield Heading(3, self.heading())
        yield from self._passage()
        if self._dice.random() < 0.3:
            yield Heading(4, self.heading())
            yield from self._passage()

    def _passage(self) -> Iterator[Part]:
        """One to three paragraphs, and often something else behind them."""
        for _ in range(self._dice.randrange(1, 4)):
            has_note = self._shape.has_notes and self._dice.random() < 0.5
            yield Paragraph(self._text(self._dice.randrange(2, 6)), note=Note(self._text(1)) if has_note else None)
        makers: dict[Kind, Sequence[Callable[[], Iterator[Part]]]] = {
            "article": (self._listing, self._table, self._quote, self._nothing, self._table),
            "manual": (self._listing, self._code, self._table, self._code),
            "letter": (self._listing, self._table),
        }
        chosen = self._dice.choice(makers[self._shape.kind])
        if chosen != self._table or self._shape.has_tables:
            yield from chosen()

    def _nothing(self) -> Iterator[Part]:
        yield from ()

    def _quote(self) -> Iterator[Part]:
        yield Paragraph(self._text(2), "quote")

    def _listing(self) -> Iterator[Part]:
        """Bullets or numbers, with a nested level now and then; items of one or two lines."""
        is_ordered = self._dice.random() < 0.4
        items: list[Item] = []
        for _ in range(self._dice.randrange(3, 6)):
            items.append(Item(0, self._sentence() if self._dice.random() < 0.6 else self.heading(), is_ordered))
            if self._dice.random() < 0.3:
                items += [Item(1, self.heading()) for _ in range(self._dice.randrange(1, 4))]
        yield Listing(tuple(items))

    def _code(self) -> Iterator[Part]:
        noun, number = (
            f"{self._dice.choice(('pump', 'gauge', 'valve', 'tank'))}_{self._dice.choice(('rate', 'level', 'state'))}",
            self._number(),
        )
        python = (
            f"def check_{noun}(value, limit={self._dice.randrange(2, 99)}):\n    if value > limit:\n"
            f'        raise ValueError("{noun} is too high")\n    return round(value, 2)'
        )
        shell = f"station read --name {noun} \\\n    --since {self._dice.choice(YEARS)}-01-01 | sort -n > {noun}.txt\nwc -l {noun}.txt"
        sql = f"SELECT place, avg({noun})\nFROM readings\nWHERE {noun} < {number.replace(',', '.')}\nGROUP BY place;"
        yield Code(*self._dice.choice(((python, "python"), (shell, "bash"), (sql, "sql"))))

    def _table(self) -> Iterator[Part]:
        self._tables += 1
        if self._dice.random() < 0.7 and self._shape.kind != "slides":
            yield Paragraph(self.phrase(self._pick("captions")), "caption")
        yield Table(self._grid(self._dice.choice(TABLE_KINDS)))

    def _grid(self, kind: TableKind) -> Grid:
        width = self._dice.randrange(3, self._shape.columns + 1)
        height = self._dice.randrange(3, 8)
        body = [[self._pick("places_short"), *(self._number() for _ in range(width - 1))] for _ in range(height)]
        titles = self._dice.sample(self._words["columns"], width)
        match kind:
            case "numbers":
                total = [self._words["total"][0], *(self._number() for _ in range(width - 1))]
                return _plain([titles, *body, total], header_rows=1)
            case "texts":
                return _plain([titles[:3], *([row[0], row[1], self.heading()] for row in body)], header_rows=1)
            case "gaps":
                return _plain([titles, *([cell if self._dice.random() < 0.75 else "" for cell in row] for row in body)], header_rows=1)
            case "no header":
                return _plain([[row[0], *row[1:]] for row in body], header_rows=0)
            case "grouped header":
                return self._grouped_header(titles, body)
            case "row groups":
                return self._row_groups(titles, body)

    def _grouped_header(self, titles: Sequence[str], body: Sequence[Sequence[str]]) -> Grid:
        """Two header rows: the first column's title spans both, a year spans the other columns."""
        first = (Cell(0, 0, titles[0], row_span=2), Cell(0, 1, str(self._dice.choice(YEARS)), column_span=len(titles) - 1))
        below = (Cell(1, column, title) for column, title in enumerate(titles[1:], start=1))
        return Grid((*first, *below, *_cells(body, first_row=2)), header_rows=2)

    def _row_groups(self, titles: Sequence[str], body: Sequence[Sequence[str]]) -> Grid:
        """The first column's cells span two or three rows each."""
        sizes = [2, 3] if len(body) >= 5 else [2]
        starts = list(accumulate(sizes, initial=1))[:-1]
        groups = (Cell(row, 0, self._pick("places_short"), row_span=size) for row, size in zip(starts, sizes, strict=True))
        rows = [row[1:] for row in body[: sum(sizes)]]
        return Grid((*_cells([titles]), *groups, *_cells(rows, first_row=1, first_column=1)), header_rows=1)

    def _address(self) -> str:
        street = f"{self._words['places_short'][5]} {self._dice.randrange(1, 90)}"
        town = f"{self._dice.randrange(10_000, 99_999)} {self._pick('places_short')}"
        return f"{self.phrase('{Noun}')} & {self._pick('places_short')}\n{street}\n{town}"

    def _text(self, sentences: int) -> str:
        return " ".join(self._sentence() for _ in range(sentences))

    def _sentence(self) -> str:
        return _capital(self.phrase(self._pick("sentences")))

    def _number(self) -> str:
        """Whole numbers, thousands and decimals as the language writes them."""
        decimal, thousands = self._words["decimal"][0], self._words["thousands"][0] or "\N{NO-BREAK SPACE}"  # reading drops blanks
        whole = self._dice.choice(
            (str(self._dice.randrange(2, 999)), f"{self._dice.randrange(1, 99)}{thousands}{self._dice.randrange(100, 999)}")
        )
        return whole if self._dice.random() < 0.6 else f"{self._dice.randrange(0, 99)}{decimal}{self._dice.randrange(1, 99)}"

    def _pick(self, kind: str) -> str:
        return self._dice.choice(self._words[kind])


def _numbered(parts: Iterator[Part]) -> Iterator[Part]:
    """Headings below the title begin with "1.", "1.1" and so on."""
    counts = [0] * 5
    for part in parts:
        if isinstance(part, Heading) and part.level > 1:
            depth = part.level - 2
            counts = [*counts[:depth], counts[depth] + 1, *[0] * (4 - depth)]
            number = ".".join(str(count) for count in counts[: depth + 1])
            yield Heading(part.level, f"{number}{'.' if depth == 0 else ''} {part.text}")
        else:
            yield part


def _plain(rows: Sequence[Sequence[str]], header_rows: int) -> Grid:
    return Grid(tuple(_cells(rows)), header_rows)


def _cells(rows: Sequence[Sequence[str]], first_row: int = 0, first_column: int = 0) -> Iterator[Cell]:
    for row, texts in enumerate(rows, start=first_row):
        yield from (Cell(row, column, text) for column, text in enumerate(texts, start=first_column))


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]

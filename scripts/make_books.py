"""Structured JSON books for tests and benchmarks: any number of blocks, the same bytes for the same seed.

    python scripts/make_books.py --blocks 16667 --out books

writes four files, one per subject, about 5 MB in total at 16,667 blocks. The sentences come from a small grammar over some 1,200
words, with names and numbers made up on the way, so passages differ from each other as those of real books do, but mean nothing.
"""

import argparse
import json
import random
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

VOCABULARY = Path(__file__).with_name("books_vocabulary.toml")
SHARES = {"paragraph": 62, "list": 9, "heading": 13, "code_block": 6, "table": 4, "quote": 4, "figure": 2}
"""Blocks of each type in a hundred; an estimate for technical books, not measured on any."""
PARAGRAPH_WORDS = (20, 120)
MEDIAN_WORDS, SPREAD = 3.7, 0.45
"""Lognormal length of paragraphs: median 40 words, two thirds from 26 to 63; clipped to PARAGRAPH_WORDS, then rounded up to a sentence."""

Block = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Vocabulary:
    adjectives: list[str]
    verbs: list[str]
    nouns: list[str]
    places: list[str]
    openers: list[str]
    endings: list[str]
    syllables: list[str]
    field: list[str]


class Writer:
    """Makes up blocks about one field."""

    def __init__(self, words: Vocabulary, seed: int) -> None:
        self._words = words
        self._dice = random.Random(seed)

    def book(self, count: int) -> list[Block]:
        """`count` blocks; the first is the title's heading, and a page holds about six."""
        kinds = self._dice.choices(list(SHARES), weights=list(SHARES.values()), k=count - 1)
        return [self._block(kind, page=1 + number // 6) for number, kind in enumerate(["heading", *kinds])]

    def _block(self, kind: str, *, page: int) -> Block:
        makers: dict[str, Callable[[], str]] = {
            "paragraph": self._paragraph,
            "list": self._list,
            "heading": self._heading,
            "code_block": self._code,
            "table": self._table,
            "quote": self._sentence,
            "figure": self._caption,
        }
        level = self._dice.choice((2, 2, 3, 3, 3, 4)) if kind == "heading" else None
        return {"type": kind, "content": makers[kind](), "level": level, "metadata": {"page": page}}

    def _paragraph(self) -> str:
        low, high = PARAGRAPH_WORDS
        wanted = min(high, max(low, int(self._dice.lognormvariate(MEDIAN_WORDS, SPREAD))))
        words: list[str] = []
        while len(words) < wanted:
            words += self._sentence().split()
        return " ".join(words)

    def _sentence(self) -> str:
        verb, other, third = self._dice.sample(self._words.verbs, 3)
        sentence = self._dice.choice(
            (
                f"{self._thing()} {verb} {self._thing()}",
                f"{self._pick('openers')}, {self._thing()} {verb} {self._thing()}",
                f"{self._thing()} {verb} {self._thing()}, {self._pick('endings')}",
                f"when {self._thing()} {verb} {self._thing()}, {self._thing()} {other} {self._thing()}",
                f"{self._thing()} of {self._name()} {verb} {self._amount()} and {other} {self._thing()}",
                f"in {self._pick('places')}, {self._thing()} {verb} no more than {self._amount()}",
                f"{self._name()} reports that {self._thing()} {verb}, {other} and finally {third} {self._thing()}",
                f"neither {self._thing()} nor {self._thing()} {verb} {self._thing()}, {self._pick('endings')}",
            )
        )
        return sentence[0].upper() + sentence[1:] + "."

    def _thing(self) -> str:
        article = self._dice.choice(("the", "the", "a", "every", "this", "its"))
        words = [self._pick("field") if self._dice.random() < 0.6 else self._pick("nouns")]
        if self._dice.random() < 0.55:
            words.insert(0, self._pick("adjectives"))
        if self._dice.random() < 0.25:
            words += ["of", "the", self._pick("field")]
        return " ".join(["an" if article == "a" and words[0][0] in "aeiou" else article, *words])

    def _pick(self, kind: str) -> str:
        return self._dice.choice(getattr(self._words, kind))

    def _name(self) -> str:
        return "".join(self._dice.choices(self._words.syllables, k=self._dice.choice((2, 3)))).capitalize()

    def _amount(self) -> str:
        unit = self._dice.choice(("hours", "metres", "kilograms", "per cent", "degrees", "millimetres", "litres", "turns", "days"))
        return f"{self._dice.randrange(2, 950)} {unit}"

    def _heading(self) -> str:
        joined = self._dice.choice((" and the ", " of the ", " in the ", " for the "))
        return f"The {self._pick('adjectives')} {self._pick('field')}{joined}{self._pick('nouns')}".capitalize()

    def _list(self) -> str:
        items = (f"- {self._pick('adjectives')} {self._pick('field')}, {self._amount()}" for _ in range(self._dice.randrange(3, 7)))
        return "\n".join(items)

    def _code(self) -> str:
        noun, verb = self._identifier(), self._pick("verbs")
        number = self._dice.randrange(2, 900)
        return (
            f"def {verb}_{noun}({noun}: float, limit: float = {number}) -> float:\n"
            f'    """{self._sentence()}"""\n'
            f"    if {noun} > limit:\n        return limit\n    return {noun} * {number / 100}"
        )

    def _identifier(self) -> str:
        return f"{self._pick('nouns')}_{self._pick('field')}".replace("-", "_")

    def _table(self) -> str:
        first, second = self._pick("nouns").capitalize(), self._pick("nouns").capitalize()
        rows = (f"| {self._pick('field')} | {self._amount()} | {self._name()} |" for _ in range(self._dice.randrange(3, 8)))
        return "\n".join((f"| {first} | {second} | Seen by |", "| --- | --- | --- |", *rows))

    def _caption(self) -> str:
        return f"Figure {self._dice.randrange(1, 400)}. {self._sentence()}"


def main() -> None:
    arguments = _arguments()
    arguments.out.mkdir(parents=True, exist_ok=True)
    for number, (name, text) in enumerate(books(arguments.blocks, arguments.seed).items()):
        (arguments.out / f"{number + 1}-{name}.json").write_text(text, "utf-8")


def books(blocks: int, seed: int) -> dict[str, str]:
    """JSON by file name: `blocks` blocks shared evenly by the books of the vocabulary."""
    source = tomllib.loads(VOCABULARY.read_text("utf-8"))
    volumes = source["book"]
    counts = [blocks // len(volumes) + (number < blocks % len(volumes)) for number in range(len(volumes))]
    return {
        volume["title"].lower().replace(" ", "-"): _json(volume, Writer(_vocabulary(source, volume), seed + number).book(count))
        for number, (volume, count) in enumerate(zip(volumes, counts, strict=True))
    }


def _json(volume: dict[str, str], blocks: list[Block]) -> str:
    title = volume["title"]
    blocks[0] |= {"content": title, "level": 1}
    book = {
        "document_type": "structured_text",
        "metadata": {"title": title, "author": volume["author"], "language": "en"},
        "content_blocks": blocks,
        "summary": f"{title}: a book made by a program, for measuring.",
        "version": "2.0.0",
    }
    return json.dumps(book, ensure_ascii=False)


def _vocabulary(source: dict[str, Any], volume: dict[str, str]) -> Vocabulary:
    words = {name: source[name].split() for name in ("adjectives", "verbs", "nouns", "places", "syllables")}
    phrases = {name: [" ".join(phrase.split()) for phrase in source[name].split("|")] for name in ("openers", "endings")}
    return Vocabulary(**words, **phrases, field=volume["field"].split())


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Write structured JSON books.")
    parser.add_argument("--blocks", type=int, default=16_667, help="blocks in all books together")
    parser.add_argument("--out", type=Path, required=True, help="folder to write into")
    parser.add_argument("--seed", type=int, default=2026)
    return parser.parse_args()


if __name__ == "__main__":
    main()

"""Labelled retrieval sets, read from the folder named by `EVAL_DATA`."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

CROSS_LANGUAGE = ("de", "hi", "zh")
"""XQuAD languages whose questions are also asked to the English paragraphs."""
CODE = frozenset({"cosqa-dev", "commits-datasette", "commits-txtai"})
SETS = (
    "squad2-a", "hotpotqa-train100", "musique-train100", "cranfield", "xquadr-en", "xquadr-de", "xquadr-hi", "xquadr-zh", "cosqa-dev",
    "commits-datasette", "commits-txtai",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class LabelledDocument:
    id: str
    title: str
    text: str

    @property
    def words(self) -> str:
        return f"{self.title}\n{self.text}" if self.title else self.text


@dataclass(frozen=True, slots=True)
class LabelledSet:
    """`relevant` maps query id to document id to grade (above 0); `asked` and `corpus` name the sets of the queries and the documents."""

    name: str
    asked: str
    corpus: str
    language: str | None
    documents: tuple[LabelledDocument, ...]
    queries: Mapping[str, str]
    relevant: Mapping[str, Mapping[str, int]]


def load_sets(folder: Path) -> list[LabelledSet]:
    """Every known set of the folder, then the cross-language ones."""
    sets = {name: load_set(folder / name) for name in SETS if (folder / name / "qrels.tsv").is_file()}
    english = sets.get("xquadr-en")
    crossed = [_crossed(sets[f"xquadr-{code}"], english) for code in CROSS_LANGUAGE if english and f"xquadr-{code}" in sets]
    return [*sets.values(), *crossed]


def load_set(folder: Path) -> LabelledSet:
    documents = tuple(LabelledDocument(str(row["id"]), str(row["title"]), str(row["text"])) for row in _rows(folder / "corpus.jsonl"))
    queries = {str(row["id"]): str(row["text"]) for row in _rows(folder / "queries.jsonl")}
    return LabelledSet(folder.name, folder.name, folder.name, language_of(folder.name), documents, queries, _relevant(folder / "qrels.tsv"))


def language_of(name: str) -> str | None:
    if name in CODE:
        return "python"
    return name.removeprefix("xquadr-") if name.startswith("xquadr-") else "en"


def _crossed(asked: LabelledSet, english: LabelledSet) -> LabelledSet:
    """Document n of one language answers what document n of the other answers."""
    prefix = f"{asked.language}-"
    relevant = {query: {f"en-{doc.removeprefix(prefix)}": grade for doc, grade in docs.items()} for query, docs in asked.relevant.items()}
    return replace(asked, name=f"{asked.language}→en", corpus=english.name, documents=english.documents, relevant=relevant, language="en")


def _relevant(file: Path) -> dict[str, dict[str, int]]:
    relevant: dict[str, dict[str, int]] = {}
    for line in file.read_text("utf-8").splitlines():
        query, document, grade = line.split("\t")
        if int(grade) > 0:
            relevant.setdefault(query, {})[document] = int(grade)
    return relevant


def _rows(file: Path) -> Iterator[dict[str, object]]:
    with file.open(encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)

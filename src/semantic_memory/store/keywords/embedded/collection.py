"""One collection's tantivy index: documents in, matches out."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import tantivy

from semantic_memory.core.filters import Filters
from semantic_memory.core.model import Change, IndexEntry
from semantic_memory.core.words import QueryAnalysis, Words, analyse, analyse_query
from semantic_memory.store.facts import LANGUAGE, NO_LANGUAGE, facts, microseconds
from semantic_memory.store.index_folder import Stamp, stamp
from semantic_memory.store.keywords.embedded.clauses import clauses
from semantic_memory.store.keywords.embedded.engine import reading, schema, writing

META_FILE = "meta.json"
"""tantivy replaces it with every commit."""
WRITER_BYTES = 30_000_000
"""Memory of one writer before it starts a new segment; tantivy asks for 15 MB at least."""
IDENTIFIER_BOOST = 1.0
"""Weight of an identifier found letter by letter, on top of the BM25 of its parts."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A commit, opened. `languages` are those of its passages."""

    stamp: Stamp | None
    index: tantivy.Index
    searcher: tantivy.Searcher
    languages: tuple[str | None, ...]


class Collection:
    """Follows the commits of whoever writes; safe to use from several threads."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock = threading.Lock()
        self._opened: Opened | None = None

    def check(self) -> None:
        """Raises: CorruptDataError."""
        self._current()

    def search(self, text: str, filters: Filters, limit: int) -> list[tuple[bytes, float]]:
        """Passage ids with their BM25 scores, best first."""
        opened = self._current()
        query = _query(analyse_query(text, sorted(filters.languages) or opened.languages), filters)
        return [] if query is None else _found(opened.searcher, query, limit)

    def passage_ids(self) -> list[bytes]:
        searcher = self._current().searcher
        return [passage for passage, _ in _found(searcher, tantivy.Query.all_query(), max(searcher.num_docs, 1))]

    def _current(self) -> Opened:
        with self._lock:
            found = stamp(self.folder / META_FILE)
            if self._opened is None or found != self._opened.stamp:
                self._opened = _open(self.folder, found, self._opened)
            return self._opened


class CollectionWriter:
    """The one writer of a collection."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        with writing():
            index = tantivy.Index(schema(), path=str(folder))
            self._writer = index.writer(WRITER_BYTES, 1)

    def apply(self, changes: Sequence[Change]) -> None:
        """Makes the changes visible with one commit; after an error the writer is of no more use."""
        newest = {change.passage_id: change.entry for change in changes}
        with writing():
            for passage, entry in newest.items():
                self._writer.delete_documents_by_term("id", passage.hex)
                if entry is not None:
                    self._writer.add_document(_document(entry))
            self._writer.commit()

    def close(self) -> None:
        with writing():
            self._writer.wait_merging_threads()


def _open(folder: Path, found: Stamp | None, before: Opened | None) -> Opened:
    with reading():
        index = before.index if before else tantivy.Index.open(str(folder))
        if before is None:
            # The default policy keeps a thread per index that watches the folder.
            index.config_reader("manual")
        index.reload()
        searcher = index.searcher()
        return Opened(found, index, searcher, _languages(searcher))


def _languages(searcher: tantivy.Searcher) -> tuple[str | None, ...]:
    known = [fact.removeprefix(LANGUAGE) for fact, _ in searcher.terms_with_prefix("facts", LANGUAGE)]
    return (*known, None) if searcher.doc_freq("facts", NO_LANGUAGE) else tuple(known)


def _document(entry: IndexEntry) -> tantivy.Document:
    words, document = analyse(entry.words, entry.attributes.language), tantivy.Document()
    document.add_text("id", entry.passage_id.hex)
    document.add_unsigned("high", entry.passage_id.int >> 64)
    document.add_unsigned("low", entry.passage_id.int & (2**64 - 1))
    document.add_text("terms", " ".join(words.terms))
    document.add_text("exact", " ".join(words.exact))
    for fact in facts(entry.attributes):
        document.add_text("facts", fact)
    if entry.attributes.modified_at is not None:
        document.add_integer("modified", microseconds(entry.attributes.modified_at))
    return document


def _query(words: QueryAnalysis, filters: Filters) -> tantivy.Query | None:
    """Any of the terms, every phrase, every filter; None for a query without words. Only words count towards the score."""
    terms = [tantivy.Query.term_query(schema(), "terms", term, "freq") for term in words.terms]
    identifiers = [tantivy.Query.boost_query(_run(run), IDENTIFIER_BOOST) for run in words.identifiers]
    if not terms:
        return None
    scored = tantivy.Query.boolean_query([(tantivy.Occur.Should, query) for query in (*terms, *identifiers)])
    unscored = [tantivy.Query.const_score_query(clause, 0.0) for clause in (*map(_run, words.phrases), *clauses(filters))]
    return tantivy.Query.boolean_query([(tantivy.Occur.Must, query) for query in (scored, *unscored)]) if unscored else scored


def _run(run: Words) -> tantivy.Query:
    """The words one after the other. A phrase query of one word makes tantivy 0.27 panic."""
    if len(run) == 1:
        return tantivy.Query.term_query(schema(), "exact", run[0], "position")
    return tantivy.Query.phrase_query(schema(), "exact", list(run))


def _found(searcher: tantivy.Searcher, query: tantivy.Query, limit: int) -> list[tuple[bytes, float]]:
    with reading():
        hits = searcher.search(query, limit, count=False).hits
        places = [place for _, place in hits]
        high, low = searcher.fast_field_values("high", places), searcher.fast_field_values("low", places)
    ids = [int(first or 0) << 64 | int(second or 0) for first, second in zip(high, low, strict=True)]
    return [(passage.to_bytes(16, "big"), score) for passage, (score, _) in zip(ids, hits, strict=True)]

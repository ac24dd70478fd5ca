"""The product's two lanes over a labelled set: its embedder, its analysis, its embedded indexes."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID

from eval.data import LabelledSet, language_of
from eval.vectors import VectorCache, split
from semantic_memory.core.access import DEFAULT_COLLECTION, Access, local_access
from semantic_memory.core.filters import Filters
from semantic_memory.core.fusion import DEPTH, exact_queries
from semantic_memory.core.model import Attributes, BlockType, Change, IndexEntry, Match, Vector
from semantic_memory.core.ports import Embedder, KeywordIndex, VectorIndex
from semantic_memory.core.settings import Settings
from semantic_memory.store.keywords import embedded as embedded_keywords
from semantic_memory.store.vectors import embedded as embedded_vectors

BATCH = 512
"""Changes applied at once."""


@dataclass(frozen=True, slots=True)
class Candidates:
    """What both lanes found for one query; `dense` also scores what only the lexical lane found."""

    dense: Sequence[Match]
    lexical: Sequence[Match]
    exact: Sequence[Sequence[Match]]


@dataclass(frozen=True, slots=True)
class Lanes:
    """A labelled set's passages in both indexes. Passage n has the UUID n; `documents[n]` is its document, `texts[n]` its text."""

    vectors: VectorIndex
    keywords: KeywordIndex
    documents: Sequence[str]
    texts: Sequence[str]
    access: Access

    async def candidates(self, query: str, vector: Vector, depth: int = DEPTH) -> Candidates:
        lexical = await self._words(query, depth)
        dense = await self.vectors.search(vector, access=self.access, filters=Filters(), limit=depth)
        others = {match.passage_id for match in lexical} - {match.passage_id for match in dense}
        scores = await self.vectors.scores(vector, list(others), access=self.access)
        completed = sorted([*dense, *(Match(passage, score) for passage, score in scores.items())], key=lambda match: -match.score)
        return Candidates(completed, lexical, [await self._words(exact, depth) for exact in exact_queries(query)])

    def best_documents(self, ranked: Sequence[UUID]) -> list[str]:
        """Documents in the order of their best passage."""
        return list(dict.fromkeys(self.documents[passage.int] for passage in ranked))

    async def _words(self, query: str, depth: int) -> Sequence[Match]:
        return await self.keywords.search(query, access=self.access, filters=Filters(), limit=depth)


@asynccontextmanager
async def open_lanes(labelled: LabelledSet, cache: VectorCache, embedder: Embedder) -> AsyncIterator[Lanes]:
    pieces = [(document.id, text) for document in labelled.documents for text in split(document, embedder)]
    matrix = await asyncio.to_thread(cache.passages, labelled.corpus, [text for _, text in pieces])
    with TemporaryDirectory() as folder:
        settings = Settings(data_dir=Path(folder))
        vectors, keywords = embedded_vectors.build(settings), embedded_keywords.build(settings)
        changes = [_change(number, text, matrix[number], labelled) for number, (_, text) in enumerate(pieces)]
        for index in (vectors, keywords):
            await _fill(index, changes)
        yield Lanes(vectors, keywords, [document for document, _ in pieces], [text for _, text in pieces], local_access())
        await vectors.close()
        await keywords.close()


async def _fill(index: VectorIndex | KeywordIndex, changes: Sequence[Change]) -> None:
    await index.writable()
    for start in range(0, len(changes), BATCH):
        await index.apply(changes[start : start + BATCH])


def _change(number: int, text: str, vector: Vector, labelled: LabelledSet) -> Change:
    metadata: Mapping[str, str] = {}
    attributes = Attributes(
        collection=DEFAULT_COLLECTION,
        source=labelled.corpus,
        path=labelled.corpus,
        types=frozenset({BlockType.PARAGRAPH}),
        language=language_of(labelled.corpus),
        modified_at=None,
        metadata=metadata,
    )
    entry = IndexEntry(UUID(int=number), UUID(int=number), text, vector, attributes)
    return Change(number + 1, local_access().tenant, DEFAULT_COLLECTION, entry.passage_id, entry)

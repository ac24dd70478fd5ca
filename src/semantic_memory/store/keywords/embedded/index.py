"""The KeywordIndex port over the collections' tantivy indexes."""

from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

from semantic_memory.core.access import Access
from semantic_memory.core.filters import Filters
from semantic_memory.core.model import Change, Match
from semantic_memory.store.embedded_index import EmbeddedIndex
from semantic_memory.store.index_folder import IndexFolder
from semantic_memory.store.keywords.embedded.collection import META_FILE, Collection, CollectionWriter
from semantic_memory.store.keywords.embedded.engine import LAYOUT

OPEN_WRITERS = 4
"""Writers kept open (a few threads each); opening one costs 2 ms."""


class EmbeddedKeywordIndex(EmbeddedIndex[Collection]):
    """BM25 over tantivy indexes under one folder. Scores of two collections compare only roughly: each counts its own words."""

    def __init__(self, root: Path) -> None:
        super().__init__(IndexFolder(root, layout=LAYOUT, marker=META_FILE))
        self._writers: OrderedDict[Path, CollectionWriter] = OrderedDict()

    async def search(self, query: str, *, access: Access, filters: Filters, limit: int) -> list[Match]:
        return await self.read(lambda: self._search(query, access, filters, limit)) if limit > 0 else []

    def open_collection(self, folder: Path) -> Collection:
        return Collection(folder)

    def write(self, folder: Path, batch: Sequence[Change]) -> None:
        # Kept only while it succeeds: a writer that failed is dropped, which frees its lock.
        writer = self._writers.pop(folder, None) or CollectionWriter(folder)
        writer.apply(batch)
        self._writers[folder] = writer
        if len(self._writers) > OPEN_WRITERS:
            self._writers.popitem(last=False)[1].close()

    def forget_writers(self) -> None:
        while self._writers:
            self._writers.popitem()[1].close()

    def _search(self, query: str, access: Access, filters: Filters, limit: int) -> list[Match]:
        found = [hit for collection in self.readable(access, filters) for hit in collection.search(query, filters, limit)]
        best = sorted(found, key=lambda hit: (-hit[1], hit[0]))[:limit]
        return [Match(UUID(bytes=passage), score) for passage, score in best]

"""The VectorIndex port over the collections' files."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from uuid import UUID

from semantic_memory.core.access import Access
from semantic_memory.core.filters import Filters
from semantic_memory.core.model import Change, Match, Vector
from semantic_memory.store.embedded_index import EmbeddedIndex
from semantic_memory.store.index_folder import IndexFolder
from semantic_memory.store.vectors.embedded.collection import Collection
from semantic_memory.store.vectors.embedded.engine import use_one_thread
from semantic_memory.store.vectors.embedded.files import LAYOUT, MANIFEST
from semantic_memory.store.vectors.embedded.search import Tuning
from semantic_memory.store.vectors.embedded.writer import CollectionWriter


class EmbeddedVectorIndex(EmbeddedIndex[Collection]):
    """Vectors in memory-mapped files under one folder."""

    def __init__(self, root: Path, tuning: Tuning) -> None:
        super().__init__(IndexFolder(root, layout=LAYOUT, marker=MANIFEST), prepare_thread=use_one_thread)
        self._tuning = tuning
        self._writers: dict[Path, CollectionWriter] = {}

    async def search(self, vector: Vector, *, access: Access, filters: Filters, limit: int) -> list[Match]:
        return await self.read(lambda: self._search(vector, access, filters, limit)) if limit > 0 else []

    async def scores(self, vector: Vector, ids: Sequence[UUID], *, access: Access) -> Mapping[UUID, float]:
        return await self.read(lambda: self._scores(vector, ids, access))

    def open_collection(self, folder: Path) -> Collection:
        return Collection(folder, self._tuning)

    def write(self, folder: Path, batch: Sequence[Change]) -> None:
        # Kept only while it succeeds: after a failure a new writer starts from what the files say.
        writer = self._writers.pop(folder, None) or CollectionWriter(self.collection(folder), self._tuning)
        writer.apply(batch)
        self._writers[folder] = writer

    def forget_writers(self) -> None:
        self._writers = {}

    def _search(self, vector: Vector, access: Access, filters: Filters, limit: int) -> list[Match]:
        matches: list[Match] = []
        for collection in self.readable(access, filters):
            snapshot, found = collection.search(vector, filters, limit)
            ids = [UUID(bytes=snapshot.ids[row].tobytes()) for row in found.rows]
            matches += map(Match, ids, found.scores.tolist())
        return sorted(matches, key=lambda match: (-match.score, match.passage_id))[:limit]

    def _scores(self, vector: Vector, ids: Sequence[UUID], access: Access) -> dict[UUID, float]:
        wanted = [passage.bytes for passage in ids]
        scores: dict[UUID, float] = {}
        for collection in self.readable(access, Filters()):
            scores |= {UUID(bytes=passage): score for passage, score in collection.scores(vector, wanted).items()}
        return scores

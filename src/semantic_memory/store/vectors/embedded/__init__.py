"""Vectors in files beside the catalogue: no server, no graph. See ADR 0003."""

from semantic_memory.core.ports import VectorIndex
from semantic_memory.core.settings import Settings
from semantic_memory.store.vectors.embedded.search import Tuning


def build(settings: Settings, tuning: Tuning | None = None) -> VectorIndex:
    """The index under `DATA_DIR/index/vectors`."""
    from semantic_memory.store.vectors.embedded.index import EmbeddedVectorIndex

    return EmbeddedVectorIndex(settings.data_dir / "index" / "vectors", tuning or Tuning())

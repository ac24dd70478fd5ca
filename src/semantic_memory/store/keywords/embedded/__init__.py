"""BM25 in files beside the catalogue: one tantivy index per collection, so no tenant's words weigh in another's scores. See ADR 0003."""

from semantic_memory.core.ports import KeywordIndex
from semantic_memory.core.settings import Settings


def build(settings: Settings) -> KeywordIndex:
    """The index under `DATA_DIR/index/keywords`."""
    from semantic_memory.store.keywords.embedded.index import EmbeddedKeywordIndex

    return EmbeddedKeywordIndex(settings.data_dir / "index" / "keywords")

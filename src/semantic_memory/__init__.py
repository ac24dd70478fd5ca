"""Self-hosted semantic memory for documents and code: ingest, search, and ask with checked citations."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from semantic_memory.core.memory import Memory as Memory
    from semantic_memory.core.settings import Settings as Settings
    from semantic_memory.core.settings import load_settings as load_settings
    from semantic_memory.wiring import answer_query_with_rag as answer_query_with_rag
    from semantic_memory.wiring import open_memory as open_memory

__version__ = "0.1.0"

_HOMES = {
    "Memory": "semantic_memory.core.memory",
    "answer_query_with_rag": "semantic_memory.wiring",
    "Settings": "semantic_memory.core.settings",
    "load_settings": "semantic_memory.core.settings",
    "open_memory": "semantic_memory.wiring",
}


def __getattr__(name: str) -> Any:
    """Public names are imported on first use, so that `import semantic_memory` costs nothing in a worker process."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)

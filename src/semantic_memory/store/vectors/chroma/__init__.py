"""Vectors in Chroma: a server's (`CHROMA_HOST`), or Chroma's own files in `DATA_DIR/chroma`, which one process opens at a time."""

from importlib.util import find_spec

from semantic_memory.core.errors import ConfigurationError, MissingExtraError
from semantic_memory.core.ports import VectorIndex
from semantic_memory.core.settings import Settings
from semantic_memory.store.remote.index import RemoteVectors
from semantic_memory.store.vectors.chroma.engine import ChromaEngine
from semantic_memory.store.vectors.chroma.files import ChromaFiles
from semantic_memory.store.vectors.chroma.server import ChromaServer

FILES = "chroma"
"""Folder in `DATA_DIR`."""
FILES_TIMEOUT_S = 30.0
"""For reading the files: the first call waits for a process whose imports take 2.5 CPU seconds, and searches wait for a running write."""


def build(settings: Settings) -> VectorIndex:
    """Connects on first use. Raises: MissingExtraError; ConfigurationError for a host that is an address."""
    if settings.chroma_host:
        return RemoteVectors(ChromaEngine(_server(settings), settings.store_namespace), timeout_s=settings.store_timeout_s)
    _require("chromadb")
    files = ChromaFiles(settings.data_dir / FILES)
    return RemoteVectors(ChromaEngine(files, settings.store_namespace), timeout_s=max(FILES_TIMEOUT_S, settings.store_timeout_s))


def _server(settings: Settings) -> ChromaServer:
    _require("httpx")
    if "/" in settings.chroma_host:
        raise ConfigurationError(f"CHROMA_HOST is a name as 'chroma', not {settings.chroma_host!r}; see CHROMA_PORT and CHROMA_SSL")
    return ChromaServer(
        settings.chroma_host, settings.chroma_port, is_secure=settings.chroma_ssl, token=settings.chroma_token.get_secret_value()
    )


def _require(module: str) -> None:
    if find_spec(module) is None:
        raise MissingExtraError(f"Chroma needs {module!r}: pip install 'semantic-memory[chroma]'")

"""The client's library."""

import logging
import os
from functools import cache
from importlib.util import find_spec
from typing import Any

from semantic_memory.core.errors import MissingExtraError


@cache
def library() -> Any:
    """pymilvus, which has no types; importing it takes longer than a search may, so adapters do so when they are built.

    Raises: MissingExtraError.
    """
    if find_spec("pymilvus") is None:
        raise MissingExtraError("the adapter 'milvus' needs 'pymilvus': pip install 'semantic-memory[milvus]'")
    # Else pymilvus 3.0 puts the secrets of `.env` into the environment, for child processes to inherit.
    os.environ.setdefault("PYTHON_DOTENV_DISABLED", "1")  # noqa: TID251
    import pymilvus  # type: ignore[import-untyped]

    logging.getLogger("pymilvus").setLevel(logging.CRITICAL)  # it prints a traceback for every error that it raises
    return pymilvus

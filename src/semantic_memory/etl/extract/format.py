"""The contract of a format: one module of this folder (or one entry point in the group `semantic_memory.formats`) reads some media types.

A module is found by having a function `build() -> Format`; its heavy imports happen inside `extract`, because every module of this
folder is imported when a worker process starts. Source code is `code.py`: it reads `text/x-<language>` for every language of
`etl/languages.py`, which `etl/detect.py` uses to name source files. A media type `text/x-…` that no format reads is read as plain text.

After `extract` the worker cleans every block (NFC, no control or invisible characters) and detects the language of prose blocks whose
`language` is None: a format does neither.
"""

from pathlib import Path
from typing import Protocol

from semantic_memory.core.model import Extraction

GROUP = "semantic_memory.formats"
"""Entry-point group for formats of other packages; the entry point names a module with `build()`."""


class Format(Protocol):
    """Reads the files of some media types."""

    @property
    def media_types(self) -> frozenset[str]:
        """The media types this format reads, lower case, without parameters."""
        ...

    def extract(self, file: Path, name: str, media_type: str) -> Extraction:
        """Blocks in reading order with their anchors; runs inside the worker process, so it may be killed at any time.

        `name` is the file's name or path in its source (`file` may be a copy under another name); `media_type` is one of `media_types`.
        Raises: EmptyDocumentError, CorruptFileError, PasswordRequiredError, ExtractionLimitError, UnsupportedTypeError.
        """
        ...

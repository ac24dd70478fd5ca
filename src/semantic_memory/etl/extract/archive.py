"""Archives and compressed files as folders: the files inside become documents of their own, the archive lists them."""

from collections.abc import Sequence
from pathlib import Path

from semantic_memory.core.errors import CorruptFileError, EmptyDocumentError
from semantic_memory.core.model import Extraction, Member
from semantic_memory.etl.blocks.lists import name_lists
from semantic_memory.etl.containers.entries import Contents, Meter, take
from semantic_memory.etl.containers.streams import stream_entries
from semantic_memory.etl.containers.zips import zip_entries
from semantic_memory.etl.extract.format import Format, ReadOptions
from semantic_memory.etl.media_types import COMPRESSED_TARS, TAR, ZIP


def build(options: ReadOptions) -> Format:  # noqa: ARG001  nothing to choose
    return ArchiveFormat()


class ArchiveFormat:
    media_types = frozenset({ZIP, TAR, *COMPRESSED_TARS, *COMPRESSED_TARS.values()})

    def extract(self, file: Path, name: str, media_type: str) -> Extraction:
        """Lists of the names inside; what is refused is a warning. Everything is inflated once, so that a bomb or damage shows here.

        Raises: CorruptFileError, PasswordRequiredError, ExtractionLimitError; EmptyDocumentError when there is no file inside.
        """
        contents = _contents(file, name, media_type, None)
        if not contents.members:
            raise EmptyDocumentError("; ".join(["there is no file to read in the archive", *contents.warnings]))
        return Extraction(media_type, list(name_lists(contents.paths)), warnings=contents.warnings, members=contents.paths)

    def unpack(self, file: Path, name: str, media_type: str, into: Path) -> Sequence[Member]:
        """Raises: CorruptFileError, PasswordRequiredError, ExtractionLimitError."""
        return _contents(file, name, media_type, into).members


def _contents(file: Path, name: str, media_type: str, into: Path | None) -> Contents:
    meter = Meter(file.stat().st_size)
    try:
        return take(zip_entries(file, meter) if media_type == ZIP else stream_entries(file, name, media_type, meter), into)
    except RecursionError as error:  # a tar archive of headers that each announce another
        raise CorruptFileError("the archive's headers are nested too deeply") from error

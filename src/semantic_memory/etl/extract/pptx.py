"""PowerPoint presentations (.pptx, .pptm, .ppsx, .potx) by python-pptx: a page per slide."""

import zlib
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from zipfile import BadZipFile, ZipFile

from semantic_memory.core.errors import CorruptFileError, ExtractionLimitError
from semantic_memory.core.model import BlockDraft, BlockType, Extraction
from semantic_memory.etl.archives import MEGABYTE, checked_archive
from semantic_memory.etl.extract.format import Format, ReadOptions
from semantic_memory.etl.media_types import PPTX
from semantic_memory.etl.office.parts import CORE_PROPERTIES, optional_tree, properties

if TYPE_CHECKING:
    from pptx.presentation import Presentation

MAX_XML_BYTES = 64 * MEGABYTE
"""Of all XML parts together: python-pptx holds them as trees, which take about ten times as much."""


def build(options: ReadOptions) -> Format:
    return PptxFormat(options.max_pages)


@dataclass(frozen=True, slots=True)
class PptxFormat:
    max_slides: int
    media_types: frozenset[str] = frozenset({PPTX})

    def extract(self, file: Path, name: str, media_type: str) -> Extraction:  # noqa: ARG002  part of the contract
        """Per slide its title as a heading, then what is on it in reading order, then its notes and comments.

        Every block has the slide's number as its page (and in `slide`) and its `bbox` in points; hidden slides say `hidden`. The title is
        the property, else that of the first slide. Raises: CorruptFileError, PasswordRequiredError, ExtractionLimitError.
        """
        from semantic_memory.etl.office.slides import SlideReader

        warnings: list[str] = []
        with checked_archive(file) as archive:
            _require_bearable(archive)
            metadata = properties(optional_tree(archive, CORE_PROPERTIES))
        with _pptx_errors():
            presentation = _opened(file)
            slides = list(presentation.slides)
            reader = SlideReader(warnings)
            blocks = [block for number, slide in enumerate(slides[: self.max_slides], start=1) for block in reader.blocks(slide, number)]
        if len(slides) > self.max_slides:
            warnings.append(f"only {self.max_slides} of {len(slides)} slides were read")
        title = str(metadata.get("title", "")) or _first_title(blocks)
        return Extraction(media_type, blocks, title=title, metadata={**metadata, "pages": len(slides)}, warnings=warnings)


def _require_bearable(archive: ZipFile) -> None:
    size = sum(member.file_size for member in archive.infolist() if member.filename.endswith((".xml", ".rels")))
    if size > MAX_XML_BYTES:
        raise ExtractionLimitError(f"the presentation's parts have {size} bytes of XML; at most {MAX_XML_BYTES} are read")


def _opened(file: Path) -> "Presentation":
    """Through the package: `pptx.Presentation` refuses slide shows and templates."""
    from pptx.package import Package

    with file.open("rb") as stream:
        presentation: Presentation = Package.open(stream).presentation_part.presentation
    return presentation


@contextmanager
def _pptx_errors() -> Generator[None]:
    from lxml.etree import LxmlError
    from pptx.exc import PythonPptxError

    try:
        yield
    except (
        BadZipFile,
        zlib.error,
        EOFError,
        NotImplementedError,
        LxmlError,
        PythonPptxError,
        KeyError,
        ValueError,
        IndexError,
        AttributeError,
        TypeError,
    ) as error:
        raise CorruptFileError(f"the presentation is damaged: {type(error).__name__}: {error}") from error


def _first_title(blocks: list[BlockDraft]) -> str | None:
    return next((block.text for block in blocks if block.page == 1 and block.type is BlockType.HEADING), None)

"""OpenDocument text and presentations (.odt, .ott, .odp), read by an own walk over their XML."""

from dataclasses import replace
from pathlib import Path

from semantic_memory.core.model import BlockDraft, Extraction
from semantic_memory.etl.archives import checked_archive
from semantic_memory.etl.extract.format import Format, ReadOptions
from semantic_memory.etl.word.title import title_of

TEXT = "application/vnd.oasis.opendocument.text"
PRESENTATION = "application/vnd.oasis.opendocument.presentation"


def build(options: ReadOptions) -> Format:  # noqa: ARG001  nothing to choose
    return OdtFormat()


class OdtFormat:
    media_types = frozenset({TEXT, f"{TEXT}-template", PRESENTATION, f"{PRESENTATION}-template"})

    def extract(self, file: Path, name: str, media_type: str) -> Extraction:  # noqa: ARG002  part of the contract
        """As for Word (`extract/docx.py`); the blocks of a presentation have their slide as `page` and in the metadata."""
        from semantic_memory.etl.word.odf_package import Package
        from semantic_memory.etl.word.odf_reader import OdfReader

        with checked_archive(file) as archive:
            package = Package(archive)
            metadata = package.properties()
            reader = OdfReader(package)
            blocks = reader.blocks()
        if media_type.startswith(PRESENTATION):
            blocks = [_on_slide(block) for block in blocks]
        elif reader.has_pages:
            metadata["pages"] = "estimated"
        return Extraction(media_type, blocks, title=title_of(blocks, metadata), metadata=metadata, warnings=reader.warnings)


def _on_slide(block: BlockDraft) -> BlockDraft:
    return block if block.page is None else replace(block, metadata={**block.metadata, "slide": block.page})

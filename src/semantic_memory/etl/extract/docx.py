"""Word documents (.docx, .docm, .dotx), read by an own walk over their XML (docs/decisions/0008-word-by-own-walk.md)."""

from pathlib import Path

from semantic_memory.core.model import Extraction
from semantic_memory.etl.archives import checked_archive
from semantic_memory.etl.extract.format import Format, ReadOptions
from semantic_memory.etl.word.title import title_of


def build(options: ReadOptions) -> Format:  # noqa: ARG001  nothing to choose
    return DocxFormat()


class DocxFormat:
    media_types = frozenset({"application/vnd.openxmlformats-officedocument.wordprocessingml.document"})

    def extract(self, file: Path, name: str, media_type: str) -> Extraction:  # noqa: ARG002  part of the contract
        """What the reader of the page sees, in order; tracked insertions are in, deletions are out.

        A page, where there is one, is an estimate: where Word broke the page when it last saved the file. Else a block's place is its
        order and its headings. Metadata beside the contract's: `links` (text, target), `notes` (numbers of its foot- and endnotes),
        `number` of a numbered heading or note, `caption`, and `part` of a picture. `original_type` is one of title, subtitle, quote,
        caption, contents, footnote, endnote, comment, header, footer, text_box, chart and diagram.
        """
        from semantic_memory.etl.word.docx_package import Package
        from semantic_memory.etl.word.docx_reader import DocxReader

        with checked_archive(file) as archive:
            package = Package(archive)
            metadata = package.properties()
            reader = DocxReader(package)
            blocks = reader.blocks()
        if reader.has_pages:
            metadata["pages"] = "estimated"
        return Extraction(media_type, blocks, title=title_of(blocks, metadata), metadata=metadata, warnings=reader.warnings)

"""PDF by the fast tier alone: the second choice, for files on which layout models or OCR fail or take too long."""

from dataclasses import replace
from pathlib import Path

from semantic_memory.core.model import Extraction
from semantic_memory.etl.extract.format import Format, ReadOptions
from semantic_memory.etl.pdf import reader


def build(options: ReadOptions) -> Format:
    return FastPdf(replace(options, pdf_tier="fast", ocr_engine="off"))


class FastPdf:
    media_types = frozenset({"application/pdf"})

    def __init__(self, options: ReadOptions) -> None:
        self._options = options

    def extract(self, file: Path, name: str, media_type: str) -> Extraction:  # noqa: ARG002  part of the contract
        return reader.read(file, self._options, media_type)

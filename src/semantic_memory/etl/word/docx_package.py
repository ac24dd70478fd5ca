"""The zip around a Word document: its parts, and the relations that lead from one to the next."""

import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from xml.etree import ElementTree as ET
from zipfile import ZipFile

from semantic_memory.core.errors import CorruptFileError
from semantic_memory.core.model import JsonValue
from semantic_memory.etl.archives import MEGABYTE, read_member
from semantic_memory.etl.word.xml import Event, events, tree

BODY = "word/document.xml"
PROPERTIES = "docProps/core.xml"
SIDE_PART_BYTES = 32 * MEGABYTE
"""Largest style sheet or list of numberings that is read; documents pasted together for years come to a few megabytes."""
_NAMED_PROPERTIES: Mapping[str, str] = {
    "dc:title": "title",
    "dc:creator": "author",
    "dc:subject": "subject",
    "dc:description": "description",
    "cp:keywords": "keywords",
    "cp:category": "category",
    "cp:lastModifiedBy": "last_modified_by",
    "dcterms:created": "created",
    "dcterms:modified": "modified",
}


@dataclass(frozen=True, slots=True)
class Relation:
    """`kind` is the last word of its type ("styles", "hyperlink"); `target` is a part's name or, outside, an address never opened here."""

    kind: str
    target: str
    is_external: bool


NO_RELATIONS: Mapping[str, Relation] = MappingProxyType({})


class Package:
    """Reads parts. What is wrong with a part beside the body is a warning, and the document is read without it."""

    def __init__(self, archive: ZipFile) -> None:
        self.warnings: list[str] = []
        self._archive = archive

    def events(self, part: str, limit: int) -> Iterator[Event]:
        """Raises: CorruptFileError, ExtractionLimitError above `limit` bytes."""
        return events(read_member(self._archive, part, limit))

    def tree(self, part: str | None) -> ET.Element | None:
        """The part, or None when there is none or it is damaged."""
        if part is None or part not in self._archive.NameToInfo:
            return None
        try:
            return tree(self.events(part, SIDE_PART_BYTES))
        except CorruptFileError as error:
            self.warnings.append(f"part {part!r} is left out: {error.message}")
            return None

    def relations(self, part: str) -> Mapping[str, Relation]:
        """The part's relations by their id; empty for a package's own ("") when there are none."""
        folder, name = posixpath.split(part)
        root = self.tree(posixpath.join(folder, "_rels", f"{name}.rels"))
        if root is None:
            return NO_RELATIONS
        return {one.get("Id", ""): _relation(one, folder) for one in root if one.tag == "rel:Relationship"}

    def properties(self) -> dict[str, JsonValue]:
        """Title, author, dates (ISO 8601) and what else the core properties say."""
        root = self.tree(PROPERTIES)
        texts = {} if root is None else {_NAMED_PROPERTIES.get(str(one.tag), ""): (one.text or "").strip() for one in root}
        return {name: text for name, text in texts.items() if name and text}


def _relation(element: ET.Element, folder: str) -> Relation:
    kind = element.get("Type", "").rpartition("/")[2]
    target = element.get("Target", "")
    if element.get("TargetMode") == "External":
        return Relation(kind, target, is_external=True)
    return Relation(kind, posixpath.normpath(posixpath.join("/", folder, target)).lstrip("/"), is_external=False)

"""The zip around an OpenDocument file."""

from collections.abc import Iterator, Mapping
from xml.etree import ElementTree as ET
from zipfile import ZipFile

from semantic_memory.core.errors import CorruptFileError, PasswordRequiredError
from semantic_memory.core.model import JsonValue
from semantic_memory.etl.archives import MAX_MEMBER_BYTES, MEGABYTE, read_member
from semantic_memory.etl.word.docx_package import SIDE_PART_BYTES
from semantic_memory.etl.word.xml import Event, events, first, tree

CONTENT = "content.xml"
STYLES = "styles.xml"
_MANIFEST = "META-INF/manifest.xml"
_NAMED_PROPERTIES: Mapping[str, str] = {
    "dc:title": "title",
    "meta:initial-creator": "author",
    "dc:creator": "last_modified_by",
    "dc:subject": "subject",
    "dc:description": "description",
    "meta:creation-date": "created",
    "dc:date": "modified",
}


class Package:
    """Reads parts. What is wrong with a part beside the content is a warning, and the document is read without it.

    Raises: PasswordRequiredError for an encrypted file, whose zip is an open one.
    """

    def __init__(self, archive: ZipFile) -> None:
        self.warnings: list[str] = []
        self._archive = archive
        if _MANIFEST in archive.NameToInfo and b"encryption-data" in b"".join(read_member(archive, _MANIFEST, MEGABYTE)):
            raise PasswordRequiredError

    def events(self, part: str) -> Iterator[Event]:
        """Raises: CorruptFileError, ExtractionLimitError."""
        return events(read_member(self._archive, part, MAX_MEMBER_BYTES))

    def tree(self, part: str) -> ET.Element | None:
        """The part, or None when there is none or it is damaged."""
        if part not in self._archive.NameToInfo:
            return None
        try:
            return tree(events(read_member(self._archive, part, SIDE_PART_BYTES)))
        except CorruptFileError as error:
            self.warnings.append(f"part {part!r} is left out: {error.message}")
            return None

    def properties(self) -> dict[str, JsonValue]:
        """Title, author, dates (ISO 8601), keywords."""
        root = first(self.tree("meta.xml"), "office:meta")
        texts = [] if root is None else [(str(one.tag), (one.text or "").strip()) for one in root]
        found: dict[str, JsonValue] = {_NAMED_PROPERTIES[tag]: text for tag, text in texts if tag in _NAMED_PROPERTIES and text}
        keywords = ", ".join(text for tag, text in texts if tag == "meta:keyword" and text)
        if "author" not in found and "last_modified_by" in found:
            found["author"] = found["last_modified_by"]
        return found | ({"keywords": keywords} if keywords else {})

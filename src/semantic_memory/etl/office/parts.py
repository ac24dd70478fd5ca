"""XML parts of office files and e-books, read without ever expanding a declared entity or leaving the archive."""

import posixpath
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NoReturn, Protocol
from urllib.parse import unquote
from xml.etree import ElementTree as ET
from xml.parsers import expat
from zipfile import BadZipFile, ZipFile

from semantic_memory.core.errors import CorruptFileError, ExtractionLimitError
from semantic_memory.core.model import JsonValue
from semantic_memory.etl.archives import MEGABYTE, read_member

TREE_BYTES = 16 * MEGABYTE
"""Largest part that is held as a tree, which takes about ten times its bytes."""
MAX_DEPTH = 256
"""The limit of libxml2; real parts are less than 50 deep."""
CORE_PROPERTIES = "docProps/core.xml"
_PROPERTIES = ("title", "creator", "subject", "description", "keywords", "language", "created", "modified", "date")
_SEPARATOR = "}"


class Target(Protocol):
    """Takes a parser's events. Elements come by their local name, attributes of a namespace as `namespace}name`."""

    def start(self, name: str, attributes: dict[str, str], /) -> object: ...

    def data(self, text: str, /) -> object: ...

    def end(self, name: str, /) -> object: ...


@dataclass(frozen=True, slots=True)
class Relation:
    """A link from one part to another: the last word of its type's URI (`worksheet`, `comments`), and the part it leads to."""

    kind: str
    target: str


def parse(chunks: Iterable[bytes], name: str, target: Target) -> None:
    """Feeds `target`. Raises: CorruptFileError, also when the part declares entities or attributes: office programs never do."""
    parser = _parser(target)
    try:
        for chunk in chunks:
            parser.Parse(chunk, False)  # noqa: FBT003  positional only
        parser.Parse(b"", True)  # noqa: FBT003
    except (expat.ExpatError, ValueError, LookupError) as error:  # ValueError, LookupError: an encoding that is none
        raise CorruptFileError(f"part {name!r} is damaged: {error}") from error
    except (BadZipFile, zlib.error, EOFError) as error:
        raise CorruptFileError(f"part {name!r} cannot be unpacked: {error}") from error


def tree(archive: ZipFile, name: str) -> ET.Element:
    """The part as a tree of local names. Raises: CorruptFileError; ExtractionLimitError above `TREE_BYTES` or `MAX_DEPTH`."""
    return tree_of(read_member(archive, name, TREE_BYTES), name)


def tree_of(chunks: Iterable[bytes], name: str) -> ET.Element:
    """The XML as a tree of local names. Raises: CorruptFileError; ExtractionLimitError above `MAX_DEPTH`."""
    builder = _Tree()
    parse(chunks, name, builder)
    return builder.root()


def optional_tree(archive: ZipFile, name: str) -> ET.Element:
    """The part, or an empty element when the archive has none of that name."""
    return tree(archive, name) if name in archive.NameToInfo else ET.Element("missing")


def relations(archive: ZipFile, part: str) -> Mapping[str, Relation]:
    """The part's links to other parts of the archive, by their ids; links that leave the archive are left out."""
    folder, name = posixpath.split(part)
    found = optional_tree(archive, posixpath.join(folder, "_rels", f"{name}.rels"))
    return {
        link.get("Id", ""): Relation(link.get("Type", "").rpartition("/")[2], resolve(folder, link.get("Target", "")))
        for link in found.iter("Relationship")
        if link.get("TargetMode") != "External"
    }


def hyperlinks(archive: ZipFile, part: str) -> Mapping[str, str]:
    """The addresses outside the archive that the part links to, by their ids; they are shown, never visited."""
    folder, name = posixpath.split(part)
    found = optional_tree(archive, posixpath.join(folder, "_rels", f"{name}.rels"))
    links = (link for link in found.iter("Relationship") if link.get("TargetMode") == "External")
    return {link.get("Id", ""): link.get("Target", "") for link in links if link.get("Type", "").endswith("/hyperlink")}


def resolve(folder: str, target: str) -> str:
    """The member's name for a reference from a part of `folder`; names outside the archive match no member."""
    path = unquote(target.partition("#")[0])
    return posixpath.normpath(path.lstrip("/") if path.startswith("/") else posixpath.join(folder, path))


def properties(root: ET.Element) -> dict[str, JsonValue]:
    """Title, creator, dates and the like of a Dublin Core record (core properties, OpenDocument meta, EPUB), as far as it has them."""
    found: dict[str, JsonValue] = {}
    for element in root.iter():
        text = " ".join("".join(element.itertext()).split())
        if element.tag in _PROPERTIES and text:
            found.setdefault(element.tag, text)
    return found


def _parser(target: Target) -> expat.XMLParserType:
    parser = expat.ParserCreate(namespace_separator=_SEPARATOR)
    parser.buffer_text = True
    local = _LocalNames()
    parser.StartElementHandler = lambda name, attributes: target.start(local[name], attributes)
    parser.EndElementHandler = lambda name: target.end(local[name])
    parser.CharacterDataHandler = target.data
    parser.EntityDeclHandler = _refuse
    parser.AttlistDeclHandler = _refuse
    return parser


def _refuse(name: str, *_declaration: object) -> NoReturn:
    raise CorruptFileError(f"the XML declares {name!r} in a document type, as only hostile files do")


class _LocalNames(dict[str, str]):
    """Names without their namespace; each is cut once."""

    def __missing__(self, name: str) -> str:
        self[name] = local = name.rpartition(_SEPARATOR)[2]
        return local


class _Tree:
    """Builds a tree of bounded depth."""

    def __init__(self) -> None:
        self._builder = ET.TreeBuilder()
        self._depth = 0

    def start(self, name: str, attributes: dict[str, str], /) -> None:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise ExtractionLimitError(f"the XML is nested more than {MAX_DEPTH} deep")
        self._builder.start(name, attributes)

    def data(self, text: str, /) -> None:
        self._builder.data(text)

    def end(self, name: str, /) -> None:
        self._depth -= 1
        self._builder.end(name)

    def root(self) -> ET.Element:
        return self._builder.close()

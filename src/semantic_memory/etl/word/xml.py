"""XML of office files as a stream of events: linear, without a tree of the whole, and without document types or entities of their own."""

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import chain
from types import MappingProxyType
from typing import Literal, NamedTuple
from xml.etree import ElementTree as ET
from xml.parsers import expat

from semantic_memory.core.errors import CorruptFileError, ExtractionLimitError

MAX_EVENTS = 10_000_000
"""Tags and texts of one part: 28 CPU seconds at most. 100,000 paragraphs have 2 to 6 million; a 2 MB file can hold 50 million."""
Attributes = Mapping[str, str]
NONE: Attributes = MappingProxyType({})
_OOXML = "http://schemas.openxmlformats.org"
_STRICT = "http://purl.oclc.org/ooxml"
_ODF = "urn:oasis:names:tc:opendocument:xmlns"
_PREFIXES: Mapping[str, str] = {
    f"{_OOXML}/wordprocessingml/2006/main": "w",
    f"{_STRICT}/wordprocessingml/main": "w",
    f"{_OOXML}/officeDocument/2006/relationships": "r",
    f"{_STRICT}/officeDocument/relationships": "r",
    f"{_OOXML}/officeDocument/2006/math": "m",
    f"{_STRICT}/officeDocument/math": "m",
    f"{_OOXML}/drawingml/2006/wordprocessingDrawing": "wp",
    f"{_STRICT}/drawingml/wordprocessingDrawing": "wp",
    f"{_OOXML}/drawingml/2006/main": "a",
    f"{_STRICT}/drawingml/main": "a",
    f"{_OOXML}/drawingml/2006/chart": "c",
    f"{_STRICT}/drawingml/chart": "c",
    f"{_OOXML}/drawingml/2006/diagram": "dgm",
    f"{_STRICT}/drawingml/diagram": "dgm",
    f"{_OOXML}/markup-compatibility/2006": "mc",
    f"{_OOXML}/package/2006/relationships": "rel",
    f"{_OOXML}/package/2006/metadata/core-properties": "cp",
    "http://purl.org/dc/elements/1.1/": "dc",
    "http://purl.org/dc/terms/": "dcterms",
    "urn:schemas-microsoft-com:vml": "v",
    "urn:schemas-microsoft-com:office:office": "o",
    **{f"{_ODF}:{name}:1.0": name for name in ("office", "text", "table", "style", "meta", "manifest", "presentation")},
    f"{_ODF}:drawing:1.0": "draw",
    f"{_ODF}:xsl-fo-compatible:1.0": "fo",
    f"{_ODF}:svg-compatible:1.0": "svg",
    "http://www.w3.org/1999/xlink": "xlink",
}
"""The prefix a namespace has here, whatever the file calls it; "strict" Office files have namespaces of their own for the same words."""


class Event(NamedTuple):
    """`name` has its namespace's prefix: `w:p`; other namespaces are `x`. For "text" it is the text."""

    kind: Literal["start", "end", "text"]
    name: str
    attributes: Attributes = NONE


def events(chunks: Iterable[bytes], limit: int = MAX_EVENTS) -> Iterator[Event]:
    """The events of one XML file, as its bytes come in.

    Raises: CorruptFileError for XML that is not well-formed, after the events before the damage, and for any document type (office
    programs write none; it is the way in for external entities and entity bombs); ExtractionLimitError for more events than `limit`.
    """
    found: list[Event] = []
    count = 0
    parser = _parser(found)
    for chunk, is_last in chain(((chunk, False) for chunk in chunks), [(b"", True)]):
        damage = _feed(parser, chunk, is_last=is_last)
        yield from found
        count += len(found)
        if count > limit:
            raise ExtractionLimitError(f"the XML has more than {limit} tags and texts")
        if damage is not None:
            raise CorruptFileError(f"the XML is damaged: {damage}") from damage
        found.clear()


def skip(stream: Iterator[Event]) -> None:
    """Consumes the rest of the element whose start was the last event."""
    for _ in _rest(stream):
        pass


def tree(stream: Iterable[Event]) -> ET.Element:
    """The small parts of a file (styles, properties) as a tree whose tags and attributes are named as in events."""
    builder = ET.TreeBuilder()
    for kind, name, attributes in stream:
        if kind == "start":
            builder.start(name, dict(attributes))
        elif kind == "end":
            builder.end(name)
        else:
            builder.data(name)
    return builder.close()


def subtree(start: Event, stream: Iterator[Event]) -> ET.Element:
    """The element whose start was the last event, taken out of the stream."""
    return tree(chain([start], _rest(stream)))


def first(element: ET.Element | None, *path: str) -> ET.Element | None:
    """The first child with that tag, and so on down the path."""
    for tag in path:
        element = None if element is None else next((child for child in element if child.tag == tag), None)
    return element


def value(element: ET.Element | None, *path: str, attribute: str = "w:val") -> str | None:
    found = first(element, *path)
    return None if found is None else found.get(attribute)


def integer(text: str | None) -> int | None:
    """A whole number of at most nine digits; office programs write no longer ones."""
    digits = (text or "").strip()
    return int(digits) if len(digits) < 11 and digits.removeprefix("-").isdecimal() else None


def is_on(element: ET.Element | None) -> bool:
    """Whether a property is there and not switched off."""
    return element is not None and switched_on(element.attrib)


def switched_on(attributes: Attributes) -> bool:
    """A property without a value is on."""
    return attributes.get("w:val", "true") not in {"false", "0", "off"}


def _rest(stream: Iterator[Event]) -> Iterator[Event]:
    """The events up to the end of the element that is open now."""
    depth = 1
    for event in stream:
        yield event
        depth += (event.kind == "start") - (event.kind == "end")
        if not depth:
            return


def _parser(found: list[Event]) -> expat.XMLParserType:
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartElementHandler = lambda name, attributes: found.append(Event("start", _prefixed(name), _named(attributes)))
    parser.EndElementHandler = lambda name: found.append(Event("end", _prefixed(name)))
    parser.CharacterDataHandler = lambda text: found.append(Event("text", text))
    parser.StartDoctypeDeclHandler = _refuse_document_type
    return parser


def _feed(parser: expat.XMLParserType, chunk: bytes, *, is_last: bool) -> Exception | None:
    """What is wrong with the XML, if anything is."""
    try:
        parser.Parse(chunk, is_last)
    except (expat.ExpatError, ValueError, LookupError) as error:  # the last two: an encoding that Python does not know or cannot use
        return error
    return None


def _refuse_document_type(*_declaration: object) -> None:
    raise CorruptFileError("the file declares a document type, which no office program writes")


def _named(attributes: dict[str, str]) -> Attributes:
    return {_prefixed(name): text for name, text in attributes.items()} if attributes else NONE


@lru_cache(maxsize=4096)
def _prefixed(name: str) -> str:
    space, separator, local = name.rpartition(" ")
    return f"{_PREFIXES.get(space, 'x')}:{local}" if separator else local

"""Links of a page to addresses outside the file; they are reported as the file has them and never followed."""

from collections.abc import Iterator
from ctypes import byref, c_int, create_string_buffer
from typing import TYPE_CHECKING, Any

from semantic_memory.etl.pdf.frame import Frame
from semantic_memory.etl.pdf.shapes import Link

if TYPE_CHECKING:
    from semantic_memory.etl.pdf.document import Document, NativePage

MAX_LINKS = 500
"""Of one page; a file may claim a million annotations."""
URI_BYTES = 2048
"""Longer addresses are left out: no browser takes them."""


def links(document: "Document", page: "NativePage", frame: Frame) -> Iterator[Link]:
    import pypdfium2.raw

    raw: Any = pypdfium2.raw
    position, link, rect = c_int(0), raw.FPDF_LINK(), raw.FS_RECTF()
    for _ in range(MAX_LINKS):
        if not raw.FPDFLink_Enumerate(page.raw, byref(position), byref(link)):
            return
        uri = _uri(raw, document, link)
        if uri and raw.FPDFLink_GetAnnotRect(link, byref(rect)):
            low, high = sorted((rect.bottom, rect.top))
            yield Link(frame.box(rect.left, low, rect.right, high), uri)


def _uri(raw: Any, document: "Document", link: object) -> str:
    """Empty for a link inside the file, to another file or to a program."""
    action = raw.FPDFLink_GetAction(link)
    if not action or raw.FPDFAction_GetType(action) != raw.PDFACTION_URI:
        return ""
    buffer = create_string_buffer(URI_BYTES)
    size = raw.FPDFAction_GetURIPath(document.raw, action, buffer, URI_BYTES)
    return buffer.value.decode("utf-8", "replace") if size <= URI_BYTES else ""

"""Word and OpenDocument files for tests, made around the XML a test is about."""

import io
import zipfile
from collections.abc import Mapping
from xml.sax.saxutils import escape

NAMESPACES = " ".join(
    f'xmlns:{prefix}="{space}"'
    for prefix, space in {
        "w": "http://schemas.openxmlformats.org/wordprocessingml/2006/main",
        "r": "http://schemas.openxmlformats.org/officeDocument/2006/relationships",
        "m": "http://schemas.openxmlformats.org/officeDocument/2006/math",
        "wp": "http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing",
        "a": "http://schemas.openxmlformats.org/drawingml/2006/main",
        "c": "http://schemas.openxmlformats.org/drawingml/2006/chart",
        "dgm": "http://schemas.openxmlformats.org/drawingml/2006/diagram",
        "mc": "http://schemas.openxmlformats.org/markup-compatibility/2006",
        "wps": "http://schemas.microsoft.com/office/word/2010/wordprocessingShape",
        "v": "urn:schemas-microsoft-com:vml",
        "o": "urn:schemas-microsoft-com:office:office",
    }.items()
)
_TYPES = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
_ODF = "urn:oasis:names:tc:opendocument:xmlns"
ODF_NAMESPACES = " ".join(
    f'xmlns:{prefix}="{space}"'
    for prefix, space in {
        **{name: f"{_ODF}:{name}:1.0" for name in ("office", "text", "table", "style", "meta", "manifest", "presentation")},
        "draw": f"{_ODF}:drawing:1.0",
        "fo": f"{_ODF}:xsl-fo-compatible:1.0",
        "svg": f"{_ODF}:svg-compatible:1.0",
        "xlink": "http://www.w3.org/1999/xlink",
        "dc": "http://purl.org/dc/elements/1.1/",
    }.items()
)


def zipped(parts: Mapping[str, str | bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def root(name: str, inside: str, prolog: str = "") -> str:
    return f"<?xml version='1.0'?>{prolog}<w:{name} {NAMESPACES}>{inside}</w:{name}>"


def docx(
    body: str, *, prolog: str = "", links: Mapping[str, str] | None = None, parts: Mapping[str, str | bytes] | None = None, **sides: str
) -> bytes:
    """A package with this body; `sides` are the insides of styles, numbering, notes and comments, `links` relations to addresses outside.

    Parts named `header1.xml`, `footer1.xml`, `chart1.xml`, … in `parts` have their name without the ending as relation id.
    """
    files: dict[str, str | bytes] = {f"word/{name}": content for name, content in (parts or {}).items()}
    relations = [f'<Relationship Id="{name}" Type="{_TYPES}/{name}" Target="{name}.xml"/>' for name in sides]
    relations += [
        f'<Relationship Id="{name.partition(".")[0]}" Type="{_TYPES}/{name.rstrip("1.xml")}" Target="{name}"/>' for name in (parts or {})
    ]
    relations += [
        f'<Relationship Id="{key}" Type="{_TYPES}/hyperlink" Target="{escape(target)}" TargetMode="External"/>'
        for key, target in (links or {}).items()
    ]
    main = f'<Relationship Id="r" Type="{_TYPES}/officeDocument" Target="word/document.xml"/>'
    return zipped(
        {
            "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}">{main}</Relationships>',
            "word/document.xml": root("document", f"<w:body>{body}</w:body>", prolog),
            "word/_rels/document.xml.rels": f'<Relationships xmlns="{_PACKAGE}">{"".join(relations)}</Relationships>',
            **{f"word/{name}.xml": root(name, inside) for name, inside in sides.items()},
            **files,
        }
    )


def p(inside: str = "", *, style: str = "", properties: str = "") -> str:
    """A paragraph; text without tags becomes a run."""
    named = f'<w:pStyle w:val="{style}"/>' if style else ""
    return f"<w:p><w:pPr>{named}{properties}</w:pPr>{inside if inside.startswith('<') else r(inside)}</w:p>"


def r(text: str, properties: str = "") -> str:
    return f'<w:r><w:rPr>{properties}</w:rPr><w:t xml:space="preserve">{escape(text)}</w:t></w:r>'


def item(text: str, list_id: int = 1, level: int = 0) -> str:
    return p(text, properties=f'<w:numPr><w:ilvl w:val="{level}"/><w:numId w:val="{list_id}"/></w:numPr>')


def tbl(*rows: str, properties: str = "") -> str:
    return f"<w:tbl>{properties}{''.join(rows)}</w:tbl>"


def tr(*cells: str, properties: str = "") -> str:
    return f"<w:tr><w:trPr>{properties}</w:trPr>{''.join(cell if cell.startswith('<w:tc>') else tc(cell) for cell in cells)}</w:tr>"


def tc(inside: str = "", properties: str = "") -> str:
    return f"<w:tc><w:tcPr>{properties}</w:tcPr>{inside if inside.startswith('<') else p(inside)}</w:tc>"


def numbering(*levels: tuple[str, str], list_id: int = 1, definition: int = 1, extra: str = "") -> str:
    """One list of levels (format, pattern)."""
    inside = "".join(
        f'<w:lvl w:ilvl="{place}"><w:start w:val="1"/><w:numFmt w:val="{style}"/><w:lvlText w:val="{pattern}"/></w:lvl>'
        for place, (style, pattern) in enumerate(levels)
    )
    return (
        f'<w:abstractNum w:abstractNumId="{definition}">{inside}</w:abstractNum>'
        f'<w:num w:numId="{list_id}"><w:abstractNumId w:val="{definition}"/>{extra}</w:num>'
    )


def style(style_id: str, name: str, *, inside: str = "", based_on: str = "", kind: str = "paragraph") -> str:
    base = f'<w:basedOn w:val="{based_on}"/>' if based_on else ""
    return f'<w:style w:type="{kind}" w:styleId="{style_id}"><w:name w:val="{name}"/>{base}{inside}</w:style>'


def odt(body: str, *, automatic: str = "", styles: str = "", meta: str = "", manifest: str = "", prolog: str = "") -> bytes:
    """An OpenDocument text with this body; `automatic` are the styles in the content, `styles` the inside of styles.xml."""

    def whole(name: str, inside: str) -> str:
        return f"<?xml version='1.0'?>{prolog}<office:{name} {ODF_NAMESPACES}>{inside}</office:{name}>"

    content = f"<office:automatic-styles>{automatic}</office:automatic-styles><office:body><office:text>{body}</office:text></office:body>"
    return zipped(
        {
            "mimetype": "application/vnd.oasis.opendocument.text",
            "content.xml": whole("document-content", content),
            "styles.xml": whole("document-styles", styles),
            "meta.xml": whole("document-meta", f"<office:meta>{meta}</office:meta>"),
            "META-INF/manifest.xml": f"<manifest:manifest {ODF_NAMESPACES}>{manifest}</manifest:manifest>",
        }
    )

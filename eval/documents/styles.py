"""Ways to print a document that look as different as documents do. Those of `HELD_OUT` are for judging only: tune nothing on them.

No table is cut by the end of a page or column: a block has one page, so its parts would be tables of their own.
"""

from dataclasses import dataclass

from eval.documents.writer import Shape

_BASE = """
table { border-collapse: collapse; } table, pre { break-inside: avoid; }
td.number { text-align: right; } th { text-align: left; } p.address { margin-bottom: 2em; }
"""


@dataclass(frozen=True, slots=True)
class Style:
    """`css` says HEADER and FOOTER where the running texts go; it is empty for what reportlab draws by itself."""

    name: str
    shape: Shape
    css: str = ""


def _style(name: str, css: str, shape: Shape) -> Style:
    return Style(name, shape, _BASE + css)


CLASSIC = _style(
    "classic",
    """@page { size: A4; margin: 25mm 22mm; @top-center { content: HEADER; font: italic 9pt serif; border-bottom: 0.5pt solid; }
      @bottom-center { content: FOOTER ", " counter(page); font: 9pt serif; } }
    body { font: 11pt/1.35 "DejaVu Serif", serif; text-align: justify; hyphens: auto; }
    h1 { font-size: 22pt; text-align: center; } h2 { font-size: 16pt; } h3 { font-size: 13pt; } h4 { font-size: 11pt; font-style: italic; }
    h1, h2, h3, h4 { hyphens: none; break-after: avoid; }
    td, th { border: 0.6pt solid black; padding: 2pt 5pt; } p.caption { font-size: 9pt; } blockquote { font-style: italic; }""",
    Shape(sections=3),
)
TWO_COLUMNS = _style(
    "two columns",
    """@page { size: A4; margin: 18mm 15mm; @top-right { content: HEADER; font: 7.5pt serif; }
      @bottom-right { content: FOOTER " – " counter(page); font: 7.5pt serif; } }
    body { font: 9pt/1.25 "DejaVu Serif", serif; } main { columns: 2; column-gap: 8mm; text-align: justify; hyphens: auto; }
    h1 { font-size: 15pt; column-span: all; text-align: left; } h2 { font-size: 11pt; } h3 { font-size: 9.5pt; font-style: italic; }
    h4 { font-size: 9pt; } h1, h2, h3, h4 { hyphens: none; break-after: avoid; }
    table { font-size: 7.5pt; border-top: 1pt solid; border-bottom: 1pt solid; } thead { border-bottom: 0.5pt solid; }
    td, th { padding: 1pt 4pt; } p.caption { font-size: 8pt; } pre { font-size: 7pt; }""",
    Shape(columns=4, sections=5),
)
ZEBRA = _style(
    "zebra",
    """@page { size: A4; margin: 22mm 20mm 22mm 32mm; @top-left { content: HEADER; font: bold 8pt sans-serif; color: #1a5a8a; }
      @bottom-left { content: counter(page) " | " FOOTER; font: 8pt sans-serif; color: #777; } }
    body { font: 10pt/1.45 "DejaVu Sans", sans-serif; } h1 { font-size: 24pt; font-weight: normal; color: #1a5a8a; }
    h2 { font-size: 15pt; font-weight: normal; color: #1a5a8a; } h3 { font-size: 11.5pt; color: #1a5a8a; } h4 { font-size: 10pt; }
    td, th { padding: 4pt 12pt 4pt 4pt; } tbody tr:nth-child(odd) { background: #eef3f7; } h1, h2, h3, h4 { break-after: avoid; }
    p.caption { color: #777; font-size: 8.5pt; } blockquote { border-left: 3pt solid #1a5a8a; padding-left: 8pt; margin-left: 0; }""",
    Shape(sections=3),
)
SLIDES = _style(
    "slides",
    """@page { size: 254mm 143mm; margin: 12mm 16mm 16mm; @bottom-left { content: FOOTER; font: 10pt sans-serif; color: #888; }
      @bottom-right { content: counter(page); font: 10pt sans-serif; color: #888; } }
    body { font: 15pt/1.3 "DejaVu Sans", sans-serif; } h1 { font-size: 34pt; margin-top: 30mm; }
    h2 { font-size: 26pt; break-before: page; margin: 0 0 6mm; color: #802020; } li { margin-bottom: 2.5mm; }
    td, th { padding: 3pt 14pt; border-bottom: 0.5pt solid #bbb; font-size: 14pt; }""",
    Shape(kind="slides", sections=4, columns=5),
)
MANUAL = _style(
    "manual",
    """@page { size: A5; margin: 15mm 14mm; @bottom-center { content: FOOTER " (" counter(page) ")"; font: 7pt sans-serif; } }
    body { font: 9pt/1.4 "DejaVu Sans", sans-serif; } h1 { font-size: 20pt; border-bottom: 2pt solid; } h2 { font-size: 14pt; }
    h3 { font-size: 11pt; } h4 { font-size: 9pt; text-decoration: underline; } h1, h2, h3, h4 { break-after: avoid; }
    pre { background: #f2f2f2; padding: 6pt; font: 7.5pt/1.4 "DejaVu Sans Mono", monospace; border: 0.3pt solid #ccc; }
    td, th { border-bottom: 0.4pt solid #888; padding: 3pt 6pt; font-size: 8pt; } p.caption { font-weight: bold; font-size: 8pt; }""",
    Shape(kind="manual", sections=3, columns=4),
)
PAPER = Style("paper", Shape(sections=3))

NEWSLETTER = _style(
    "newsletter",
    """@page { size: A4; margin: 14mm 12mm; @top-center { content: HEADER; font: bold 8pt sans-serif; letter-spacing: 2pt; }
      @bottom-center { content: FOOTER " · " counter(page); font: 7pt sans-serif; } }
    body { font: 8.5pt/1.3 "DejaVu Sans Condensed", sans-serif; } h1 { font: bold 30pt "DejaVu Serif", serif; margin: 0 0 4mm; }
    main { columns: 3; column-gap: 6mm; column-rule: 0.4pt solid #999; } h1 { column-span: all; } h2 { font-size: 13pt; margin: 3mm 0 1mm; }
    h3 { font-size: 9.5pt; color: #a33; margin: 2mm 0 0; } h4 { font-size: 8.5pt; margin: 0; } p { margin: 0 0 2mm; text-indent: 3mm; }
    h1, h2, h3, h4 { break-after: avoid; } table { font-size: 7pt; width: 100%; }
    td, th { border-top: 0.4pt solid #999; }
    p.caption { text-indent: 0; font-style: italic; } ul, ol { padding-left: 4mm; margin: 0 0 2mm; }""",
    Shape(columns=3, sections=6),
)
REPORT = _style(
    "report",
    """@page { size: A4; margin: 30mm 25mm; @top-right { content: HEADER; font: 8pt serif; }
      @bottom-right { content: FOOTER "   " counter(page) " / " counter(pages); font: 8pt serif; } }
    body { font: 11pt/1.5 "DejaVu Serif", serif; } h1 { font-size: 18pt; }
    h2, h3, h4 { font-size: 11pt; font-weight: bold; margin: 5mm 0 2mm; }
    h1, h2, h3, h4 { break-after: avoid; } table { margin: 0 auto; } thead th { border-bottom: 0.6pt solid; border-top: 1pt solid; }
    td, th { padding: 2pt 10pt; } tbody tr:last-child td { border-bottom: 1pt solid; }
    p.caption { text-align: center; font-size: 9.5pt; }""",
    Shape(is_numbered=True, columns=5),
)
LETTERHEAD = _style(
    "letterhead",
    """@page { size: A4; margin: 25mm 20mm 25mm 25mm; @bottom-center { width: 100%; content: FOOTER " · " HEADER;
      font: 7pt sans-serif; border-top: 0.5pt solid #444; } }
    body { font: 10.5pt/1.4 "DejaVu Serif", serif; } p.address { margin: 15mm 0 18mm; } h1 { font-size: 12pt; } h2 { font-size: 10.5pt; }
    td, th { padding: 2pt 8pt; border: 0.3pt solid #aaa; } ul { list-style: "–  "; } h1, h2 { break-after: avoid; }""",
    Shape(kind="letter", sections=2, columns=4),
)
ACADEMIC = _style(
    "academic",
    """@page { size: A4; margin: 20mm 17mm; @top-left { content: HEADER; font: italic 8pt serif; }
      @bottom-center { content: FOOTER ", p. " counter(page); font: 8pt serif; } @footnote { border-top: 0.4pt solid; padding-top: 2pt; } }
    body { font: 9.5pt/1.22 "DejaVu Serif Condensed", serif; text-align: justify; hyphens: auto; }
    h1 { font-size: 17pt; text-align: center; }
    main { columns: 2; column-gap: 7mm; } h1 { column-span: all; } h2 { font: bold 10pt serif; text-transform: none; text-align: center; }
    h3 { font: italic 9.5pt serif; } h4 { font: italic 9pt serif; margin-left: 3mm; } p { margin: 0; text-indent: 4mm; }
    h1, h2, h3, h4 { hyphens: none; break-after: avoid; } .note { float: footnote; font-size: 7.5pt; }
    table { font-size: 8pt; margin: 2mm auto; border-top: 0.8pt solid; border-bottom: 0.8pt solid; }
    thead { border-bottom: 0.5pt solid; } td, th { padding: 1pt 6pt; } p.caption { text-indent: 0; font-size: 8pt; }""",
    Shape(sections=5, columns=4, has_notes=True),
)
BARS = _style(
    "bars",
    """@page { size: letter; margin: 20mm; @top-right { content: HEADER; font: 8pt sans-serif; }
      @bottom-left { content: FOOTER " #" counter(page); font: 8pt sans-serif; } }
    body { font: 10pt/1.4 "DejaVu Sans", sans-serif; } h1 { background: #1d2b3a; color: white; padding: 8mm 6mm; font-size: 22pt; }
    h2 { background: #3b6b8f; color: white; padding: 1.5mm 4mm; font-size: 13pt; } h3 { font-size: 11pt; border-bottom: 1pt solid #3b6b8f; }
    h4 { font-size: 10pt; color: #3b6b8f; } thead th { background: #3b6b8f; color: white; } td, th { padding: 3pt 8pt; }
    h1, h2, h3, h4 { break-after: avoid; } tbody td { border-bottom: 0.3pt solid #ccc; } .note { float: footnote; font-size: 8pt; }
    blockquote { background: #f4f4f4; padding: 3mm; }""",
    Shape(sections=3, has_notes=True, columns=5),
)
MEMO = Style("memo", Shape(sections=3, columns=4))
MAGAZINE = _style(
    "magazine",
    """@page { size: 210mm 270mm; margin: 18mm 14mm 16mm; @bottom-left { content: counter(page) "  " FOOTER; font: bold 8pt sans-serif; } }
    body { font: 9.2pt/1.38 "DejaVu Serif Condensed", serif; } main { columns: 2; column-gap: 9mm; }
    h1 { font: 36pt/1 "DejaVu Sans ExtraLight", "DejaVu Sans", sans-serif; column-span: all; margin: 10mm 0 8mm; }
    h2 { font: bold 12pt "DejaVu Sans", sans-serif; text-transform: uppercase; color: #0a6b5a; margin: 5mm 0 1mm; }
    h3 { font: bold 9.5pt "DejaVu Sans", sans-serif; margin: 3mm 0 0; } h4 { font: bold italic 9.2pt serif; margin: 2mm 0 0; }
    p { margin: 0; text-indent: 5mm; text-align: justify; } h1, h2, h3, h4 { break-after: avoid; }
    blockquote { font: italic 15pt/1.2 serif; color: #0a6b5a; margin: 5mm 2mm; text-align: center; }
    table { font: 7.5pt "DejaVu Sans Condensed", sans-serif; background: #e6f1ef; width: 100%; margin: 3mm 0; }
    td, th { padding: 1.5mm 2mm; } thead { color: #0a6b5a; } p.caption { text-indent: 0; font: bold 7.5pt sans-serif; margin-top: 3mm; }""",
    Shape(columns=4, sections=5),
)
STATUTE = _style(
    "statute",
    """@page { size: A4; margin: 24mm 30mm; @top-center { content: "– " counter(page) " –"; font: 10pt serif; }
      @bottom-center { content: FOOTER; font: italic 8pt serif; } }
    body { font: 10.5pt/1.3 "DejaVu Serif", serif; text-align: justify; hyphens: auto; } h1 { font-size: 14pt; text-align: center; }
    h2 { font-size: 10.5pt; text-align: center; font-weight: bold; }
    h3 { font-size: 10.5pt; font-weight: normal; text-decoration: underline; }
    h4 { font-size: 10.5pt; font-style: italic; font-weight: normal; } h1, h2, h3, h4 { hyphens: none; break-after: avoid; }
    ol { list-style: lower-alpha; } table { width: 100%; } td, th { border-left: 0.5pt solid; border-right: 0.5pt solid; padding: 1pt 4pt; }
    table { border: 0.5pt solid; } thead { border-bottom: 0.5pt solid; }""",
    Shape(sections=4, columns=5, is_numbered=True),
)
DATASHEET = _style(
    "data sheet",
    """@page { size: A4 landscape; margin: 14mm 12mm;
      @top-left { content: HEADER; font: bold 7pt sans-serif; border-bottom: 2pt solid #c40; }
      @top-right { content: FOOTER "   " counter(page) " of " counter(pages); font: 7pt sans-serif; border-bottom: 2pt solid #c40; } }
    body { font: 8pt/1.35 "DejaVu Sans", sans-serif; } main { columns: 2; column-gap: 10mm; } h1 { font-size: 18pt; margin: 0 0 4mm; }
    h2 { font-size: 10pt; color: #c40; border-bottom: 0.5pt solid #c40; margin: 4mm 0 1mm; } h3 { font-size: 8.5pt; margin: 2mm 0 1mm; }
    h4 { font-size: 8pt; color: #555; margin: 1mm 0; } h1, h2, h3, h4 { break-after: avoid; } p, ul, ol { margin: 0 0 1.5mm; }
    table { width: 100%; font-size: 7pt; margin-bottom: 3mm; } th { background: #ddd; } td, th { padding: 0.6mm 2mm; }
    td, th { border: 0.25pt solid #999; } pre { font: 6.5pt/1.3 "DejaVu Sans Mono", monospace; }
    p.caption { font-size: 7pt; color: #555; }""",
    Shape(kind="manual", sections=4, columns=6),
)
THESIS = _style(
    "thesis",
    """@page { size: B5; margin: 28mm 20mm 25mm 30mm; @top-right { content: HEADER "  " counter(page); font: italic 9pt serif; } }
    body { font: 10pt/1.6 "DejaVu Serif", serif; text-align: justify; hyphens: auto; }
    h1 { font-size: 26pt; font-weight: normal; margin: 20mm 0 15mm; text-align: right; } h2 { font-size: 14pt; font-weight: normal; }
    h3 { font-size: 11.5pt; font-weight: normal; font-style: italic; } h4 { font-size: 10pt; } h1, h2, h3, h4 { hyphens: none; }
    h1, h2, h3, h4 { break-after: avoid; } .note { float: footnote; font-size: 8pt; line-height: 1.3; }
    @page { @footnote { margin-top: 4mm; } }
    table { margin: 0 auto; font-size: 9pt; } td, th { padding: 0.5mm 5mm; font-weight: normal; } thead { border-bottom: 0.4pt solid; }
    p.caption { text-align: center; font-size: 9pt; font-style: italic; } ul { list-style: square; }""",
    Shape(sections=3, columns=4, has_notes=True),
)
MINUTES = _style(
    "minutes",
    """@page { size: letter; margin: 1in; @bottom-right { content: FOOTER ", page " counter(page); font: 8pt monospace; } }
    body { font: 9.5pt/1.35 "DejaVu Sans Mono", monospace; } h1 { font-size: 9.5pt; text-transform: uppercase; text-decoration: underline; }
    h2 { font-size: 9.5pt; } h3 { font: italic bold 9.5pt monospace; } h4 { font: italic 9.5pt monospace; }
    h1, h2, h3, h4 { break-after: avoid; }
    td, th { padding: 0 12pt 0 0; } thead { border-bottom: 0.5pt dashed; } ul { list-style: "* "; }""",
    Shape(sections=4, columns=4),
)
GAZETTE = _style(
    "gazette",
    """@page { size: A4; margin: 20mm 16mm; @top-left { content: HEADER; font: small-caps 8pt serif; }
      @top-right { content: counter(page); font: bold 8pt serif; } @bottom-center { content: FOOTER; font: 7pt serif; } }
    body { font: 9.4pt/1.32 "DejaVu Serif Condensed", serif; }
    main { columns: 2; column-gap: 10mm; column-rule: 0.3pt solid #777; }
    h1 { font-size: 24pt; text-align: center; column-span: all; border-bottom: 2pt double; }
    h2 { font-size: 13pt; text-align: center; border-top: 0.6pt solid; padding-top: 2mm; } h3 { font-size: 10.5pt; }
    h4 { font-size: 9.4pt; text-decoration: underline; } h1, h2, h3, h4 { break-after: avoid; }
    p { text-align: justify; margin: 0 0 1.2mm; }
    table { width: 100%; font-size: 8pt; margin: 2mm 0; } td, th { padding: 0.6mm 1.5mm; border-bottom: 0.3pt dotted; }
    thead { border-bottom: 1pt solid; } p.caption { font-weight: bold; font-size: 8pt; }""",
    Shape(sections=5, columns=4),
)
CONTRACT = _style(
    "contract",
    """@page { size: letter; margin: 28mm 25mm; @bottom-left { content: FOOTER; font: 8pt sans-serif; }
      @bottom-right { content: "Page " counter(page) " of " counter(pages); font: 8pt sans-serif; } }
    body { font: 10.5pt/1.45 "DejaVu Sans", sans-serif; text-align: justify; } h1 { font-size: 15pt; text-transform: uppercase; }
    h2 { font-size: 11pt; text-transform: uppercase; } h3 { font-size: 10.5pt; }
    h4 { font-size: 10.5pt; font-weight: normal; font-style: italic; }
    h1, h2, h3, h4 { break-after: avoid; text-align: left; } ol { list-style: lower-roman; }
    table { width: 100%; } td, th { border: 0.8pt solid #333; padding: 2mm; } th { background: #ececec; }""",
    Shape(sections=4, columns=4, is_numbered=True),
)
HANDOUT = _style(
    "handout",
    """@page { size: A5; margin: 15mm 14mm 18mm; background: #fffdf5; @bottom-right { content: counter(page); font: 9pt sans-serif; } }
    body { font: 11pt/1.4 "DejaVu Sans", sans-serif; color: #222; } h1 { font-size: 21pt; color: #7a1f5c; }
    h2 { font-size: 14pt; color: #7a1f5c; border-left: 4pt solid #7a1f5c; padding-left: 3mm; } h3 { font-size: 12pt; color: #555; }
    h4 { font-size: 11pt; } h1, h2, h3, h4 { break-after: avoid; } ul { list-style: circle; }
    table { font-size: 9pt; width: 100%; } thead { background: #7a1f5c; color: white; } tbody tr:nth-child(even) { background: #f1e4ec; }
    td, th { padding: 1.2mm 2mm; } blockquote { border-left: 2pt solid #ccc; padding-left: 3mm; }""",
    Shape(sections=3, columns=4),
)
WHITE_PAPER = _style(
    "white paper",
    """@page { size: A4; margin: 25mm 20mm 25mm 60mm; @top-left { content: HEADER; font: 8pt sans-serif; color: #888; }
      @bottom-left { content: FOOTER " | " counter(page); font: 8pt sans-serif; color: #888; } }
    body { font: 10pt/1.5 "DejaVu Sans Condensed", sans-serif; } h1 { font-size: 28pt; font-weight: normal; margin-left: -40mm; }
    h2 { font-size: 15pt; font-weight: normal; margin-left: -40mm; color: #1a4a7a; }
    h3 { font-size: 11pt; } h4 { font-size: 10pt; color: #777; }
    h1, h2, h3, h4 { break-after: avoid; } table { font-size: 8.5pt; margin: 4mm 0; } td, th { padding: 1mm 4mm 1mm 0; }
    thead { border-bottom: 1.2pt solid #1a4a7a; } p.caption { color: #1a4a7a; font-size: 8.5pt; }
    pre { background: #f4f4f4; font-size: 8pt; }""",
    Shape(sections=4, columns=5),
)

TUNING: tuple[Style, ...] = (
    *(
        CLASSIC,
        TWO_COLUMNS,
        ZEBRA,
        SLIDES,
        MANUAL,
        PAPER,
        NEWSLETTER,
        ACADEMIC,
        BARS,
        REPORT,
        LETTERHEAD,
        MEMO,
        MAGAZINE,
        STATUTE,
        DATASHEET,
    ),
    *(THESIS, MINUTES),
)
HELD_OUT: tuple[Style, ...] = (GAZETTE, CONTRACT, HANDOUT, WHITE_PAPER)

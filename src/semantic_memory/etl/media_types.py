"""Names of the kinds of files there are, and what to do about those that nothing here reads."""

from collections.abc import Mapping

PDF = "application/pdf"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PPTX = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
EPUB = "application/epub+zip"
OPEN_TEXT = "application/vnd.oasis.opendocument.text"
OPEN_SHEET = "application/vnd.oasis.opendocument.spreadsheet"
OPEN_SLIDES = "application/vnd.oasis.opendocument.presentation"
RTF = "application/rtf"

ZIP = "application/zip"
TAR = "application/x-tar"
GZIP = "application/gzip"
BZIP2 = "application/x-bzip2"
XZ = "application/x-xz"
COMPRESSED_TARS: Mapping[str, str] = {
    GZIP: "application/x-compressed-tar",
    BZIP2: "application/x-bzip2-compressed-tar",
    XZ: "application/x-xz-compressed-tar",
}
"""Compression → the tar archive inside it, by the names of the freedesktop.org database."""

EMAIL = "message/rfc822"
MAILBOX = "application/mbox"
NOTEBOOK = "application/x-ipynb+json"

MARKDOWN = "text/markdown"
PLAIN_TEXT = "text/plain"
HTML = "text/html"
XML = "text/xml"
SVG = "image/svg+xml"
CSV = "text/csv"
TSV = "text/tab-separated-values"
CALENDAR = "text/calendar"
VCARD = "text/vcard"
JSON = "application/json"
JSON_LINES = "application/x-ndjson"

WORD_97 = "application/msword"
EXCEL_97 = "application/vnd.ms-excel"
POWERPOINT_97 = "application/vnd.ms-powerpoint"
OUTLOOK = "application/vnd.ms-outlook"
OLE = "application/x-ole-storage"
EXCEL_BINARY = "application/vnd.ms-excel.sheet.binary.macroenabled.12"
IWORK = "application/vnd.apple.iwork"
SEVEN_ZIP = "application/x-7z-compressed"
RAR = "application/vnd.rar"
ZSTANDARD = "application/zstd"
PROGRAM = "application/x-executable"
WINDOWS_PROGRAM = "application/vnd.microsoft.portable-executable"
PICKLE = "application/x-python-pickle"
PYTORCH = "application/x-pytorch"
NUMPY = "application/x-numpy"
SQLITE = "application/vnd.sqlite3"
HEIC = "image/heic"
AVIF = "image/avif"

ADVICE: Mapping[str, str] = {
    WORD_97: "a Word document of 1997 to 2003 (.doc): save it as .docx",
    EXCEL_97: "an Excel workbook of 1997 to 2003 (.xls): save it as .xlsx",
    POWERPOINT_97: "a PowerPoint file of 1997 to 2003 (.ppt): save it as .pptx",
    OUTLOOK: "an Outlook message (.msg): save it as .eml",
    OLE: "a Microsoft compound file of no known kind: save it in a newer format or as PDF",
    EXCEL_BINARY: "a binary Excel workbook (.xlsb): save it as .xlsx",
    IWORK: "a Pages, Numbers or Keynote file: export it as PDF or in an Office format",
    SEVEN_ZIP: "a 7-Zip archive: pack its files as .zip or .tar.gz",
    RAR: "a RAR archive: pack its files as .zip or .tar.gz",
    ZSTANDARD: "a Zstandard file: decompress it, or use .gz or .xz",
    PROGRAM: "a program",
    WINDOWS_PROGRAM: "a Windows program",
    PICKLE: "a pickle: opening it could run code; export the data as CSV or JSON",
    PYTORCH: "a PyTorch file: opening it could run code",
    NUMPY: "a NumPy array: export the data as CSV",
    SQLITE: "an SQLite database: export its tables as CSV",
    HEIC: "an HEIC picture: convert it to JPEG or PNG",
    AVIF: "an AVIF picture: convert it to JPEG or PNG",
}
"""What a file of a type without a format is, and how its content can be brought in."""


def refusal(media_type: str) -> str:
    """The message about a file of a type that no format reads."""
    told = ADVICE.get(media_type)
    return f"this is {told}" if told else f"no extractor reads {media_type!r} files"

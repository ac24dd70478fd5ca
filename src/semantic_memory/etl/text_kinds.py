"""What kind of text this is: by its name, unless the content contradicts that, else by the content."""

import csv
import json
import re
from collections.abc import Mapping
from pathlib import PurePosixPath

from semantic_memory.core.errors import EmptyDocumentError, UnsupportedTypeError
from semantic_memory.etl import media_types as kinds
from semantic_memory.etl.languages import FILE_NAMES, INTERPRETERS, LANGUAGES
from semantic_memory.etl.text import decode, unmarked_utf16

HEAD_BYTES = 64 * 1024
"""How much of a file is looked at."""
MAX_NUL_SHARE = 0.01
"""Text has no NULs; a log or dump with a few stays readable, a binary has far more."""
MAX_CONTROL_SHARE = 0.1
_CONTROLS = bytes({*range(32), 127} - set(b"\t\n\v\f\r\x1b"))
"""Control characters that text does not hold; terminal logs hold ESC."""
_WIDE_MARKS: Mapping[bytes, str] = {
    b"\x00\x00\xfe\xff": "utf-32",
    b"\xff\xfe\x00\x00": "utf-32",
    b"\xff\xfe": "utf-16",
    b"\xfe\xff": "utf-16",
}

_EXTENSIONS: Mapping[str, str] = {
    **dict.fromkeys((".md", ".markdown", ".mdown", ".mkd"), kinds.MARKDOWN),
    **dict.fromkeys((".txt", ".text", ".log", ".rst"), kinds.PLAIN_TEXT),
    **dict.fromkeys((".html", ".htm", ".xhtml"), kinds.HTML),
    ".json": kinds.JSON,
    ".jsonl": kinds.JSON_LINES,
    ".ndjson": kinds.JSON_LINES,
    ".geojson": kinds.JSON,
    ".ipynb": kinds.NOTEBOOK,
    ".csv": kinds.CSV,
    ".tsv": kinds.TSV,
    ".tab": kinds.TSV,
    ".eml": kinds.EMAIL,
    ".mbox": kinds.MAILBOX,
    ".svg": kinds.SVG,
    ".xml": kinds.XML,
    ".ics": kinds.CALENDAR,
    ".vcf": kinds.VCARD,
}
_PROLOG = r"\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*"
_HTML_START = re.compile(_PROLOG + r"<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE | re.DOTALL)
_SVG_START = re.compile(_PROLOG + r"(?:<!DOCTYPE\s+svg[^>]*>\s*)?<(?:svg:)?svg\b", re.IGNORECASE | re.DOTALL)
_XML_START = re.compile(r"\s*<\?xml\s")
_HTML_BLOCK = re.compile(r"</(?:p|div|table|ul|ol|h[1-6]|section|article)>", re.IGNORECASE)
_TAG = re.compile(r"<[a-zA-Z!/]")
_JSON_START = re.compile(r'\s*(?:\{\s*(?:"|\})|\[\s*(?:["\[{\]\d-]|true|false|null))')
_NOTEBOOK_SIGNS = re.compile(r'"(?:nbformat|cell_type)"\s*:')
_MARKDOWN_SIGNS = re.compile(
    r"^(?:#{1,6} \S|```|~~~|[-*] \S.*\n[-*] \S|\|.*\|\n\|[ :|-]+\|$)|\]\([^)\s]+\)|\*\*\S[^*\n]*\*\*", re.MULTILINE
)
_SHEBANG = re.compile(r"#!\s*(?:/usr/bin/env\s+(?:-S\s+)?)?(\S+)")
_HEADER_LINE = re.compile(r"[!-9;-~]+:[ \t]|[!-9;-~]+:$")
_MAIL_HEADERS = re.compile(
    r"^(?:from|to|cc|subject|date|message-id|received|return-path|reply-to|mime-version|delivered-to|x-mailer):",
    re.IGNORECASE | re.MULTILINE,
)
_MAILBOX_START = re.compile(r"From \S+ .*\d{4}[^\n]*\n[!-9;-~]+:")
_STARTS: tuple[tuple[re.Pattern[str], str], ...] = (
    (_HTML_START, kinds.HTML),
    (_SVG_START, kinds.SVG),
    (_XML_START, kinds.XML),
    (re.compile(r"\s*BEGIN:VCALENDAR\b"), kinds.CALENDAR),
    (re.compile(r"\s*BEGIN:VCARD\b"), kinds.VCARD),
    (_MAILBOX_START, kinds.MAILBOX),
    (re.compile(r"\s*<\?php\b"), "text/x-php"),
    (re.compile(r"\s*(?:%[^\n]*\n\s*)*\\documentclass\b"), "text/x-tex"),
)
"""Beginnings that only one kind of text has."""
_C_SIGNS = r"#include [<\"]|#(?:define|ifdef|ifndef|undef) \w+|#endif|typedef |extern |(?:static |const )+\w+ .*[;{]$"
_JAVASCRIPT_SIGNS = (
    r"(?:export )?(?:const|let|var) [\w{}, ]+ = |import .*['\"];?$|(?:export (?:default )?)?(?:async )?function\*? \w+\(|exports\.\w+ ="
    r"|module\.exports|(?:export (?:default )?)?class \w+.*\{$|['\"]use strict['\"]|export (?:\{|\*)"
)
_STRONG_SIGNS: Mapping[str, re.Pattern[str]] = {
    language: re.compile(f"^(?:{pattern})", re.MULTILINE)
    for language, pattern in {
        "python": r"from [\w.]+ import [\w(*]|import [\w.]+(?: as \w+)?$|(?:async )?def \w+\(|class \w+.*:$|if __name__ ==|@[\w.]+(?:\(|$)",
        "c": _C_SIGNS,
        "cpp": _C_SIGNS + r"|namespace \w|template ?<|using \w+|class \w+[^.;]*$|\s*(?:public|private|protected):$|.*\bstd::",
        "java": r"package [\w.]+;|import (?:static )?[\w.]+(?:\.\*)?;|(?:(?:public|final|abstract) )+(?:class|interface|enum) \w+",
        "csharp": r"using [\w.]+;|namespace [\w.]+\s*[;{]?$|\s*(?:public|internal) (?:(?:sealed|static|partial) )*(?:class|interface) \w",
        "go": r"package \w+$|import (?:\(|\")|func (?:\(.*?\) )?\w+\(|type \w+ (?:struct|interface) \{",
        "rust": r"use [\w:]+.*;$|(?:pub(?:\(\w+\))? )?(?:(?:fn|struct|enum|trait|mod) \w+|impl[ <]).*[{;]$|#!?\[\w+",
        "javascript": _JAVASCRIPT_SIGNS,
        "typescript": _JAVASCRIPT_SIGNS + r"|(?:export )?(?:declare )?(?:interface|type|enum|abstract class) \w+.*[{=]",
        "ruby": r"require(?:_relative)? ['\"]|def [\w?!.]+|module [A-Z]\w*$|class [A-Z]\w*(?: < [\w:]+)?$|end$",
        "perl": r"use (?:strict|warnings|utf8)|my [$@%(]|sub \w+ \{|package [\w:]+;|=head1 ",
        "sql": r"(?i:create (?:or replace |temporary )*(?:table|view|index|function|trigger|schema)|insert into|alter table|drop \w+"
        r"|delete from|select .* from|update \w+ set|grant \w+|comment on)\b",
        "bash": r"export \w+=|if \[|fi$|done$|esac$|\w+ ?\(\) ?\{$|set -[eux]|for \w+ in .*; do$",
        "dockerfile": r"FROM [\w./:-]+(?: (?:AS|as) \w+)?$|RUN |COPY |ENTRYPOINT |CMD |WORKDIR ",
        "tex": r"\\(?:documentclass|usepackage|begin\{|section\{|chapter\{|newcommand)",
    }.items()
}
"""Beginnings of lines that a language has and prose does not. C++ and TypeScript have their parents' too, so that one of their own wins."""
MIN_STRONG = 2
MIN_STRONG_SHARE = 0.01
"""Of the lines that are not blank. So 90 % of 150 Python files and as many JavaScript files of other packages are recognised without their
names, and 0 of 300 Markdown and text files are taken for code."""
_LOOSE_SIGNS: Mapping[str, re.Pattern[str]] = {
    "css": re.compile(r"^(?:[.#@:*\w][^{}\n]*\{.*|\s*[\w-]+:\s?[^;\n]+;.*|\s*\}|/\*.*|.*\*/)$", re.MULTILINE),
    "toml": re.compile(r"^(?:\[\[?[\w.\"-]+\]\]?|[\w.\"-]+ = (?:[\"'\[{]|\d|true|false).*|#.*|\s*[\"'\]}].*)$", re.MULTILINE),
    "ini": re.compile(r"^(?:\[[\w .:\"/-]+\]|[\w.-]+ ?= ?.*|[;#].*)$", re.MULTILINE),
    "yaml": re.compile(r"^(?:---|#.*|\s*- .*|\s*[\w./\"'-]+:(?: .*)?)$", re.MULTILINE),
}
"""Lines that a language consists of, and that prose may have too."""
_LOOSE_PROOF: Mapping[str, re.Pattern[str]] = {
    "css": re.compile(r"\{[^{}]*:[^{}]*;?\s*\}"),
    "toml": re.compile(r"^(?:\[\[?[\w.\"-]+\]\]?$|[\w.-]+ = [\"\[{'\dtf])", re.MULTILINE),
    "ini": re.compile(r"^\[[\w .:\"/-]+\]$\n+[\w.-]+ ?=", re.MULTILINE),
    "yaml": re.compile(r"^(?:[\w./\"'-]+:$\n(?:\s*#.*\n)*\s*(?:- |[\w./\"'-]+:(?: |$))|- [\w-]+:(?: |$))", re.MULTILINE),
}
"""What must be there besides."""
MIN_LOOSE_SHARE = 0.5
_FRONT_MATTER = re.compile(r"\A---\n.*?\n---\n(?=\s*\S)", re.DOTALL)
_FENCE = re.compile(r"^(?:```|~~~)", re.MULTILINE)
CSV_LINES = 50
MIN_CSV_LINES = 3
MAX_CELL_CHARACTERS = 200


def text_type(head: bytes, name: str, extensions: Mapping[str, str]) -> str:
    """The kind of a file that starts with `head`. Raises: UnsupportedTypeError for what is no text; EmptyDocumentError for white space."""
    plugged_in = extensions.get(PurePosixPath(name.lower()).suffix)
    if is_binary(head):
        if plugged_in is None:
            raise UnsupportedTypeError(f"{name!r} is a binary file of no known kind")
        return plugged_in
    text = _text(head)
    if not text.strip():
        raise EmptyDocumentError
    return _named_type(name, text) or plugged_in or _sniffed_type(text)


def is_binary(head: bytes) -> bool:
    """Whether NULs or other control characters are too many for text; UTF-16 and UTF-32 have a mark at their start, or NULs in rows."""
    encoding = _wide_encoding(head)
    return _has_controls(head.decode(encoding, "replace").encode("utf-8", "replace") if encoding else head)


def _wide_encoding(head: bytes) -> str | None:
    return next((encoding for mark, encoding in _WIDE_MARKS.items() if head.startswith(mark)), None) or unmarked_utf16(head)


def _text(head: bytes) -> str:
    encoding = _wide_encoding(head)
    return head.decode(encoding, "replace").lstrip("\ufeff").replace("\r\n", "\n") if encoding else decode(_whole_characters(head)).text


def _has_controls(head: bytes) -> bool:
    controls = len(head) - len(head.translate(None, _CONTROLS))
    return head.count(0) > MAX_NUL_SHARE * len(head) or controls > MAX_CONTROL_SHARE * len(head)


def _named_type(name: str, text: str) -> str | None:
    """What the file name says, unless the text contradicts it."""
    path = PurePosixPath(name.replace("\\", "/").lower())
    language = FILE_NAMES.get(path.name) or LANGUAGES.get(path.suffix)
    media_type = _EXTENSIONS.get(path.suffix) or (language and f"text/x-{language}")
    if media_type is None or media_type.startswith("text/x-"):
        return media_type
    if media_type not in {kinds.HTML, kinds.XML, kinds.SVG} and _HTML_START.match(text):
        return kinds.HTML
    return _contradicted(media_type, text)


def _contradicted(media_type: str, text: str) -> str:
    """Plain text for what lacks every sign of its kind."""
    if media_type == kinds.HTML and not _TAG.search(text):
        return kinds.PLAIN_TEXT
    if media_type == kinds.SVG and not _SVG_START.match(text):
        return kinds.XML if _XML_START.match(text) else kinds.PLAIN_TEXT
    if media_type == kinds.NOTEBOOK and not _NOTEBOOK_SIGNS.search(text):
        return kinds.JSON if _JSON_START.match(text) else kinds.PLAIN_TEXT
    if media_type == kinds.EMAIL and not _is_mail(text, headers=1):
        return kinds.PLAIN_TEXT
    if media_type == kinds.MAILBOX and not text.startswith("From "):
        return kinds.EMAIL if _is_mail(text) else kinds.PLAIN_TEXT
    return media_type


def _sniffed_type(text: str) -> str:
    """The kind of a text whose name says nothing."""
    shebang = _SHEBANG.match(text)
    if shebang:
        language = INTERPRETERS.get(PurePosixPath(shebang[1]).name)
        return f"text/x-{language}" if language else kinds.PLAIN_TEXT
    by_start = next((kind for start, kind in _STARTS if start.match(text)), None)
    if by_start:
        return by_start
    if _JSON_START.match(text) and (kind := _json_type(text)):
        return kind
    if _is_mail(text):
        return kinds.EMAIL
    return _table_type(text) or _code_type(text) or _prose_type(text)


def _prose_type(text: str) -> str:
    if len(_MARKDOWN_SIGNS.findall(text)) >= 2:
        return kinds.MARKDOWN
    return kinds.HTML if len(_HTML_BLOCK.findall(text)) >= 2 else kinds.PLAIN_TEXT


def _json_type(text: str) -> str | None:
    """None for a text that only begins like JSON, such as `[1] A footnote`."""
    first_line, _, rest = text.strip().partition("\n")
    if _is_json(first_line):
        return kinds.JSON_LINES if rest.strip() and _JSON_START.match(rest) else (None if rest.strip() else kinds.JSON)
    if _NOTEBOOK_SIGNS.search(text) and '"cells"' in text:
        return kinds.NOTEBOOK
    return kinds.JSON if first_line.lstrip()[:1] == "{" or _is_json(text) or len(text) >= HEAD_BYTES // 4 else None


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _is_mail(text: str, headers: int = 2) -> bool:
    """Whether it starts with header lines, at least so many of them such as mails have."""
    head = text.lstrip("\n").partition("\n\n")[0]
    return bool(_HEADER_LINE.match(head)) and len(set(map(str.lower, _MAIL_HEADERS.findall(head)))) >= headers


def _table_type(text: str) -> str | None:
    """CSV or TSV when the first lines all have the same number of short cells; the last line may be cut."""
    lines = text.strip("\n").split("\n")[:CSV_LINES]
    if len(lines) < MIN_CSV_LINES:
        return None
    if _are_rows(lines, "\t", 2):
        return kinds.TSV
    return kinds.CSV if _are_rows(lines, ",", 3) or _are_rows(lines, ";", 2) else None


def _are_rows(lines: list[str], delimiter: str, least: int) -> bool:
    if delimiter not in lines[0]:
        return False
    rows = list(csv.reader(lines, delimiter=delimiter))
    full = rows[:-1] if len(lines) == CSV_LINES else rows
    widths = {len(row) for row in full}
    is_short = all(len(cell) <= MAX_CELL_CHARACTERS for row in full for cell in row)
    is_code = all(not row[-1] or row[-1].endswith((";", "{")) for row in full if row)
    return len(widths) == 1 and widths.pop() >= least and is_short and not is_code


def _code_type(text: str) -> str | None:
    """The language with most telling lines, if these are enough of the text; a text with fenced code is about code."""
    if _FENCE.search(text):
        return None
    text = _FRONT_MATTER.sub("", text)
    lines = sum(1 for line in text.split("\n") if line.strip())
    counts = {language: len(signs.findall(text)) for language, signs in _STRONG_SIGNS.items()}
    best = max(counts, key=lambda language: counts[language])
    if counts[best] >= max(MIN_STRONG, MIN_STRONG_SHARE * lines):
        return f"text/x-{best}"
    consists = (
        language for language, signs in _LOOSE_SIGNS.items() if len(signs.findall(text)) >= max(MIN_STRONG, MIN_LOOSE_SHARE * lines)
    )
    return next((f"text/x-{language}" for language in consists if _LOOSE_PROOF[language].search(text)), None)


def _whole_characters(head: bytes) -> bytes:
    """Without the UTF-8 character that the cut at `HEAD_BYTES` may have split."""
    if len(head) < HEAD_BYTES:
        return head
    tail = next((back for back in range(1, 5) if head[-back] & 0xC0 != 0x80), 0)
    return head[:-tail] if tail else head

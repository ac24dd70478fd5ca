"""One content block as HTML: its number, its place and its text as what it is. Everything of the file is escaped."""

import json
from collections.abc import Mapping, Sequence
from html import escape
from typing import cast

from semantic_memory.core.model import BlockType, ContentBlock, JsonValue

MAX_ROWS = 200
"""Rows of a table that are shown; a browser is slow with a whole sheet, and the first rows tell whether it was read well."""
MAX_DETAILS = 2000
"""Characters of a block's metadata that are shown."""
INNER_PLACES = ("cell", "part", "chapter")
"""Pieces of a file that count their lines for themselves: of a notebook, an e-mail, a book."""
NAMED_PLACES = ("slide", *INNER_PLACES)
MAX_LEVEL = 6
"""Deepest heading and deepest indentation that the style sheet tells apart."""
SHOWN_AS_CONTENT = frozenset({"rows", "items", "spans"})
"""Metadata that is the block's content, and drawn as such."""


def block_html(block: ContentBlock) -> str:
    """The block as an element with the id `block-<number>`."""
    number = block.order + 1
    facts = [block.type.value, _text(block.metadata.get("original_type")), *places(block), block.language or ""]
    shown = "".join(f"<span>{escape(fact)}</span>" for fact in facts if fact)
    return (
        f'<article class="block {block.type}" id="block-{number}" data-block="{number}">'
        f"<header><b>{number}</b>{shown}</header>{_content(block)}{_details(block)}</article>"
    )


def places(block: ContentBlock) -> list[str]:
    """Where the block stands in its file, as a reader would say it; the page is told by the heading above."""
    known = block.metadata
    first, last = known.get("start_line"), known.get("end_line")
    lines = "" if first is None else f"line {first}" if first == last else f"lines {first}–{last}"
    cells = "!".join(part for part in (_text(known.get("sheet")), _text(known.get("cells"))) if part)
    named = [f"{name} {known[name]}" for name in NAMED_PLACES if known.get(name) is not None]
    section = known.get("section")
    path = " › ".join(map(str, section)) if isinstance(section, list) else _text(section)
    return [place for place in (cells, *named, lines, _text(known.get("symbol")), _text(known.get("key_path")), path) if place]


def _content(block: ContentBlock) -> str:
    text = escape(block.text)
    rows, items = block.metadata.get("rows"), block.metadata.get("items")
    if block.type is BlockType.HEADING:
        level = _level(block.metadata)
        return f'<p class="content" role="heading" aria-level="{level + 2}" data-level="{level}">{text}</p>'
    if block.type is BlockType.TABLE and isinstance(rows, list) and rows:
        return f'<div class="content">{_table(cast("Sequence[Sequence[JsonValue]]", rows), block.metadata)}</div>'
    if block.type is BlockType.LIST and isinstance(items, list) and items:
        return f'<ul class="content">{"".join(map(_item, cast("Sequence[Mapping[str, JsonValue]]", items)))}</ul>'
    return f'<pre class="content">{text}</pre>' if block.type is BlockType.CODE else f'<p class="content">{text}</p>'


def _item(item: Mapping[str, JsonValue]) -> str:
    box = {None: "", True: "☑ ", False: "☐ "}[cast("bool | None", item.get("checked"))]
    level = min(cast("int", item.get("level") or 0), MAX_LEVEL)
    return f'<li data-level="{level}"><i>{escape(str(item.get("marker") or "-"))}</i><span>{box}{escape(str(item.get("text")))}</span></li>'


def _table(rows: Sequence[Sequence[JsonValue]], known: Mapping[str, JsonValue]) -> str:
    spans = _spans(known.get("spans"), rows)
    covered = {
        (row + down, column + right) for (row, column), (height, width) in spans.items() for down in range(height) for right in range(width)
    }
    hidden = covered - spans.keys()
    header_rows = cast("int", known.get("header_rows") or 0)
    lines = [
        "".join(_cell(cell, spans.get((row, column), (1, 1)), "th" if row < header_rows else "td")
                for column, cell in enumerate(cells) if (row, column) not in hidden)
        for row, cells in enumerate(rows[:MAX_ROWS])
    ]  # fmt: skip
    left_out = f"<caption>… and {len(rows) - MAX_ROWS} more rows</caption>" if len(rows) > MAX_ROWS else ""
    return f"<table>{left_out}{''.join(f'<tr>{line}</tr>' for line in lines)}</table>"


def _spans(value: JsonValue, rows: Sequence[Sequence[JsonValue]]) -> dict[tuple[int, int], tuple[int, int]]:
    """(row, column) → (height, width) of merged cells; none reaches beyond the table."""
    columns = max(map(len, rows))
    told = cast("Sequence[tuple[int, int, int, int]]", value or ())
    return {(row, column): (min(height, len(rows) - row), min(width, columns - column)) for row, column, height, width in told}


def _cell(cell: JsonValue, span: tuple[int, int], tag: str) -> str:
    height, width = span
    merged = (f' rowspan="{height}"' if height > 1 else "") + (f' colspan="{width}"' if width > 1 else "")
    return f"<{tag}{merged}>{escape(_text(cell))}</{tag}>"


def _details(block: ContentBlock) -> str:
    known = [(name, value) for name, value in block.metadata.items() if name not in SHOWN_AS_CONTENT]
    if not known:
        return ""
    told = "\n".join(f"{name}: {json.dumps(value, ensure_ascii=False)}" for name, value in known)
    return f"<details><summary>metadata</summary><pre>{escape(told[:MAX_DETAILS])}</pre></details>"


def _level(known: Mapping[str, JsonValue]) -> int:
    level = known.get("level")
    return min(max(level, 1), MAX_LEVEL) if isinstance(level, int) else 1


def _text(value: JsonValue) -> str:
    return "" if value is None else str(value)

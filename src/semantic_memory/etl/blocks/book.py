"""Structured books: JSON files of the form `{"document_type": "structured_text", "metadata", "content_blocks", "summary", "version"}`."""

from collections.abc import Iterator, Mapping, Sequence

from semantic_memory.core.model import BlockDraft, BlockType, Json, JsonValue
from semantic_memory.etl.blocks.lists import ListItem, list_text
from semantic_memory.etl.blocks.tables import table_text

DOCUMENT_TYPE = "structured_text"
_TYPES: Mapping[str, BlockType] = {
    "paragraph": BlockType.PARAGRAPH,
    "heading": BlockType.HEADING,
    "list": BlockType.LIST,
    "table": BlockType.TABLE,
    "code_block": BlockType.CODE,
    "quote": BlockType.PARAGRAPH,
    "figure": BlockType.IMAGE,
}
_TEXT_KEYS = ("text", "content", "title", "caption", "alt", "description", "label", "value")
_CHILD_KEYS = ("items", "children", "subitems", "list")
_HEADER_KEYS = ("headers", "header", "columns")
_ROW_KEYS = ("rows", "data", "cells")
MAX_DEPTH = 20
"""Nested lists are followed this deep; deeper content is written out as JSON."""
MAX_CELLS = 1_000_000
"""Of one table, with those that fill it up to a rectangle; a larger one is written out as text."""


def book_block(block: JsonValue, metadata: Json) -> BlockDraft:
    """The block for one entry of `content_blocks`, one to one; its text is empty exactly when the entry has nothing to show.

    The entry's own metadata is kept, `original_type` names its type, and `metadata` (its place in the file) wins over both.
    """
    fields: Json = block if isinstance(block, dict) else {"type": "paragraph", "content": block}
    original = str(fields.get("type") or "paragraph").lower()
    kind = _TYPES.get(original, BlockType.PARAGRAPH)
    own = _own_metadata(fields)
    structure, text = _content(kind, fields.get("content"))
    return BlockDraft(
        kind,
        text if text.strip() else _described(own),
        page=_page(own),
        language=_code_language(own) if kind is BlockType.CODE else None,
        metadata={**own, **structure, **_level(kind, fields), "original_type": original, **metadata},
    )


def _own_metadata(fields: Json) -> dict[str, JsonValue]:
    own = fields.get("metadata")
    return dict(own) if isinstance(own, dict) else {}


def _content(kind: BlockType, content: JsonValue) -> tuple[dict[str, JsonValue], str]:
    """What the content adds to the metadata, and its text."""
    if content is None or isinstance(content, str):
        return {}, content or ""
    if kind is BlockType.TABLE:
        return _table(content)
    if kind is BlockType.LIST:
        items = list(_items(content, 0))
        return {"items": [item.to_json() for item in items]}, list_text(items)
    if kind is BlockType.IMAGE and isinstance(content, dict):
        source = next((str(content[key]) for key in ("src", "url", "path", "image") if content.get(key)), "")
        return ({"src": source} if source else {}), _described(content)
    return {}, _text(content)


def _table(content: JsonValue) -> tuple[dict[str, JsonValue], str]:
    """Rows from `{"headers", "rows"}`, from lists of cells or from records; a caption stands above them."""
    fields: Json = content if isinstance(content, dict) else {"rows": content}
    headers = _strings(_first(fields, _HEADER_KEYS))
    entries = _first(fields, _ROW_KEYS)
    entries = entries if isinstance(entries, list) else []
    if not headers:
        headers = list(dict.fromkeys(str(key) for entry in entries if isinstance(entry, dict) for key in entry))
    if len(headers) * len(entries) > MAX_CELLS:
        return {}, _text(content)
    rows = [headers] * bool(headers) + [_cells(entry, headers) for entry in entries]
    width = max(map(len, rows), default=0)
    if width * len(rows) == 0 or width * len(rows) > MAX_CELLS:
        return {}, _text(content)
    rows = [row + [""] * (width - len(row)) for row in rows]
    caption = [str(fields[key]) for key in ("caption", "title") if fields.get(key)][:1]
    cells: list[JsonValue] = [list[JsonValue](row) for row in rows]
    return {"rows": cells, "header_rows": int(bool(headers))}, "\n".join([*caption, table_text(rows, int(bool(headers)))])


def _cells(entry: JsonValue, headers: Sequence[str]) -> list[str]:
    if isinstance(entry, dict):
        nested = _first(entry, ("cells",))
        return _strings(nested) if isinstance(nested, list) else [_text(entry.get(header, "")) for header in headers]
    return _strings(entry)


def _strings(value: JsonValue) -> list[str]:
    if value is None:
        return []
    return [_text(item) for item in value] if isinstance(value, list) else [_text(value)]


def _items(content: JsonValue, level: int) -> Iterator[ListItem]:
    """Items of nested lists: strings, lists, or mappings with a text and children."""
    for entry in content if isinstance(content, list) else [content]:
        if isinstance(entry, list) and level < MAX_DEPTH:
            yield from _items(entry, level + 1)
        elif isinstance(entry, dict) and level < MAX_DEPTH:
            yield from _item(entry, level)
        else:
            yield ListItem(level, "-", _text(entry))


def _item(entry: Json, level: int) -> Iterator[ListItem]:
    text = _first(entry, _TEXT_KEYS)
    children = _first(entry, _CHILD_KEYS)
    if text is None and children is None:
        yield ListItem(level, "-", _text(entry))
        return
    if text is not None:
        yield ListItem(level, "-", _text(text))
    if children is not None:
        yield from _items(children, level + (text is not None))


def _text(content: JsonValue) -> str:
    """Readable text of any JSON value: lines of a list, `key: value` lines of a mapping."""
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        return "\n".join(filter(None, map(_text, content)))
    if isinstance(content, dict):
        return "\n".join(f"{key}: {_text(value)}" for key, value in content.items() if value not in (None, "", [], {}))
    return "" if content is None else str(content)


def _described(fields: Json) -> str:
    """What a caption, title or the like says of a block without content of its own."""
    value = _first(fields, ("caption", "alt", "alt_text", "title", "description", "text", "label"))
    return "" if value is None else _text(value)


def _first(fields: Json, keys: Sequence[str]) -> JsonValue:
    return next((fields[key] for key in keys if fields.get(key) not in (None, "", [], {})), None)


def _level(kind: BlockType, fields: Json) -> dict[str, JsonValue]:
    level = fields.get("level")
    if isinstance(level, int) and not isinstance(level, bool) and (kind is BlockType.HEADING or level):
        return {"level": level}
    return {"level": 1} if kind is BlockType.HEADING else {}


def _page(metadata: Json) -> int | None:
    page = _first(metadata, ("page", "page_number"))
    return page if isinstance(page, int) and not isinstance(page, bool) and page > 0 else None


def _code_language(metadata: Json) -> str | None:
    language = metadata.get("language")
    return language.strip().lower() or None if isinstance(language, str) else None

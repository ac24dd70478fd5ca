"""Lists and images as blocks: items with their nesting in the metadata, an indented rendering as the text."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from semantic_memory.core.model import BlockDraft, BlockType, JsonValue

MAX_INDENT = 10
"""Deepest level that is shown by indentation; without a limit the text of n nested lists has n² blanks."""

NAMES_PER_BLOCK = 100
"""Some 1,500 tokens: a longer list would be one block of a size that nothing else has."""


@dataclass(slots=True)
class ListItem:
    """`level` counts from 0; `marker` is "-" or a number with a dot; `checked` is set for tasks only."""

    level: int
    marker: str
    text: str = ""
    checked: bool | None = None

    def to_json(self) -> dict[str, JsonValue]:
        fields: dict[str, JsonValue] = {"level": self.level, "marker": self.marker, "text": self.text}
        return fields if self.checked is None else {**fields, "checked": self.checked}


def list_block(items: Sequence[ListItem], *, page: int | None = None, metadata: Mapping[str, JsonValue] | None = None) -> BlockDraft:
    """A list block; its metadata `items` have level, marker, text and, for tasks, checked. Items without text are left out."""
    kept = [item for item in items if item.text.strip()]
    cells: list[JsonValue] = [item.to_json() for item in kept]
    return BlockDraft(BlockType.LIST, list_text(kept), page=page, metadata={**(metadata or {}), "items": cells})


def name_lists(names: Sequence[str]) -> Iterator[BlockDraft]:
    """The names as list blocks of a bearable length."""
    for start in range(0, len(names), NAMES_PER_BLOCK):
        yield list_block([ListItem(0, "-", name) for name in names[start : start + NAMES_PER_BLOCK]], metadata={"original_type": "members"})


def list_text(items: Sequence[ListItem]) -> str:
    """One line per item, nested items indented by two blanks; further lines of an item are aligned below its first."""
    return "\n".join(_item_text(item) for item in items)


def image_block(alt: str, source: str, metadata: Mapping[str, JsonValue] | None = None) -> BlockDraft:
    """An image block with `alt` and `src`; without a description its text is the file name of its source."""
    is_inline = source.startswith("data:")
    name = "" if is_inline else source.partition("?")[0].rstrip("/").rpartition("/")[2]
    place: dict[str, JsonValue] = {} if is_inline or not source else {"src": source}
    return BlockDraft(BlockType.IMAGE, alt.strip() or name, metadata={**(metadata or {}), "alt": alt.strip(), **place})


def _item_text(item: ListItem) -> str:
    indent = "  " * min(item.level, MAX_INDENT)
    task = "" if item.checked is None else "[x] " if item.checked else "[ ] "
    hang = " " * (len(item.marker) + 1)
    return f"{indent}{item.marker} {task}" + item.text.replace("\n", f"\n{indent}{hang}")

"""Paragraphs in their order → blocks: neighbours that are one list, one listing or one table of contents become one block."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from semantic_memory.core.model import BlockDraft, BlockType, JsonValue
from semantic_memory.etl.blocks.lists import ListItem, list_block
from semantic_memory.etl.word.style_names import Role

Kind = Literal["list", "code", "contents"]
_JOINED: dict[Role, Kind] = {"code": "code", "contents": "contents"}
_NAMED: frozenset[Role] = frozenset({"title", "subtitle", "quote", "caption"})
"""Roles that a block keeps as its `original_type`."""


@dataclass(frozen=True, slots=True)
class ListPlace:
    """Where a list item stands: `level` from 0; items of different lists of level 0 are not joined."""

    list_id: str
    level: int
    marker: str


@dataclass(frozen=True, slots=True)
class Look:
    """What a paragraph is: its role, the level of a heading, the place of a list item (a heading's item gives its number)."""

    role: Role = "text"
    level: int = 1
    item: ListPlace | None = None


@dataclass(slots=True)
class Extras:
    """What hangs on a paragraph: links and numbers of notes for its metadata, blocks (notes, text boxes, pictures) to stand behind it."""

    links: list[JsonValue] = field(default_factory=list[JsonValue])
    notes: list[JsonValue] = field(default_factory=list[JsonValue])
    behind: list[BlockDraft] = field(default_factory=list[BlockDraft])

    def add(self, other: "Extras") -> None:
        self.links += other.links
        self.notes += other.notes
        self.behind += other.behind

    def metadata(self) -> dict[str, JsonValue]:
        named = {"links": self.links, "notes": self.notes}
        return {name: found for name, found in named.items() if found}


@dataclass(slots=True)
class _Run:
    """Neighbours that become one block."""

    kind: Kind
    page: int | None
    list_id: str = ""
    items: list[ListItem] = field(default_factory=list[ListItem])
    lines: list[str] = field(default_factory=list[str])
    extras: Extras = field(default_factory=Extras)

    def block(self) -> BlockDraft:
        metadata = self.extras.metadata()
        if self.kind == "list":
            return list_block(self.items, page=self.page, metadata=metadata)
        text = "\n".join(self.lines).strip("\n")
        if self.kind == "code":
            return BlockDraft(BlockType.CODE, text, page=self.page, metadata=metadata)
        return BlockDraft(BlockType.PARAGRAPH, text, page=self.page, metadata={**metadata, "original_type": "contents"})


class Flow:
    """Collects paragraphs and tables; a document, a table cell, a text box and a note are a flow each."""

    def __init__(self) -> None:
        self._entries: list[tuple[BlockDraft, bool]] = []
        self._run: _Run | None = None

    def add(self, text: str, look: Look, extras: Extras, page: int | None = None) -> None:
        """A paragraph. One without visible text only leaves what hangs on it, and a blank line in code."""
        if not text.strip():
            self._add_blank(extras, page)
        elif look.item is not None and look.role != "heading":
            self._add_item(text.strip(), look.item, extras, page)
        elif look.role == "continued" and self._run is not None and self._run.kind == "list":
            self._continue_item(self._run, text.strip(), extras)
        elif look.role in _JOINED:
            self._add_line(text.rstrip(), _JOINED[look.role], extras, page)
        else:
            self.add_block(_prose(text.strip(), look, extras, page), extras.behind)

    def add_block(self, block: BlockDraft, behind: Sequence[BlockDraft] = ()) -> None:
        """A finished block, and what stands behind it without being part of the text."""
        self._end_run()
        self._entries.append((block, False))
        self._entries += _placed(behind, block.page)

    def take(self, other: "Flow") -> None:
        """All that the other flow holds."""
        self._end_run()
        self._entries += other.entries()

    def entries(self) -> list[tuple[BlockDraft, bool]]:
        """The blocks in order, and whether each only stands behind another."""
        self._end_run()
        return self._entries

    def blocks(self) -> list[BlockDraft]:
        return [block for block, _ in self.entries()]

    def text(self) -> str:
        """The text alone, a line per block, for a flow that is part of another one's text."""
        return "\n".join(_plain_text(block) for block, is_behind in self.entries() if not is_behind)

    def extras(self) -> Extras:
        """What hangs on the text."""
        extras = Extras()
        for block, is_behind in self.entries():
            if is_behind:
                extras.behind.append(block)
            else:
                extras.links += _listed(block, "links")
                extras.notes += _listed(block, "notes")
        return extras

    def _add_blank(self, extras: Extras, page: int | None) -> None:
        if self._run is not None:
            self._run.lines.append("")
            self._run.extras.add(extras)
        else:
            self._entries += _placed(extras.behind, page)

    def _add_item(self, text: str, place: ListPlace, extras: Extras, page: int | None) -> None:
        run = self._open("list", page, list_id=place.list_id, is_nested=place.level > 0)
        run.items.append(ListItem(place.level, place.marker, text))
        run.extras.add(extras)

    def _continue_item(self, run: _Run, text: str, extras: Extras) -> None:
        run.items[-1].text += f"\n{text}"
        run.extras.add(extras)

    def _add_line(self, line: str, kind: Kind, extras: Extras, page: int | None) -> None:
        run = self._open(kind, page)
        run.lines.append(line)
        run.extras.add(extras)

    def _open(self, kind: Kind, page: int | None, *, list_id: str = "", is_nested: bool = False) -> _Run:
        """The run to go on with; one of another kind, or another list at the outermost level, ends here."""
        run = self._run
        if run is None or run.kind != kind or not (is_nested or run.list_id == list_id):
            self._end_run()
            run = self._run = _Run(kind, page, list_id)
        return run

    def _end_run(self) -> None:
        if self._run is not None:
            run, self._run = self._run, None
            self._entries.append((run.block(), False))
            self._entries += _placed(run.extras.behind, run.page)


def named_block(text: str, original_type: str, **metadata: JsonValue) -> BlockDraft:
    """A paragraph beside the text: a footnote, comment, header …"""
    return BlockDraft(BlockType.PARAGRAPH, text, metadata={**metadata, "original_type": original_type})


def renamed(blocks: Sequence[BlockDraft], original_type: str) -> Iterator[BlockDraft]:
    """The same blocks, whose plain paragraphs say where they stand."""
    for block in blocks:
        is_plain = block.type is BlockType.PARAGRAPH and "original_type" not in block.metadata
        yield replace(block, metadata={**block.metadata, "original_type": original_type}) if is_plain else block


def _placed(behind: Sequence[BlockDraft], page: int | None) -> Iterator[tuple[BlockDraft, bool]]:
    """What stands behind a block is on its page, unless it knows better."""
    for block in behind:
        yield (replace(block, page=page) if block.page is None else block), True


def _prose(text: str, look: Look, extras: Extras, page: int | None) -> BlockDraft:
    metadata = extras.metadata()
    if look.role in _NAMED:
        metadata["original_type"] = look.role
    if look.role not in {"heading", "title"}:
        return BlockDraft(BlockType.PARAGRAPH, text, page=page, metadata=metadata)
    number = look.item.marker if look.item is not None and look.item.marker != "-" else ""
    if number:
        metadata["number"] = number
    title = " ".join(f"{number} {text}".split())
    return BlockDraft(BlockType.HEADING, title, page=page, metadata={**metadata, "level": look.level})


def _plain_text(block: BlockDraft) -> str:
    """A table inside a cell as a line per row, its cells set apart by tabs."""
    rows = block.metadata.get("rows")
    if block.type is not BlockType.TABLE or not isinstance(rows, list):
        return block.text
    return "\n".join("\t".join(str(cell) for cell in row if cell) for row in rows if isinstance(row, list))


def _listed(block: BlockDraft, key: str) -> list[JsonValue]:
    found = block.metadata.get(key)
    return list(found) if isinstance(found, list) else []

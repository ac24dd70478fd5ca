"""Plain text → blocks: paragraphs between blank lines, and what is surely a heading or a list."""

import re
from collections.abc import Iterator, Sequence

from semantic_memory.core.model import BlockDraft, BlockType
from semantic_memory.etl.blocks.lists import ListItem, list_block

MAX_LINES = 60
"""A run of lines without a blank one (a log, a poem) is cut here, so that an anchor stays a place one can look at."""
_ITEM = re.compile(r"(\s*)([-*•‣◦–]|\(?\d{1,3}[.)]|\(?[a-z][.)])\s+(\S.*)")
_UNDERLINE = re.compile(r"([=\-~^\"'`#*+.])\1{2,}\s*")
_NUMBERED = re.compile(r"(?:chapter|part|section|appendix)\s+[\divxlc]+\b.{0,80}|\d+(?:\.\d+)+\.?\s+\S.{0,80}", re.IGNORECASE)


def paragraph_blocks(text: str, *, first_line: int = 1) -> Iterator[BlockDraft]:
    """Blocks with start_line and end_line, counted from `first_line`; every visible character of the text is in one of them."""
    for start, run in _runs(text.split("\n"), first_line):
        if len(run) > 1 and _is_underlined(run):
            yield _heading(run[0], start, start + 1)
            yield from _block(start + 2, run[2:])
        else:
            yield from _block(start, run)


def _runs(lines: Sequence[str], first_line: int) -> Iterator[tuple[int, list[str]]]:
    """Runs of non-blank lines, at most `MAX_LINES` long, with the number of their first line."""
    run: list[str] = []
    for number, line in enumerate([*lines, ""], start=first_line):
        if run and (not line.strip() or len(run) == MAX_LINES):
            yield number - len(run), run
            run = []
        if line.strip():
            run.append(line)


def _block(start: int, run: Sequence[str]) -> Iterator[BlockDraft]:
    end = start + len(run) - 1
    if not run:
        return
    if len(run) == 1 and _NUMBERED.fullmatch(run[0].strip()):
        yield _heading(run[0], start, end)
    elif len(run) > 1 and _ITEM.match(run[0]) and sum(1 for line in run if _ITEM.match(line)) > 1:
        yield list_block(_items(run), metadata={"start_line": start, "end_line": end})
    else:
        yield BlockDraft(BlockType.PARAGRAPH, _dedented(run), metadata={"start_line": start, "end_line": end})


def _heading(line: str, start: int, end: int) -> BlockDraft:
    number = re.match(r"\d+(?:\.\d+)*", line.strip())
    level = number[0].count(".") + 1 if number else 1
    return BlockDraft(BlockType.HEADING, line.strip(), metadata={"level": min(level, 6), "start_line": start, "end_line": end})


def _is_underlined(run: Sequence[str]) -> bool:
    return (
        bool(_UNDERLINE.fullmatch(run[1].strip())) and len(run[0].strip()) <= len(run[1].strip()) + 2 and not _UNDERLINE.fullmatch(run[0])
    )


def _items(run: Sequence[str]) -> list[ListItem]:
    """An item per marked line; other lines continue the item above."""
    items: list[ListItem] = []
    for line in run:
        item = _ITEM.match(line)
        if item:
            items.append(ListItem(len(item[1].expandtabs(4)) // 2, item[2] if item[2][-1] in ".)" else "-", item[3].strip()))
        else:
            items[-1].text += "\n" + line.strip()
    return items


def _dedented(run: Sequence[str]) -> str:
    indent = min(len(line) - len(line.lstrip()) for line in run)
    return "\n".join(line[indent:].rstrip() for line in run)

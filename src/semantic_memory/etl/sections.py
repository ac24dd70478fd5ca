"""Groups blocks into sections: runs of blocks under one heading path."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from semantic_memory.core.model import BlockType, ContentBlock
from semantic_memory.core.ports import Tokenizer
from semantic_memory.etl.rulers import Ruler, measure

PATH_SHARE = 4
"""A heading path takes at most 1/4 of the budget, one heading in it at most 1/8."""
DEEPEST_LEVEL = 16
"""Deeper headings count as this level, which bounds the work per block."""
ELLIPSIS = "…"
_SEPARATOR_TOKENS = 1
"""Of " > " between two headings."""


@dataclass(frozen=True, slots=True)
class Section:
    """Blocks by number, in order. The text of `silent` ones goes into no passage: the path shows it, or there is none.

    `is_exact` is False when a name had to be cut, so that `path_tokens` is an estimate.
    """

    path: tuple[str, ...]
    path_tokens: int
    is_exact: bool
    numbers: list[int] = field(default_factory=list[int])
    silent: set[int] = field(default_factory=set[int])


@dataclass(frozen=True, slots=True)
class _Name:
    """One entry of a heading path. `number` is the heading block it comes from, if it is one."""

    text: str
    number: int | None
    level: int = 0


def sections(blocks: Sequence[ContentBlock], tokenizer: Tokenizer, budget: int) -> list[Section]:
    """The document's sections in order; every block is in exactly one, unless no block has text.

    A heading is silent when it heads something and fits into the path as it is.
    """
    walked = list(_walk(blocks))
    texts = sorted({name.text for names in walked for name in names})
    fitter = _PathFitter(dict(zip(texts, measure(texts, tokenizer), strict=True)), budget)
    return _grouped(blocks, walked, fitter)


def _grouped(blocks: Sequence[ContentBlock], walked: Sequence[tuple[_Name, ...]], fitter: "_PathFitter") -> list[Section]:
    found: list[Section] = []
    waiting: list[int] = []
    last: tuple[_Name, ...] | None = None
    for number, (block, names) in enumerate(zip(blocks, walked, strict=True)):
        if _is_blank(block) or (names and names[-1].number == number):
            waiting.append(number)
            continue
        if names != last:
            found.append(fitter.section(names))
            last = names
        _settle(found[-1], blocks, waiting, names)
        found[-1].numbers.append(number)
        waiting = []
    if found:
        _settle(found[-1], blocks, waiting, ())
    return found


def _settle(section: Section, blocks: Sequence[ContentBlock], waiting: Sequence[int], names: Sequence[_Name]) -> None:
    shown = {name.number for name in names if name.text in section.path}
    section.numbers.extend(waiting)
    section.silent.update(number for number in waiting if number in shown or _is_blank(blocks[number]))


def _walk(blocks: Sequence[ContentBlock]) -> Iterator[tuple[_Name, ...]]:
    """Each block's path; a heading with a body is on its own path."""
    heads = _with_body(blocks)
    stack: list[_Name] = []
    for number, block in enumerate(blocks):
        if block.type is BlockType.HEADING and not _is_blank(block):
            level = _level(block)
            while stack and stack[-1].level >= level:
                stack.pop()
            if number in heads:
                stack.append(_Name(" ".join(block.text.split()), number, level))
        yield (*stack, *_symbol_path(block))


def _with_body(blocks: Sequence[ContentBlock]) -> frozenset[int]:
    """Numbers of headings with text below them before the next heading of their level."""
    found: set[int] = set()
    stack: list[tuple[int, int]] = []
    for number, block in enumerate(blocks):
        if _is_blank(block):
            continue
        if block.type is BlockType.HEADING:
            while stack and stack[-1][1] >= _level(block):
                stack.pop()
            stack.append((number, _level(block)))
        else:
            found.update(heading for heading, _ in stack)
    return frozenset(found)


def _level(block: ContentBlock) -> int:
    level = block.metadata.get("level")
    return min(max(level, 1), DEEPEST_LEVEL) if isinstance(level, int) else 1


def _is_blank(block: ContentBlock) -> bool:
    return not block.text.strip()


def _symbol_path(block: ContentBlock) -> tuple[_Name, ...]:
    """Source code has no heading blocks: its blocks name their file and class in `section`."""
    section = block.metadata.get("section")
    if block.type is not BlockType.CODE or not isinstance(section, list):
        return ()
    return tuple(_Name(" ".join(entry.split()), None) for entry in section if isinstance(entry, str) and entry.strip())


@dataclass(frozen=True, slots=True)
class _PathFitter:
    """Shortens heading paths to their share of the budget: long names are cut, then outer names are left out."""

    rulers: Mapping[str, Ruler]
    budget: int

    def section(self, names: Sequence[_Name]) -> Section:
        path: list[str] = []
        total = 0
        for name in reversed(names):
            text, tokens = self._cut(name.text)
            if path and total + tokens + _SEPARATOR_TOKENS > self.budget // PATH_SHARE:
                break
            total += tokens + (_SEPARATOR_TOKENS if path else 0)
            path.insert(0, text)
        return Section(tuple(path), total, is_exact=not any(entry.endswith(ELLIPSIS) for entry in path))

    def _cut(self, name: str) -> tuple[str, int]:
        ruler, share = self.rulers[name], self.budget // (2 * PATH_SHARE)
        if len(ruler.starts) <= share:
            return name, len(ruler.starts)
        kept = name[: ruler.starts[share - 1]]
        return (kept.rsplit(" ", 1)[0] or kept).rstrip() + ELLIPSIS, share

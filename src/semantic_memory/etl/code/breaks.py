"""Where a long stretch of code is best cut: before the statements of its outermost level, then before those inside them."""

from collections.abc import Mapping, Sequence

from tree_sitter import Node

from semantic_memory.etl.code.grammar import is_comment

LEVELS = 8
"""Levels of statements that are told; what is deeper is cut between lines."""
_INSIDE_BRACKETS = 1000
"""Added to the depth of what stands in round or square brackets: a cut between two arguments is worse than any between statements."""
_JOINED = 0
"""A line that stays with the comment above it."""


def statement_depths(root: Node, lines: Sequence[str]) -> dict[int, int]:
    """Line → depth in the tree of what starts there, for lines on which something starts. Iterative: nesting may be of any depth."""
    depths: dict[int, int] = {}
    waiting = [(root, 1)]
    while waiting:
        node, depth = waiting.pop()
        comment_end = 0
        inner = depth + (_INSIDE_BRACKETS if node.children and node.children[0].type in {"(", "["} else 1)
        for child in node.named_children:
            row, end_row = child.start_point.row, child.end_point.row
            if _starts_line(child, lines):
                depths.setdefault(row + 1, _JOINED if comment_end == row else inner)
                comment_end = end_row + 1 if is_comment(child) else 0
            if end_row > row:
                waiting.append((child, inner))
    return depths


def breaks(depths: Mapping[int, int], first: int, last: int) -> list[list[int]]:
    """Lines from `first` to `last` to cut before, the best level first."""
    found = {line: depths[line] for line in range(first, last + 1) if depths.get(line, _JOINED) != _JOINED}
    levels = sorted(set(found.values()))[:LEVELS]
    return [[line for line, depth in found.items() if depth == level] for level in levels]


def _starts_line(node: Node, lines: Sequence[str]) -> bool:
    row, column = node.start_point
    line = lines[row] if row < len(lines) else ""
    return column <= len(line) - len(line.lstrip())

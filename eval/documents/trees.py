"""Similarity of tables and of outlines by the edit distance of trees (Zhong, ShafieiBavani and Jimeno Yepes 2020 for tables: TEDS)."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from apted import APTED, Config
from rapidfuzz.distance import Levenshtein

from eval.documents.cells import Grid, normalised
from eval.documents.truth import Heading


@dataclass(slots=True)
class Node:
    """`kind` must agree exactly, `text` to some degree."""

    kind: tuple[object, ...]
    text: str = ""
    children: "list[Node]" = field(default_factory=list["Node"])

    @property
    def size(self) -> int:
        return 1 + sum(child.size for child in self.children)


class _Costs(Config):
    def rename(self, node1: Node, node2: Node) -> float:
        if node1.kind != node2.kind:
            return 1.0
        return Levenshtein.normalized_distance(node1.text, node2.text)

    def children(self, node: Node) -> list[Node]:
        return node.children


def table_similarity(one: Grid, other: Grid) -> float:
    """TEDS: 1 − edits / nodes of the larger tree. Whether a cell is a heading does not count, its spans and text do."""
    return _similarity(_table(one), _table(other))


def heading_similarity(found: Sequence[Heading], true: Sequence[Heading]) -> float:
    """As of tables, for the trees in which a heading hangs below the nearest heading before it of a higher rank."""
    return _similarity(_outline(found), _outline(true))


def _similarity(one: Node, other: Node) -> float:
    """The roots are the same in both and count for neither."""
    larger = max(one.size, other.size) - 1
    return 1 - APTED(one, other, _Costs()).compute_edit_distance() / larger if larger else 1.0


def _table(grid: Grid) -> Node:
    root = Node(("table",))
    rows: dict[int, Node] = {}
    for cell in sorted(grid.cells, key=lambda cell: (cell.row, cell.column)):
        row = rows.setdefault(cell.row, Node(("row",)))
        row.children.append(Node(("cell", cell.row_span, cell.column_span), normalised(cell.text)))
    root.children = list(rows.values())
    return root


def _outline(headings: Sequence[Heading]) -> Node:
    root = Node(("outline",))
    path = [(0, root)]
    for heading in headings:
        path = [(level, node) for level, node in path if level < heading.level]
        node = Node(("heading",), normalised(heading.text))
        path[-1][1].children.append(node)
        path.append((heading.level, node))
    return root

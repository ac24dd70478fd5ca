"""How a grammar says which nodes of its syntax tree are definitions."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from time import process_time
from typing import NamedTuple

import tree_sitter
from tree_sitter import Node

FUNCTION, METHOD, CLASS = "function", "method", "class"
GROUPS = frozenset({"namespace", "module", "package", "program"})
"""Kinds of containers whose functions are no methods."""
PARSE_SECONDS_PER_BYTE = 2e-6
"""CPU; source code takes 0.2 to 0.6 s a megabyte, a run of open brackets in some grammars minutes."""
LEAST_PARSE_SECONDS = 1.0
SLICE_BYTES = 1024
"""Handed to the parser at a time; the text of a node is read in such slices too."""
_COMMENTS = frozenset({"haddock", "marginalia", "pod"})
"""Comments whose type does not end with the word."""


class Named(NamedTuple):
    """What a node defines."""

    name: str
    kind: str
    is_container: bool = False


@dataclass(frozen=True, slots=True)
class Grammar:
    """A language's definitions.

    leaves: node type → kind of definitions that stay whole; containers: of those whose members are definitions of their own.
    names: node type → where its name is, steps between slashes, each a field or the type of a child; without one the field `name`.
    named: for what no table can say: the definition of a node, or None.
    wrappers: nodes whose text belongs to the definition in them (`export`, decorators, `template <…>`); sole_wrappers: if it is the
    only one in them. valued: node type → fields (name, value) of what defines a function only when the value is one.
    leading: nodes before a definition that belong to it, besides comments; trailing: nodes right behind it. bodied: types that only
    define something with a body. clauses: types of which neighbours with one name are one definition. imports: nodes that name other
    files; requires: what such a line looks like where it is a call. scopes: statements that qualify the names below them. loose: types
    that reach over the comments behind them. separator: between the names in a symbol.
    """

    module: str
    leaves: Mapping[str, str] = field(default_factory=dict[str, str])
    containers: Mapping[str, str] = field(default_factory=dict[str, str])
    names: Mapping[str, str] = field(default_factory=dict[str, str])
    named: Callable[[Node], Named | None] | None = None
    wrappers: frozenset[str] = frozenset()
    sole_wrappers: frozenset[str] = frozenset()
    valued: Mapping[str, tuple[str, str]] = field(default_factory=dict[str, tuple[str, str]])
    leading: frozenset[str] = frozenset()
    trailing: frozenset[str] = frozenset()
    bodied: frozenset[str] = frozenset()
    clauses: frozenset[str] = frozenset()
    imports: frozenset[str] = frozenset()
    requires: re.Pattern[str] | None = None
    scopes: frozenset[str] = frozenset()
    loose: frozenset[str] = frozenset()
    separator: str = "."
    entry: str = "language"

    def parse(self, text: str) -> Node | None:
        """The root of the syntax tree, or None when the text is so far from the language that parsing takes longer than it may.

        The grammar's module is imported here and not before.
        """
        pointer: object = getattr(import_module(self.module), self.entry)()
        source = text.replace("\0", " ").encode("utf-8", "replace")  # some scanners take a NUL for the end of the text
        deadline = process_time() + LEAST_PARSE_SECONDS + PARSE_SECONDS_PER_BYTE * len(source)
        try:
            tree = tree_sitter.Parser(tree_sitter.Language(pointer)).parse(
                lambda offset, _point: source[offset : offset + SLICE_BYTES],
                progress_callback=lambda _offset, _has_error: process_time() > deadline,
            )
        except ValueError:  # the parser's word for a callback that stopped it
            return None
        return tree.root_node


def is_comment(node: Node) -> bool:
    return node.type.endswith("comment") or node.type in _COMMENTS


def at(node: Node | None, path: str) -> Node | None:
    """The node at the end of the path: steps between slashes, each a field or the type of a child."""
    for step in path.split("/"):
        if node is None:
            return None
        parent = node
        node = parent.child_by_field_name(step) or next((child for child in parent.named_children if child.type == step), None)
    return node


def text_of(node: Node | None) -> str:
    return (node.text or b"").decode(errors="replace") if node else ""


def spans_lines(node: Node | None) -> bool:
    return node is not None and node.end_point.row > node.start_point.row

"""Source text → its definitions with exact lines, by walking the syntax tree."""

import inspect
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from tree_sitter import Node

from semantic_memory.etl.code.grammars import FUNCTION, FUNCTION_VALUES, METHOD, Grammar

DEEPEST_NESTING = 16
"""Containers within containers that are still taken apart."""
LONGEST_LINE = 2000
"""Characters; on longer lines several definitions share a line, and none has lines of its own."""
SIGNATURE_CHARACTERS = 400
NAME_CHARACTERS = 200

_COMMENT_MARKS = re.compile(r"^\s*(?:/{2,3}!?|/\*+!?|\*+/|\*+|#+(?!\[)|--)?\s?|\s*\*+/\s*$", re.MULTILINE)
_STRING_MARKS = re.compile(r"\A[a-zA-Z]*(\"{3}|'{3}|[\"'])(.*)\1\Z", re.DOTALL)
_FIXED_NAMES = {
    "secondary_constructor": "constructor",
    "init_declaration": "init",
    "deinit_declaration": "deinit",
    "subscript_declaration": "subscript",
}
_NAMING_FIELDS = {"impl_item": "type", "type_alias": "type", "operator_declaration": "operator"}
_KEYWORD_KINDS = frozenset({"interface", "struct", "enum", "actor", "extension"})
"""Kotlin and Swift call all of these `class_declaration`; the keyword tells them apart."""
_GROUPS = frozenset({"namespace", "module"})
"""Kinds of containers whose functions are no methods."""


@dataclass(slots=True)
class Definition:
    """A function, class or the like; lines are 1-based and inclusive and take in its decorators and the comments right above it.

    `symbol` is qualified by the containers it lies in, `Class.method`. `members` are the definitions inside a container, in order.
    """

    symbol: str
    kind: str
    start_line: int
    end_line: int
    signature: str
    docstring: str | None
    depth: int
    members: "list[Definition]" = field(default_factory=list["Definition"])


class _Visit(NamedTuple):
    """A node to look at, the lines it has with all that belongs to it, the comment above it, and the definition it lies in."""

    node: Node
    start: int
    end: int
    comment: str
    owner: Definition | None


@dataclass(slots=True)
class _Above:
    """Comments, attributes and decorators without a blank line between them."""

    start: int
    end: int
    comment: str

    def grown(self, node: Node) -> "_Above":
        text = _text(node) if node.type.endswith("comment") else ""
        if _line(node) > self.end + 1:
            return _Above(_line(node), _end_line(node), text)
        return _Above(self.start, _end_line(node), f"{self.comment}\n{text}")


_NOTHING = _Above(0, -1, "")


def definitions(text: str, grammar: Grammar) -> list[Definition]:
    """The definitions at the top of the file, in order; what does not parse is passed over. Iterative: nesting may be of any depth."""
    lines = text.split("\n")
    root = grammar.parser().parse(text.encode("utf-8", "replace")).root_node
    found: list[Definition] = []
    waiting = [_Visit(root, _line(root), len(lines), "", None)]
    while waiting:
        visit = waiting.pop()
        named = _named(visit.node, grammar)
        if named is None:
            waiting.extend(reversed(list(_inside(visit, visit.owner, grammar))))
            continue
        siblings = visit.owner.members if visit.owner else found
        if _has_own_lines(visit, siblings, lines):
            definition = _definition(visit, *named, lines)
            siblings.append(definition)
            if visit.node.type in grammar.containers and definition.depth < DEEPEST_NESTING:
                waiting.extend(reversed(list(_inside(visit._replace(start=_line(visit.node), comment=""), definition, grammar))))
    return found


def _inside(visit: _Visit, owner: Definition | None, grammar: Grammar) -> Iterator[_Visit]:
    """The children, each with the comments right above it; what a wrapper holds gets the wrapper's lines."""
    children = visit.node.named_children
    is_wrapper = visit.node.type in grammar.wrappers or (visit.node.type in grammar.sole_wrappers and len(children) == 1)
    above, last = _NOTHING, 0
    for child in children:
        start, end = _line(child), _end_line(child)
        if child.type.endswith("comment") or child.type in grammar.leading:
            has_own_line = start > last and not _bytes(child).startswith(b"#!")
            above = above.grown(child) if has_own_line else _NOTHING
        elif is_wrapper or (last == 0 and start == _line(visit.node)):
            yield _Visit(child, visit.start, visit.end if is_wrapper else end, visit.comment, owner)
        elif start == above.end + 1:
            yield _Visit(child, above.start, end, above.comment, owner)
        else:
            yield _Visit(child, start, end, "", owner)
        if child.type not in grammar.leading and not child.type.endswith("comment"):
            above = _NOTHING
        last = end


def _has_own_lines(visit: _Visit, siblings: Sequence[Definition], lines: Sequence[str]) -> bool:
    """Whether no line is shared with the definition before or with the line that opens the container."""
    owner_line = visit.owner.start_line if visit.owner else 0
    taken = siblings[-1].end_line if siblings else owner_line
    return visit.start > taken and max(len(lines[_line(visit.node) - 1]), len(lines[visit.end - 1])) <= LONGEST_LINE


def _definition(visit: _Visit, name: str, kind: str, lines: Sequence[str]) -> Definition:
    owner = visit.owner
    code_line = _line(visit.node)
    return Definition(
        symbol=f"{owner.symbol}.{name}" if owner else name,
        kind=METHOD if kind == FUNCTION and owner and owner.kind not in _GROUPS else kind,
        start_line=visit.start,
        end_line=visit.end,
        signature=_signature(visit.node, lines[code_line - 1]),
        docstring=_inner_docstring(visit.node) or _COMMENT_MARKS.sub("", visit.comment).strip() or None,
        depth=owner.depth + 1 if owner else 0,
    )


def _named(node: Node, grammar: Grammar) -> tuple[str, str] | None:
    """Name and kind when the node is a definition."""
    kind = grammar.leaves.get(node.type) or grammar.containers.get(node.type)
    if kind:
        is_only_mentioned = node.type in grammar.bodied and node.child_by_field_name("body") is None
        name = "" if is_only_mentioned else _name(node)
        is_method = kind == FUNCTION and "." in name
        return (name, METHOD if is_method else _keyword_kind(node) or kind) if name else None
    if fields := grammar.valued.get(node.type):
        name_node, value = map(node.child_by_field_name, fields)
        if name_node and value and value.type in FUNCTION_VALUES:
            return _text(name_node).strip("\"'")[:NAME_CHARACTERS], FUNCTION
    return None


def _name(node: Node) -> str:
    if fixed := _FIXED_NAMES.get(node.type):
        return fixed
    named = _name_node(node)
    if named is None:
        return "Companion" if node.type == "companion_object" else ""
    name = " ".join(_text(named).replace("::", ".").split())
    is_type = named.type in {"generic_type", "template_type", "user_type"}
    prefix = "operator " if node.type == "operator_declaration" else _receiver(node)
    return f"{prefix}{name.partition('<')[0] if is_type else name}"[:NAME_CHARACTERS]


def _name_node(node: Node) -> Node | None:
    parent = node.parent if node.type.endswith("_specifier") else None  # finding a parent takes time linear in its children
    if parent and parent.type == "type_definition":
        return parent.child_by_field_name("declarator")
    named = node.child_by_field_name("name") or _declared(node)
    if named is None and node.type in _NAMING_FIELDS:
        named = node.child_by_field_name(_NAMING_FIELDS[node.type])
    return named


def _declared(node: Node) -> Node | None:
    """The innermost declarator of a C declaration such as `char *(*name(int))[3]`."""
    named = node.child_by_field_name("declarator")
    while named is not None:
        inner = named.child_by_field_name("declarator")
        if inner is None and named.type in {"parenthesized_declarator", "reference_declarator"}:
            inner = named.named_children[-1] if named.named_children else None
        if inner is None:
            return named
        named = inner
    return None


def _receiver(node: Node) -> str:
    """`Type.` of a Go method."""
    receiver = node.child_by_field_name("receiver") if node.type == "method_declaration" else None
    words = _text(receiver).strip("() ").partition("[")[0].split() if receiver else []
    return f"{words[-1].lstrip('*')}." if words else ""


def _keyword_kind(node: Node) -> str | None:
    if node.type != "class_declaration":
        return None
    return next((child.type for child in node.children if child.type in _KEYWORD_KINDS), None)


def _signature(node: Node, line: str) -> str:
    """From the start of the definition's line to its body, on one line."""
    holder = next((child for child in node.named_children if child.type in FUNCTION_VALUES), node)
    bodies = [child for child in holder.named_children if child.type.endswith(("body", "block", "comment"))]
    body = min([*filter(None, [holder.child_by_field_name("body")]), *bodies], key=lambda child: child.start_byte, default=None)
    lead = line[: len(line.encode()[: node.start_point.column].decode(errors="replace"))]
    text = _bytes(node)[: body.start_byte - node.start_byte] if body else _bytes(node).partition(b"\n")[0]
    return " ".join((lead + text.decode(errors="replace")).split()).removesuffix("=>").rstrip("{:= ")[:SIGNATURE_CHARACTERS]


def _inner_docstring(node: Node) -> str | None:
    """Python's: a string as first statement of the body."""
    body = node.child_by_field_name("body")
    first = body.named_children[0] if body and body.named_children else None
    if first is None or first.type != "expression_statement" or first.named_children[0].type != "string":
        return None
    quoted = _STRING_MARKS.match(_text(first))
    return inspect.cleandoc(quoted[2]) if quoted else None


def _bytes(node: Node) -> bytes:
    return node.text or b""


def _text(node: Node) -> str:
    return _bytes(node).decode(errors="replace")


def _line(node: Node) -> int:
    return node.start_point.row + 1


def _end_line(node: Node) -> int:
    """Some grammars let a node end at the start of the line behind it."""
    row, column = node.end_point
    return row + 1 if column or row == node.start_point.row else row

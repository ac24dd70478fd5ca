"""What a node of a syntax tree defines: its name, kind and signature."""

import re

from tree_sitter import Node

from semantic_memory.etl.code.grammar import FUNCTION, METHOD, Grammar, Named, at, is_comment, text_of

SIGNATURE_CHARACTERS = 400
NAME_CHARACTERS = 200

_FUNCTION_VALUES = frozenset({"arrow_function", "function_expression", "generator_function", "class"})
_FIXED_NAMES = {
    "secondary_constructor": "constructor",
    "constructor_definition": "constructor",
    "init_declaration": "init",
    "deinit_declaration": "deinit",
    "subscript_declaration": "subscript",
}
_KEYWORD_KINDS = {**{word: word for word in ("interface", "struct", "enum", "actor", "extension")}, "enum_class_body": "enum"}
"""Kotlin and Swift call all of these `class_declaration`; the keyword tells them apart."""
_AROUND_DOT = re.compile(r" ?\. ?(?=\w)")
_TEMPLATE_ARGUMENTS = re.compile(r"<[^<>]{0,500}>(?=\s*::)")
_TYPES_WITH_ARGUMENTS = frozenset({"generic_type", "template_type", "user_type"})


def named(node: Node, grammar: Grammar) -> Named | None:
    """Name and kind when the node is a definition."""
    found = grammar.named(node) if grammar.named else None
    if found is None:
        found = _listed(node, grammar) or _valued(node, grammar)
    name = _AROUND_DOT.sub(".", " ".join(found.name.split()).strip('"`'))[:NAME_CHARACTERS] if found else ""
    return found._replace(name=name) if found and name else None


def body_of(node: Node) -> Node | None:
    """What the braces or the indentation of a definition hold."""
    holder = next((child for child in node.named_children if child.type in _FUNCTION_VALUES), node)
    bodies = [child for child in holder.named_children if child.type.endswith(("body", "block", "body_block"))]
    return min([*filter(None, [holder.child_by_field_name("body")]), *bodies], key=lambda child: child.start_byte, default=None)


def head_of(node: Node) -> Node:
    """The last piece of the definition before its body, or the definition when it has none."""
    body = body_of(node)
    holder = body.parent if body else None
    if body is None or holder is None:
        return node
    before = [child for child in holder.children if child.end_byte <= body.start_byte and not is_comment(child)]
    return before[-1] if before else node


def signature(node: Node, body: Node | None, line: str) -> str:
    """From the start of the definition's line to its body or first comment, on one line; without a body only the first line."""
    ends = [child for child in (body, *node.named_children) if child and (child == body or is_comment(child))]
    end = min(ends, key=lambda child: child.start_byte, default=None)
    lead = line[: len(line.encode()[: node.start_point.column].decode(errors="replace"))]
    whole = node.text or b""
    text = whole[: end.start_byte - node.start_byte] if end else whole
    told = text if body else text.partition(b"\n")[0]
    return " ".join((lead + told.decode(errors="replace")).split()).removesuffix("=>").rstrip("{:= ")[:SIGNATURE_CHARACTERS]


def _listed(node: Node, grammar: Grammar) -> Named | None:
    kind = grammar.leaves.get(node.type) or grammar.containers.get(node.type)
    if kind is None or (node.type in grammar.bodied and node.child_by_field_name("body") is None):
        return None
    if node.type in grammar.scopes and body_of(node) is None:
        return None
    name = _name(node, grammar.names.get(node.type))
    is_qualified = "." in name and node.type not in grammar.names
    kind = METHOD if kind == FUNCTION and is_qualified else _keyword_kind(node) or kind
    return Named(name, kind, node.type in grammar.containers)


def _valued(node: Node, grammar: Grammar) -> Named | None:
    """`name = function`."""
    fields = grammar.valued.get(node.type)
    if fields is None:
        return None
    name, value = map(node.child_by_field_name, fields)
    is_function = value is not None and value.type in _FUNCTION_VALUES
    return Named(text_of(name).strip("\"'"), FUNCTION) if is_function else None


def _name(node: Node, path: str | None) -> str:
    if fixed := _FIXED_NAMES.get(node.type):
        return fixed
    found = at(node, path) if path else _name_node(node)
    if found is None:
        return "Companion" if node.type == "companion_object" else ""
    name = _TEMPLATE_ARGUMENTS.sub("", text_of(found)).replace("::", ".")
    prefix = "operator " if path == "operator" else _receiver(node)
    return f"{prefix}{name.partition('<')[0] if found.type in _TYPES_WITH_ARGUMENTS else name}"


def _name_node(node: Node) -> Node | None:
    parent = node.parent if node.type.endswith("_specifier") else None  # finding a parent takes time linear in its children
    if parent and parent.type == "type_definition":
        return parent.child_by_field_name("declarator")
    return node.child_by_field_name("name") or _declared(node)


def _declared(node: Node) -> Node | None:
    """The innermost declarator of a C declaration such as `char *(*name(int))[3]`."""
    found = node.child_by_field_name("declarator")
    while found is not None:
        inner = found.child_by_field_name("declarator")
        if inner is None and found.type in {"parenthesized_declarator", "reference_declarator"}:
            inner = found.named_children[-1] if found.named_children else None
        if inner is None:
            return found
        found = inner
    return None


def _receiver(node: Node) -> str:
    """`Type.` of a Go method."""
    receiver = node.child_by_field_name("receiver") if node.type == "method_declaration" else None
    words = text_of(receiver).strip("() ").partition("[")[0].split()
    return f"{words[-1].lstrip('*')}." if words else ""


def _keyword_kind(node: Node) -> str | None:
    if node.type != "class_declaration":
        return None
    found = (_KEYWORD_KINDS[child.type] for child in node.children if child.type in _KEYWORD_KINDS)
    return next(found, None)

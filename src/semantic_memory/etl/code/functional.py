"""Definitions in languages where many of them are calls, equations or bindings."""

import re
from collections.abc import Mapping

from tree_sitter import Node

from semantic_memory.etl.code.grammar import CLASS, FUNCTION, Grammar, Named, at, text_of

_ELIXIR_KINDS = {
    "defmodule": "module",
    "defprotocol": "protocol",
    "defimpl": "implementation",
    "def": FUNCTION,
    "defp": FUNCTION,
    "defdelegate": FUNCTION,
    "defguard": FUNCTION,
    "defguardp": FUNCTION,
    "defmacro": "macro",
    "defmacrop": "macro",
    "test": "test",
    "describe": "module",
}
_ELIXIR_CONTAINERS = frozenset({"module", "protocol", "implementation"})


def _elixir(node: Node) -> Named | None:
    kind = _ELIXIR_KINDS.get(text_of(at(node, "target"))) if node.type == "call" else None
    arguments = at(node, "arguments")
    first = arguments.named_children[0] if kind and arguments and arguments.named_children else None
    if kind is None or first is None:
        return None
    while first.type == "binary_operator" and first.named_children:  # `name(…) when guard`
        first = first.named_children[0]
    name = text_of(at(first, "target") or first).strip('"')
    return Named(name, kind, kind in _ELIXIR_CONTAINERS) if name else None


def _julia(node: Node) -> Named | None:
    """`name(…) = …`, with or without types, and definitions whose name lies under types and supertypes."""
    if node.type in _JULIA_KINDS:
        head = at(node, "signature") or at(node, "type_head")
        return _julia_name(head, _JULIA_KINDS[node.type])
    if node.type == "assignment" and node.named_children and node.named_children[0].type in _JULIA_CALLS:
        return _julia_name(node.named_children[0], FUNCTION)
    return None


_JULIA_KINDS = {
    "function_definition": FUNCTION,
    "macro_definition": "macro",
    "struct_definition": "struct",
    "abstract_definition": "type",
    "primitive_definition": "type",
}
_JULIA_CALLS = frozenset({"call_expression", "where_expression", "typed_expression"})
_JULIA_NAMES = frozenset({"identifier", "field_expression", "operator"})


def _julia_name(node: Node | None, kind: str) -> Named | None:
    is_call = kind not in {FUNCTION, "macro"}
    while node is not None and node.type not in _JULIA_NAMES:
        is_call = is_call or node.type == "call_expression"
        node = node.named_children[0] if node.named_children else None
    return Named(text_of(node), kind) if node is not None and is_call else None


def _nix(node: Node) -> Named | None:
    """A binding of a function, or of a value that goes over several lines."""
    value = at(node, "expression") if node.type == "binding" else None
    if value is None or (value.type != "function_expression" and value.start_point.row == value.end_point.row):
        return None
    return Named(text_of(at(node, "attrpath")), FUNCTION if value.type == "function_expression" else "binding")


def _ocaml(node: Node) -> Named | None:
    """A `let` with parameters or over several lines; constants of one line are none."""
    if node.type != "let_binding":
        return None
    pattern, body = at(node, "pattern"), at(node, "body")
    is_function = at(node, "parameter") is not None or (body is not None and body.type in {"function_expression", "fun_expression"})
    if pattern is None or pattern.type not in {"value_name", "parenthesized_operator"} or not is_function:
        return None
    return Named(text_of(pattern), FUNCTION)


_OCAML = Grammar(
    "tree_sitter_ocaml",
    leaves={
        "type_binding": "type",
        "exception_definition": "exception",
        "external": FUNCTION,
        "value_specification": "value",
        "method_definition": "method",
    },
    containers={
        "module_binding": "module",
        "module_type_definition": "module",
        "class_binding": CLASS,
        "class_type_binding": CLASS,
    },
    names={
        "exception_definition": "constructor_declaration/constructor_name",
        "external": "value_name",
        "value_specification": "value_name",
        "method_definition": "method_name",
        "module_binding": "module_name",
        "module_type_definition": "module_type_name",
        "class_binding": "class_name",
        "class_type_binding": "class_type_name",
    },
    named=_ocaml,
    sole_wrappers=frozenset({"value_definition", "type_definition", "module_definition", "class_definition", "class_type_definition"}),
    imports=frozenset({"open_module", "include_module"}),
    entry="language_ocaml",
)

GRAMMARS: Mapping[str, Grammar] = {
    "elixir": Grammar(
        "tree_sitter_elixir",
        named=_elixir,
        leading=frozenset({"unary_operator"}),
        clauses=frozenset({"call"}),
        requires=re.compile(r"\s*(?:alias|import|require|use)\s+[A-Z]"),
    ),
    "haskell": Grammar(
        "tree_sitter_haskell",
        leaves={
            "function": FUNCTION,
            "bind": FUNCTION,
            "signature": FUNCTION,
            "data_type": "type",
            "newtype": "type",
            "type_synonym": "type",
            "type_family": "type",
        },
        containers={"class": CLASS, "instance": "instance"},
        sole_wrappers=frozenset({"local_binds"}),
        leading=frozenset({"pragma"}),
        clauses=frozenset({"function", "bind", "signature"}),
        imports=frozenset({"import"}),
        loose=frozenset({"imports"}),
    ),
    "julia": Grammar(
        "tree_sitter_julia",
        containers={"module_definition": "module"},
        named=_julia,
        leading=frozenset({"string_literal", "macro_identifier"}),
        imports=frozenset({"using_statement", "import_statement"}),
    ),
    "nix": Grammar("tree_sitter_nix", named=_nix),
    "ocaml": _OCAML,
}

"""Definitions in scripting languages."""

import re
from collections.abc import Mapping
from dataclasses import replace

from tree_sitter import Node

from semantic_memory.etl.code.grammar import CLASS, FUNCTION, METHOD, Grammar, Named, at, text_of

_JAVASCRIPT = Grammar(
    "tree_sitter_javascript",
    leaves={"function_declaration": FUNCTION, "generator_function_declaration": FUNCTION, "method_definition": METHOD},
    containers={"class_declaration": CLASS},
    wrappers=frozenset({"export_statement", "expression_statement"}),
    sole_wrappers=frozenset({"lexical_declaration", "variable_declaration"}),
    valued={
        "variable_declarator": ("name", "value"),
        "assignment_expression": ("left", "right"),
        "pair": ("key", "value"),
        "field_definition": ("property", "value"),
        "public_field_definition": ("name", "value"),
    },
    leading=frozenset({"decorator"}),
    imports=frozenset({"import_statement"}),
    requires=re.compile(r"(?:const|let|var)\s.{1,200}?=\s*require\("),
)
_TYPESCRIPT = replace(
    _JAVASCRIPT,
    module="tree_sitter_typescript",
    leaves={
        **_JAVASCRIPT.leaves,
        "function_signature": FUNCTION,
        "abstract_method_signature": METHOD,
        "interface_declaration": "interface",
        "type_alias_declaration": "type",
        "enum_declaration": "enum",
    },
    containers={"class_declaration": CLASS, "abstract_class_declaration": CLASS, "internal_module": "namespace", "module": "namespace"},
    wrappers=_JAVASCRIPT.wrappers | {"ambient_declaration"},
    entry="language_typescript",
)


def _lua(node: Node) -> Named | None:
    """`name = function … end`, and `Table:method`."""
    if node.type == "function_declaration":
        name = text_of(at(node, "name"))
        return Named(name.replace(":", "."), METHOD if ":" in name or "." in name else FUNCTION)
    if node.type != "assignment_statement":
        return None
    value = at(node, "expression_list/value")
    is_function = value is not None and value.type == "function_definition"
    name = text_of(at(node, "variable_list/name")) if is_function else ""
    return Named(name, METHOD if "." in name else FUNCTION) if name else None


def _groovy(node: Node) -> Named | None:
    """A block of a build script, `dependencies { … }`."""
    body = at(node, "body") if node.type == "method_invocation" else None
    is_block = body is not None and body.type == "closure" and body.end_point.row > body.start_point.row
    return Named(text_of(at(node, "name")), "block") if is_block else None


def _powershell(node: Node) -> Named | None:
    if node.type != "function_statement":
        return None
    name = text_of(at(node, "function_name"))
    return Named(name.rpartition(":")[2], FUNCTION)  # `script:Name` says where it lives


GRAMMARS: Mapping[str, Grammar] = {
    "bash": Grammar(
        "tree_sitter_bash",
        leaves={"function_definition": FUNCTION},
        requires=re.compile(r"(?:source|\.)\s+\S"),
    ),
    "groovy": Grammar(
        "tree_sitter_groovy",
        leaves={"function_definition": FUNCTION, "method_declaration": METHOD, "constructor_declaration": METHOD},
        containers={"class_declaration": CLASS, "interface_declaration": "interface", "enum_declaration": "enum"},
        named=_groovy,
        sole_wrappers=frozenset({"expression_statement"}),
        imports=frozenset({"import_declaration"}),
    ),
    "javascript": _JAVASCRIPT,
    "lua": Grammar(
        "tree_sitter_lua",
        named=_lua,
        requires=re.compile(r"(?:local\s.{1,200}?=\s*)?require\b"),
        sole_wrappers=frozenset({"variable_declaration"}),
    ),
    "perl": Grammar(
        "tree_sitter_perl",
        leaves={"subroutine_declaration_statement": FUNCTION, "method_declaration_statement": METHOD},
        containers={"package_statement": "package", "class_statement": CLASS},
        scopes=frozenset({"package_statement", "class_statement"}),
        imports=frozenset({"use_statement"}),
    ),
    "php": Grammar(
        "tree_sitter_php",
        leaves={"function_definition": FUNCTION, "method_declaration": METHOD},
        containers={
            "class_declaration": CLASS,
            "interface_declaration": "interface",
            "trait_declaration": "trait",
            "enum_declaration": "enum",
        },
        imports=frozenset({"namespace_use_declaration"}),
        entry="language_php",
    ),
    "powershell": Grammar(
        "tree_sitter_powershell",
        leaves={"class_method_definition": METHOD, "enum_statement": "enum"},
        containers={"class_statement": CLASS},
        names={"class_method_definition": "simple_name", "enum_statement": "simple_name", "class_statement": "simple_name"},
        named=_powershell,
        requires=re.compile(r"(?:using\s|Import-Module\b)", re.IGNORECASE),
    ),
    "python": Grammar(
        "tree_sitter_python",
        leaves={"function_definition": FUNCTION},
        containers={"class_definition": CLASS},
        wrappers=frozenset({"decorated_definition"}),
        loose=frozenset({"function_definition", "class_definition", "decorated_definition"}),
        imports=frozenset({"import_statement", "import_from_statement", "future_import_statement"}),
    ),
    "ruby": Grammar(
        "tree_sitter_ruby",
        leaves={"method": METHOD, "singleton_method": METHOD},
        containers={"class": CLASS, "module": "module"},
        requires=re.compile(r"(?:require|require_relative|load)\s"),
    ),
    "tsx": replace(_TYPESCRIPT, entry="language_tsx"),
    "typescript": _TYPESCRIPT,
}

"""Definitions in languages that are compiled."""

from collections.abc import Mapping
from dataclasses import replace

from tree_sitter import Node

from semantic_memory.etl.code.grammar import CLASS, FUNCTION, METHOD, Grammar, Named, at, text_of

_C_TYPES = {"struct_specifier": "struct", "union_specifier": "union", "enum_specifier": "enum"}


def _prototype(node: Node) -> Named | None:
    """A function that is declared here and defined elsewhere: what headers consist of."""
    declarator = node.child_by_field_name("declarator") if node.type == "declaration" else None
    while declarator is not None and declarator.type != "function_declarator":
        declarator = declarator.child_by_field_name("declarator")
    name = declarator.child_by_field_name("declarator") if declarator else None
    return Named(text_of(name), "prototype") if name is not None and name.type == "identifier" else None


_C = Grammar(
    "tree_sitter_c",
    named=_prototype,
    leaves={"function_definition": FUNCTION, "preproc_function_def": "macro", **_C_TYPES},
    wrappers=frozenset({"type_definition"}),
    bodied=frozenset(_C_TYPES),
    imports=frozenset({"preproc_include"}),
)


def _objective_c(node: Node) -> Named | None:
    """A method by its whole selector, `push:atIndex:`."""
    if node.type not in {"method_definition", "method_declaration"}:
        return _prototype(node)
    words = [child for child in node.named_children if child.type in {"identifier", "method_parameter"}]
    return Named("".join(":" if word.type == "method_parameter" else text_of(word) for word in words), METHOD)


def _zig(node: Node) -> Named | None:
    """`const Name = struct { … }` and tests."""
    if node.type == "test_declaration":
        return Named(text_of(at(node, "string") or at(node, "identifier")).strip('"'), "test")
    if node.type != "variable_declaration":
        return None
    kind = next((_ZIG_KINDS[child.type] for child in node.named_children if child.type in _ZIG_KINDS), None)
    return Named(text_of(at(node, "identifier")), kind, is_container=True) if kind else None


_ZIG_KINDS = {
    "struct_declaration": "struct",
    "enum_declaration": "enum",
    "union_declaration": "union",
    "opaque_declaration": "type",
    "error_set_declaration": "error",
}


def _dart(node: Node) -> Named | None:
    """Methods and constructors, whose signatures stand beside their bodies."""
    kind = _DART_SIGNATURES.get(node.type)
    if kind is None:
        return None
    signature = node.named_children[0] if node.type in {"method_signature", "declaration"} and node.named_children else node
    if node.type == "declaration" and not signature.type.endswith("_signature"):
        return None
    if signature.type.endswith("constructor_signature"):
        names = [text_of(child) for child in signature.named_children if child.type == "identifier"]
        return Named(".".join(names[1:]) or "new", METHOD)
    name = text_of(at(signature, "name") or at(signature, "identifier"))
    return Named(name or text_of(signature).partition("(")[0].split()[-1], kind)


_DART_SIGNATURES = {
    "method_signature": METHOD,
    "declaration": METHOD,
    "function_signature": FUNCTION,
    "getter_signature": FUNCTION,
    "setter_signature": FUNCTION,
}


def _fortran(node: Node) -> Named | None:
    kind = _FORTRAN_KINDS.get(node.type)
    statement = at(node, f"{_FORTRAN_STATEMENTS.get(node.type, node.type)}_statement") if kind else None
    name = text_of(at(statement, "name") or at(statement, "type_name"))
    return Named(name, kind, is_container=kind in {"module", "program"}) if kind and name else None


_FORTRAN_KINDS = {
    "module": "module",
    "submodule": "module",
    "program": "program",
    "function": FUNCTION,
    "subroutine": FUNCTION,
    "derived_type_definition": "type",
    "interface": "interface",
}
_FORTRAN_STATEMENTS = {"derived_type_definition": "derived_type"}


def _solidity(node: Node) -> Named | None:
    """`receive` and `fallback`, functions without a name."""
    is_nameless = node.type == "fallback_receive_definition"
    return Named(text_of(node).partition("(")[0].removeprefix("function").strip(), METHOD) if is_nameless else None


GRAMMARS: Mapping[str, Grammar] = {
    "c": _C,
    "cpp": Grammar(
        "tree_sitter_cpp",
        leaves={
            "function_definition": FUNCTION,
            "preproc_function_def": "macro",
            "concept_definition": "concept",
            "alias_declaration": "type",
            "enum_specifier": "enum",
        },
        containers={"class_specifier": CLASS, "struct_specifier": "struct", "union_specifier": "union"},
        wrappers=frozenset({"template_declaration", "type_definition"}),
        bodied=frozenset({*_C_TYPES, "class_specifier"}),
        imports=frozenset({"preproc_include"}),
    ),
    "csharp": Grammar(
        "tree_sitter_c_sharp",
        leaves={
            "method_declaration": METHOD,
            "constructor_declaration": METHOD,
            "destructor_declaration": METHOD,
            "operator_declaration": METHOD,
            "local_function_statement": FUNCTION,
            "property_declaration": "property",
            "enum_declaration": "enum",
            "delegate_declaration": "delegate",
        },
        containers={
            "class_declaration": CLASS,
            "interface_declaration": "interface",
            "struct_declaration": "struct",
            "record_declaration": "record",
        },
        names={"operator_declaration": "operator"},
        imports=frozenset({"using_directive"}),
    ),
    "dart": Grammar(
        "tree_sitter_dart",
        leaves={"enum_declaration": "enum", "type_alias": "type"},
        containers={"class_definition": CLASS, "mixin_declaration": "mixin", "extension_declaration": "extension"},
        names={"mixin_declaration": "identifier", "type_alias": "type_identifier"},
        named=_dart,
        leading=frozenset({"annotation"}),
        trailing=frozenset({"function_body"}),
        imports=frozenset({"import_or_export"}),
    ),
    "fortran": Grammar("tree_sitter_fortran", named=_fortran, imports=frozenset({"use_statement"})),
    "go": Grammar(
        "tree_sitter_go",
        leaves={"function_declaration": FUNCTION, "method_declaration": METHOD, "type_spec": "type", "type_alias": "type"},
        sole_wrappers=frozenset({"type_declaration"}),
        imports=frozenset({"import_spec"}),
    ),
    "java": Grammar(
        "tree_sitter_java",
        leaves={"method_declaration": METHOD, "constructor_declaration": METHOD, "compact_constructor_declaration": METHOD},
        containers={
            "class_declaration": CLASS,
            "interface_declaration": "interface",
            "enum_declaration": "enum",
            "record_declaration": "record",
            "annotation_type_declaration": "annotation",
        },
        imports=frozenset({"import_declaration"}),
    ),
    "kotlin": Grammar(
        "tree_sitter_kotlin",
        leaves={"function_declaration": FUNCTION, "secondary_constructor": METHOD, "type_alias": "type"},
        containers={"class_declaration": CLASS, "object_declaration": "object", "companion_object": "object"},
        names={"type_alias": "type"},
        imports=frozenset({"import"}),
    ),
    "objectivec": replace(
        _C,
        module="tree_sitter_objc",
        containers={
            "class_interface": CLASS,
            "class_implementation": "implementation",
            "protocol_declaration": "protocol",
            "category_interface": "extension",
            "category_implementation": "extension",
        },
        names={
            "class_interface": "identifier",
            "class_implementation": "identifier",
            "protocol_declaration": "identifier",
            "category_interface": "identifier",
            "category_implementation": "identifier",
        },
        named=_objective_c,
    ),
    "rust": Grammar(
        "tree_sitter_rust",
        leaves={
            "function_item": FUNCTION,
            "function_signature_item": FUNCTION,
            "struct_item": "struct",
            "enum_item": "enum",
            "union_item": "union",
            "type_item": "type",
            "macro_definition": "macro",
        },
        containers={"impl_item": "implementation", "trait_item": "trait", "mod_item": "module"},
        names={"impl_item": "type"},
        leading=frozenset({"attribute_item"}),
        imports=frozenset({"use_declaration"}),
    ),
    "scala": Grammar(
        "tree_sitter_scala",
        leaves={"function_definition": FUNCTION, "function_declaration": FUNCTION, "type_definition": "type"},
        containers={"class_definition": CLASS, "object_definition": "object", "trait_definition": "trait", "enum_definition": "enum"},
        imports=frozenset({"import_declaration"}),
    ),
    "solidity": Grammar(
        "tree_sitter_solidity",
        leaves={
            "function_definition": FUNCTION,
            "constructor_definition": METHOD,
            "modifier_definition": "modifier",
            "struct_declaration": "struct",
            "enum_declaration": "enum",
            "event_definition": "event",
            "error_declaration": "error",
        },
        named=_solidity,
        containers={"contract_declaration": CLASS, "interface_declaration": "interface", "library_declaration": "library"},
        imports=frozenset({"import_directive"}),
    ),
    "swift": Grammar(
        "tree_sitter_swift",
        leaves={
            "function_declaration": FUNCTION,
            "protocol_function_declaration": FUNCTION,
            "init_declaration": METHOD,
            "deinit_declaration": METHOD,
            "subscript_declaration": METHOD,
            "typealias_declaration": "type",
        },
        containers={"class_declaration": CLASS, "protocol_declaration": "protocol"},
        imports=frozenset({"import_declaration"}),
    ),
    "zig": Grammar("tree_sitter_zig", leaves={"function_declaration": FUNCTION}, named=_zig),
}

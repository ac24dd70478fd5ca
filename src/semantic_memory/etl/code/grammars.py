"""What counts as a definition in the syntax tree of each language; node names are those of the tree-sitter grammars.

The `tags.scm` queries that some grammars ship say less: they have no ranges of decorators, no containers, and miss kotlin and bash.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module

import tree_sitter

FUNCTION, METHOD, CLASS = "function", "method", "class"


@dataclass(frozen=True, slots=True)
class Grammar:
    """A language's definitions.

    leaves: node type → kind of definitions that stay whole; containers: of those whose members are definitions of their own.
    wrappers: nodes whose text belongs to the definition in them (`export`, decorators, `template <…>`); sole_wrappers: if it is the
    only one in them. valued: node type → fields (name, value) of what defines a function only when the value is one.
    leading: nodes before a definition that belong to it, besides comments. bodied: types that only define something with a body.
    """

    module: str
    leaves: Mapping[str, str]
    containers: Mapping[str, str] = field(default_factory=dict[str, str])
    wrappers: frozenset[str] = frozenset()
    sole_wrappers: frozenset[str] = frozenset()
    valued: Mapping[str, tuple[str, str]] = field(default_factory=dict[str, tuple[str, str]])
    leading: frozenset[str] = frozenset()
    bodied: frozenset[str] = frozenset()
    entry: str = "language"

    def parser(self) -> tree_sitter.Parser:
        """A new parser; the grammar's module is imported here and not before."""
        pointer: object = getattr(import_module(self.module), self.entry)()
        return tree_sitter.Parser(tree_sitter.Language(pointer))


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
)
FUNCTION_VALUES = frozenset({"arrow_function", "function_expression", "generator_function", "class"})
_TYPESCRIPT = Grammar(
    "tree_sitter_typescript",
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
    sole_wrappers=_JAVASCRIPT.sole_wrappers,
    valued=_JAVASCRIPT.valued,
    leading=_JAVASCRIPT.leading,
    entry="language_typescript",
)
_C_TYPES = {"struct_specifier": "struct", "union_specifier": "union", "enum_specifier": "enum"}

GRAMMARS: Mapping[str, Grammar] = {
    "bash": Grammar("tree_sitter_bash", leaves={"function_definition": FUNCTION}),
    "c": Grammar(
        "tree_sitter_c",
        leaves={"function_definition": FUNCTION, "preproc_function_def": "macro", **_C_TYPES},
        wrappers=frozenset({"type_definition"}),
        bodied=frozenset(_C_TYPES),
    ),
    "cpp": Grammar(
        "tree_sitter_cpp",
        leaves={
            "function_definition": FUNCTION,
            "preproc_function_def": "macro",
            "concept_definition": "concept",
            "alias_declaration": "type",
        }
        | {"enum_specifier": "enum"},
        containers={"class_specifier": CLASS, "struct_specifier": "struct", "union_specifier": "union"},
        wrappers=frozenset({"template_declaration", "type_definition"}),
        bodied=frozenset({*_C_TYPES, "class_specifier"}),
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
    ),
    "go": Grammar(
        "tree_sitter_go",
        leaves={"function_declaration": FUNCTION, "method_declaration": METHOD, "type_spec": "type", "type_alias": "type"},
        sole_wrappers=frozenset({"type_declaration"}),
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
    ),
    "javascript": _JAVASCRIPT,
    "kotlin": Grammar(
        "tree_sitter_kotlin",
        leaves={"function_declaration": FUNCTION, "secondary_constructor": METHOD, "type_alias": "type"},
        containers={"class_declaration": CLASS, "object_declaration": "object", "companion_object": "object"},
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
        entry="language_php",
    ),
    "python": Grammar(
        "tree_sitter_python",
        leaves={"function_definition": FUNCTION},
        containers={"class_definition": CLASS},
        wrappers=frozenset({"decorated_definition"}),
    ),
    "ruby": Grammar(
        "tree_sitter_ruby",
        leaves={"method": METHOD, "singleton_method": METHOD},
        containers={"class": CLASS, "module": "module"},
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
        leading=frozenset({"attribute_item"}),
    ),
    "scala": Grammar(
        "tree_sitter_scala",
        leaves={"function_definition": FUNCTION, "function_declaration": FUNCTION, "type_definition": "type"},
        containers={"class_definition": CLASS, "object_definition": "object", "trait_definition": "trait", "enum_definition": "enum"},
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
    ),
    "tsx": Grammar(
        _TYPESCRIPT.module,
        leaves=_TYPESCRIPT.leaves,
        containers=_TYPESCRIPT.containers,
        wrappers=_TYPESCRIPT.wrappers,
        sole_wrappers=_TYPESCRIPT.sole_wrappers,
        valued=_TYPESCRIPT.valued,
        leading=_TYPESCRIPT.leading,
        entry="language_tsx",
    ),
    "typescript": _TYPESCRIPT,
}
"""By language name of `etl/languages.py`. Namespaces and packages are no containers: a symbol reads `Class.method`."""

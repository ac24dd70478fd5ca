"""Definitions in languages that state things: queries, settings, styles and builds."""

from collections.abc import Mapping

from tree_sitter import Node

from semantic_memory.etl.code.grammar import FUNCTION, Grammar, Named, at, text_of

_RESOURCE_KINDS = frozenset({"data", "module", "output", "provider", "resource", "variable"})


def _hcl(node: Node) -> Named | None:
    """A block with its labels, `aws_vpc.harbour`; kinds are Terraform's words, `block` for all others."""
    if node.type != "block":
        return None
    kind = text_of(at(node, "identifier"))
    labels = [text_of(child).strip('"') for child in node.named_children if child.type in {"string_lit", "identifier"}]
    return Named(".".join(labels[1:] or labels), kind if kind in _RESOURCE_KINDS else "block")


def _css(node: Node) -> Named | None:
    """A rule by its selectors, an at-rule by what stands before its block."""
    if node.type == "rule_set":
        return Named(" ".join(text_of(at(node, "selectors")).split()), "rule")
    block = at(node, "block") or at(node, "keyframe_block_list")
    if block is None or not node.type.endswith(("_statement", "at_rule")) or node.type == "import_statement":
        return None
    head = text_of(node).encode()[: block.start_byte - node.start_byte].decode(errors="replace")
    return Named(" ".join(head.split()), "at-rule", is_container=node.type in {"media_statement", "supports_statement"})


def _make(node: Node) -> Named | None:
    """A rule by its targets; special targets such as `.PHONY` define nothing."""
    if node.type == "define_directive":
        return Named(text_of(at(node, "name")), "macro")
    targets = text_of(at(node, "targets")) if node.type == "rule" else ""
    is_special = targets.startswith(".") and targets[1:].replace("_", "").isupper()
    return Named(targets, "target") if targets and not is_special else None


def _yaml(node: Node) -> Named | None:
    """A key of other keys or of a list."""
    value = at(node, "value") if node.type == "block_mapping_pair" else None
    if value is None or not any(child.type in {"block_mapping", "block_sequence"} for child in value.named_children):
        return None
    return Named(text_of(at(node, "key")).strip("\"'"), "section")


def _toml(node: Node) -> Named | None:
    if node.type not in {"table", "table_array_element"} or not node.named_children:
        return None
    return Named(text_of(node.named_children[0]).replace('"', ""), "table")


_SQL_KINDS = {
    "create_table": "table",
    "create_view": "view",
    "create_materialized_view": "view",
    "create_function": FUNCTION,
    "create_procedure": "procedure",
    "create_trigger": "trigger",
    "create_type": "type",
    "create_index": "index",
    "create_sequence": "sequence",
    "create_schema": "schema",
    "create_policy": "policy",
}

GRAMMARS: Mapping[str, Grammar] = {
    "css": Grammar("tree_sitter_css", named=_css, separator=" ", imports=frozenset({"import_statement"})),
    "hcl": Grammar("tree_sitter_hcl", named=_hcl),
    "make": Grammar("tree_sitter_make", named=_make, imports=frozenset({"include_directive"})),
    "sql": Grammar(
        "tree_sitter_sql",
        leaves=_SQL_KINDS,
        names={**dict.fromkeys(_SQL_KINDS, "object_reference"), "create_index": "column", "create_schema": "identifier"},
        sole_wrappers=frozenset({"statement"}),
    ),
    "toml": Grammar("tree_sitter_toml", named=_toml, loose=frozenset({"table", "table_array_element"})),
    "yaml": Grammar("tree_sitter_yaml", named=_yaml, loose=frozenset({"block_mapping_pair"})),
}

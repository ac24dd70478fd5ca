"""What comments and docstrings say, without their marks."""

import inspect
import re

from tree_sitter import Node

from semantic_memory.etl.code.grammar import is_comment, text_of

_COMMENT_MARKS = re.compile(
    r"^[ \t]*(?:/{2,3}!?|/\*+!?|\*+/|\*+\)|\*+|\(\*+|\{-+[ \t]?\|?|-\}|-{2,3}(?:[ \t]?[|^])?|<#|#>|#+(?!\[)|!+[<>]?|%+|;+)?[ \t]?"
    r"|[ \t]*(?:\*+/|\*+\)|-\}|#>)[ \t]*$",
    re.MULTILINE,
)
_STRING = re.compile(r"\A(?:@\w+[ \t]+)?[a-zA-Z~]*(\"{3}|'{3}|[\"'])(.*?)\1\Z", re.DOTALL)
_ELIXIR_DOC, _ELIXIR_MODULE_DOC = re.compile(r"@doc\b"), re.compile(r"@moduledoc\b")
_POD_MARK = re.compile(r"^=(?:cut\b.*|\w+[ \t]*)", re.MULTILINE)


def is_told(node: Node) -> bool:
    """Whether the node before a definition says in words what it is."""
    return is_comment(node) or node.type == "string_literal" or bool(_ELIXIR_DOC.match(text_of(node)))


def comment_text(comment: str) -> str:
    """The words of comments, a Julia docstring or Elixir's `@doc`; a string wins over comments beside it."""
    quoted = _STRING.match(comment.strip())
    if quoted:
        return inspect.cleandoc(quoted[2]).strip()
    return inspect.cleandoc(_COMMENT_MARKS.sub("", _POD_MARK.sub("", comment))).strip()


def inner_docstring(node: Node) -> str | None:
    """Python's: a string as first statement of the body; Elixir's: the module's `@moduledoc`."""
    body = node.child_by_field_name("body") or next((child for child in node.named_children if child.type == "do_block"), None)
    return _first_string(body) if body else None


def file_docstring(root: Node) -> str | None:
    """The string or the comments that a file begins with; what is said about the interpreter or the encoding is not told."""
    found = _first_string(root)
    if found is not None:
        return found
    comments: list[str] = []
    last = 0
    for child in root.named_children:
        text = text_of(child)
        if text.startswith("#!") or child.type == "pragma":
            last = child.end_point.row
            continue
        if not is_comment(child) or (comments and child.start_point.row > last + 1):
            break
        last = child.end_point.row
        comments.append(text)
    return comment_text("\n".join(comments)) or None


def _first_string(body: Node) -> str | None:
    first = next((child for child in body.named_children if not is_comment(child)), None)
    if first is None:
        return None
    is_string = first.type == "expression_statement" and first.named_children and first.named_children[0].type == "string"
    if not is_string and not _ELIXIR_MODULE_DOC.match(text_of(first)):
        return None
    quoted = _STRING.match(text_of(first))
    return inspect.cleandoc(quoted[2]) if quoted else None

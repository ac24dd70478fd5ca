"""Markdown text → syntax tree: CommonMark, what GitHub adds to it, and what documentation tools add."""

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.tree import SyntaxTreeNode

MAX_NESTING = 30
"""Levels that are parsed; the parser drops what lies deeper."""


def parse(text: str) -> "SyntaxTreeNode":
    """The tree; `map` of a block is its lines [start, end), counted from 0.

    Beyond CommonMark: tables, strikethrough, task lists, alerts, bare links, footnotes (which stay where they are written), definition
    lists, mathematics between dollars or as LaTeX environments, and admonitions (`:::`, `!!!`).
    """
    from markdown_it.tree import SyntaxTreeNode

    return SyntaxTreeNode(_parser().parse(text))


@cache
def _parser() -> "MarkdownIt":
    from markdown_it import MarkdownIt
    from mdit_py_plugins.admon import admon_plugin
    from mdit_py_plugins.amsmath import amsmath_plugin
    from mdit_py_plugins.container import container_plugin
    from mdit_py_plugins.deflist import deflist_plugin
    from mdit_py_plugins.dollarmath import dollarmath_plugin
    from mdit_py_plugins.footnote import footnote_plugin
    from mdit_py_plugins.gfm_autolink import gfm_autolink_plugin

    options = {"maxNesting": MAX_NESTING, "tasklists": True, "alerts": True}
    parser = MarkdownIt("commonmark", options).enable(["table", "strikethrough"])
    parser.use(gfm_autolink_plugin).use(deflist_plugin).use(amsmath_plugin).use(admon_plugin)
    parser.use(dollarmath_plugin, allow_space=False, allow_digits=False)
    parser.use(container_plugin, "admonition", validate=_has_name)
    parser.use(footnote_plugin, inline=False)
    parser.core.ruler.disable("footnote_tail")  # it would gather the footnotes at the end
    return parser


def _has_name(parameters: str, _markup: str) -> bool:
    return bool(parameters.strip())

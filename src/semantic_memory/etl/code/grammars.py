"""The languages whose definitions are known, by language name of `etl/languages.py`.

Node names are those of the tree-sitter grammars. The `tags.scm` queries that some of them ship say less: they have no ranges of
decorators, no containers, and miss kotlin, bash and a dozen more. Namespaces and packages are no containers where the language has
classes: a symbol reads `Class.method`.
"""

from collections.abc import Mapping

from semantic_memory.etl.code import compiled, declarative, functional, scripting
from semantic_memory.etl.code.grammar import Grammar

GRAMMARS: Mapping[str, Grammar] = {**compiled.GRAMMARS, **scripting.GRAMMARS, **functional.GRAMMARS, **declarative.GRAMMARS}

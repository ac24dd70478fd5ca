"""Which grammar reads a file: the scripts inside components, and headers that C shares with its descendants."""

import re
from typing import NamedTuple

_PAGES = frozenset({"svelte", "vue"})
_SCRIPT = re.compile(r"<script\b([^>]{0,500})>(.*?)</script\s*>", re.DOTALL | re.IGNORECASE)
_TYPESCRIPT = re.compile(r"\blang\s*=\s*[\"']?(?:ts|typescript)\b", re.IGNORECASE)
_CPP = re.compile(
    r"^[ \t]*(?:class\s+\w|namespace\b|template\s*<|using\s+\w|public:|private:|protected:|constexpr\b|virtual\s|friend\s|operator\b)"
    r"|^[ \t]*#[ \t]*include\s*<\w+>",
    re.MULTILINE,
)
"""What no C header has; `#include <vector>`, without `.h`, is a header of C++."""
_C_GUARD = re.compile(r"#[ \t]*if(?:def[ \t]+|[ \t].{0,40})__cplusplus")
"""A header for both languages hides what is C++ behind this."""
_OBJECTIVE_C = re.compile(r"^[ \t]*(?:@(?:interface|protocol|implementation|class|import)\b|#[ \t]*import\b)", re.MULTILINE)


class Source(NamedTuple):
    """The text to parse, the language it is in, and the grammar that reads it."""

    text: str
    language: str
    grammar: str


def source_of(text: str, language: str) -> Source:
    """The scripts of a component on the lines they have, everything else blank; any other file as it is, under its real language."""
    if language in _PAGES:
        return _scripts(text, language)
    if language == "c" and _OBJECTIVE_C.search(text):
        language = "objectivec"
    elif language == "c" and not _C_GUARD.search(text) and _CPP.search(text):
        language = "cpp"
    return Source(text, language, language)


def _scripts(text: str, language: str) -> Source:
    scripts = list(_SCRIPT.finditer(text))
    is_typed = any(_TYPESCRIPT.search(script[1]) for script in scripts)
    pieces: list[str] = []
    last = 0
    for script in scripts:
        pieces += ["\n" * text.count("\n", last, script.start(2)), script[2]]
        last = script.end(2)
    return Source("".join(pieces), language, "typescript" if is_typed else "javascript")

"""A source file per language, own-written, with every definition in it: nested, decorated and commented ones among them."""

from tests.etl.extract import code_samples_compiled, code_samples_declarative, code_samples_functional, code_samples_scripting

Found = tuple[str, str, int, int]
"""Symbol, kind, first line, last line."""

TEXTS: dict[str, str] = {}
DEFINITIONS: dict[str, list[Found]] = {}


def _definition(line: str) -> Found:
    symbol, kind, lines = line.rsplit(" ", 2)
    first, last = lines.split("-")
    return symbol, kind, int(first), int(last)


for _family in (code_samples_compiled, code_samples_declarative, code_samples_functional, code_samples_scripting):
    for _language, (_text, _definitions) in _family.SAMPLES.items():
        TEXTS[_language] = _text
        DEFINITIONS[_language] = [_definition(line) for line in _definitions.splitlines()]

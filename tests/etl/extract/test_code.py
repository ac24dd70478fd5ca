"""Source code: definitions with exact lines in every language, and every line in exactly one block."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from semantic_memory.core.errors import GeneratedFileError
from semantic_memory.core.model import BlockDraft, BlockType, Extraction
from semantic_memory.etl.code.grammars import GRAMMARS
from semantic_memory.etl.detect import detect
from semantic_memory.etl.extract.code import build
from semantic_memory.etl.extract.format import ReadOptions
from semantic_memory.etl.languages import FILE_NAMES, INTERPRETERS, LANGUAGES
from tests.etl.extract.code_samples import DEFINITIONS, TEXTS, Found

Code = Callable[[str, str], list[BlockDraft]]


@pytest.fixture
def code(tmp_path: Path) -> Code:
    """Blocks of a source text in a language."""

    def read(language: str, text: str) -> list[BlockDraft]:
        file = tmp_path / "source"
        file.write_text(text)
        return list(build(ReadOptions()).extract(file, "pkg/deep/source", f"text/x-{language}").blocks)

    return read


@pytest.mark.parametrize("language", sorted(TEXTS))
def test_every_definition_has_its_symbol_kind_and_exact_lines(language: str, code: Code) -> None:
    assert list(found_definitions(code(language, TEXTS[language]))) == DEFINITIONS[language]


@pytest.mark.parametrize("language", sorted(TEXTS))
def test_every_line_with_text_is_in_exactly_one_block_in_order(language: str, code: Code) -> None:
    assert_lines_covered(TEXTS[language], code(language, TEXTS[language]))


def test_every_grammar_has_a_sample_worth_the_name() -> None:
    assert set(TEXTS) == set(GRAMMARS)
    assert len(GRAMMARS) >= 25
    assert min(text.count("\n") for text in TEXTS.values()) >= 25


@settings(deadline=None, max_examples=300)  # files: the time is the disk's
@given(st.data())
def test_mutated_source_still_keeps_every_line(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    """Lines are dropped, doubled, swapped and cut, so that most of it no longer parses."""
    language = data.draw(st.sampled_from(sorted(TEXTS)))
    lines = TEXTS[language].split("\n")
    for _ in range(data.draw(st.integers(1, 12))):
        place = data.draw(st.integers(0, len(lines) - 1))
        other = lines[data.draw(st.integers(0, len(lines) - 1))]
        change = data.draw(st.sampled_from(["drop", "double", "blank", "cut", "join"]))
        lines[place : place + 1] = {
            "drop": [other],
            "double": [lines[place], other],
            "blank": [lines[place], "", other],
            "cut": [lines[place][: len(other)]],
            "join": [lines[place] + " " + other],
        }[change]
    text = "\n".join(["x", *lines])
    file = tmp_path_factory.mktemp("code") / "source"
    file.write_text(text)

    assert_lines_covered(text, build(ReadOptions()).extract(file, "source", f"text/x-{language}").blocks)


def test_a_definition_takes_its_decorators_and_the_comment_right_above_it(code: Code) -> None:
    found = code("python", "import a\n\n# far\n\n# near\n@a.b(\n    1,\n)\ndef f():\n    pass\n")

    assert [(block.metadata.get("symbol"), block.text.split("\n")[0]) for block in found][2:] == [("f", "# near")]


def test_docstrings_and_signatures_are_told(code: Code) -> None:
    found = code(
        "python", 'class A(B):\n    """What A is.\n\n    More.\n    """\n\n    def f(self,\n          x: int) -> str:\n        """F."""\n'
    )

    told = [(block.metadata["signature"], block.metadata.get("docstring")) for block in found]
    assert told == [("class A(B)", "What A is.\n\nMore."), ("def f(self, x: int) -> str", "F.")]


def test_the_comment_above_is_the_docstring_in_other_languages(code: Code) -> None:
    found = code("rust", "/// Adds.\n/// Twice.\n#[inline]\npub fn add(a: u8) -> u8 {\n    a\n}\n")

    assert found[0].metadata["docstring"] == "Adds.\nTwice."


def test_blocks_name_their_file_and_class(code: Code) -> None:
    found = code("python", "class A:\n    def f(self): pass\n\ndef g(): pass\n")

    assert [block.metadata["section"] for block in found] == [["deep/source", "A"], ["deep/source", "A"], ["deep/source"]]


def test_a_long_function_names_itself_above_each_of_its_parts(code: Code) -> None:
    (found,) = code("python", "def long():\n" + "    call(a, b, c)\n" * 60)

    assert found.metadata["section"] == ["deep/source", "long"]


def test_a_language_without_grammar_is_cut_at_blank_lines(code: Code) -> None:
    found = code("r", "a <- 1\n\n\nf <- function()\n  2\n\n  # indented goes on\n")

    assert [(block.type, block.language, block.text) for block in found] == [
        (BlockType.CODE, "r", "a <- 1"),
        (BlockType.CODE, "r", "f <- function()\n  2\n\n  # indented goes on"),
    ]


def test_a_line_with_many_definitions_is_one_block(code: Code) -> None:
    text = "function a(){return 1};" * 500

    assert [block.metadata.get("symbol") for block in code("javascript", text)] == [None]


def test_a_file_beyond_the_parser_is_cut_at_blank_lines(code: Code) -> None:
    found = code("python", ("def f():\n" + "    x = 1\n" * 100 + "\n") * 2100)

    assert len(found) == 2100
    assert all("symbol" not in block.metadata for block in found)


def test_classes_nested_too_deep_stay_whole(code: Code) -> None:
    text = "".join(" " * depth + f"class C{depth}:\n" for depth in range(60)) + " " * 60 + "pass\n"

    assert_lines_covered(text, code("python", text))


@pytest.mark.parametrize(("name", "language"), [("a.PY", "python"), ("Makefile", "make"), ("x.d.ts", "typescript"), ("a.hpp", "cpp")])
def test_the_name_tells_the_language(name: str, language: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text("all: x\n")

    assert detect(tmp_path / name, name) == f"text/x-{language}"


def test_functions_inside_a_short_function_are_named_in_its_block(code: Code) -> None:
    (found,) = code("python", "def outer():\n    def inner():\n        class Deep: pass\n        return Deep\n    return inner\n")

    assert found.metadata["nested"] == [
        {"symbol": "outer.inner", "kind": "function", "start_line": 2, "end_line": 4},
        {"symbol": "outer.inner.Deep", "kind": "class", "start_line": 3, "end_line": 3},
    ]


def test_a_long_function_is_taken_apart_into_the_functions_inside(code: Code) -> None:
    body = "        call(a, b, c)\n" * 80
    found = code("python", f"def outer():\n    x = 1\n\n    def one():\n{body}\n    def two():\n{body}\n    return one\n")

    assert [block.metadata["symbol"] for block in found] == ["outer", "outer.one", "outer.two", "outer"]
    assert (found[0].metadata["end_line"], found[0].metadata["definition_lines"]) == (2, [1, 168])


def test_the_head_of_a_class_says_where_the_class_ends(code: Code) -> None:
    head, *_ = code("java", "class A {\n  int x;\n\n  int f() {\n    return 1;\n  }\n}\n")

    assert (head.metadata["start_line"], head.metadata["end_line"], head.metadata["definition_lines"]) == (1, 2, [1, 7])


def test_a_comment_and_a_member_on_the_line_that_opens_the_class_stay_with_it(code: Code) -> None:
    (found,) = code("java", "/** Doc. */\nenum E { A; void f() {} }\n")

    assert (found.metadata["symbol"], found.metadata["end_line"]) == ("E", 2)


def test_a_comment_at_the_end_of_a_function_is_no_part_of_it(code: Code) -> None:
    found = code("python", "def f():\n    pass\n    # over\n\n# about g\ndef g(): pass\n")

    assert [(block.metadata.get("symbol"), block.text) for block in found] == [
        ("f", "def f():\n    pass"),
        (None, "    # over"),
        ("g", "# about g\ndef g(): pass"),
    ]


@pytest.mark.parametrize(
    ("language", "text", "imports"),
    [
        ("python", '"""D."""\nimport os, sys\nfrom a import (\n    b,\n)\n', ["import os, sys", "from a import ( b, )"]),
        ("javascript", "import a from 'a';\nconst b = require('b');\n", ["const b = require('b');", "import a from 'a'"]),
        ("c", '#include <a.h>\n#include "b.h"\n', ["#include <a.h>", '#include "b.h"']),
        ("go", 'package a\nimport (\n\t"fmt"\n\tx "y"\n)\n', ['"fmt"', 'x "y"']),
        ("ruby", "require 'json'\n", ["require 'json'"]),
        ("elixir", "alias A.B\nimport C\n", ["alias A.B", "import C"]),
    ],
)
def test_the_first_block_tells_what_the_file_imports(language: str, text: str, imports: list[str], code: Code) -> None:
    first, *others = code(language, f"{text}\nx\n\n\ny\n" + "z\n" * 60)

    assert first.metadata["imports"] == imports
    assert all("imports" not in block.metadata for block in others)


@pytest.mark.parametrize(
    ("language", "text", "docstring"),
    [
        ("python", '#!/usr/bin/env python\n"""What it is.\n\n    More.\n"""\nx = 1\n', "What it is.\n\nMore."),
        ("javascript", "// What it is.\n// More.\n\nx = 1;\n", "What it is.\nMore."),
        ("lua", "#!/usr/bin/lua\n--- What it is.\nx = 1\n", "What it is."),
        ("c", "/*\n * What it is.\n *   More.\n */\nint x;\n", "What it is.\n  More."),
    ],
)
def test_the_first_block_tells_what_the_file_says_of_itself(language: str, text: str, docstring: str, code: Code) -> None:
    assert code(language, text)[0].metadata["docstring"] == docstring


@pytest.mark.parametrize(
    ("language", "text", "docstring"),
    [
        ("elixir", 'defmodule A do\n  @doc """\n  Adds.\n    Twice.\n  """\n  def f, do: 1\nend\n', "Adds.\n  Twice."),
        ("julia", '"""\n    f(x)\n\nAdds.\n"""\nf(x) = x\n', "f(x)\n\nAdds."),
        ("haskell", "-- | Adds.\n-- Twice.\nf :: Int\nf = 1\n", "Adds.\nTwice."),
        ("ocaml", "(** Adds. *)\nlet f x = x\n", "Adds."),
        ("powershell", "<#\n.SYNOPSIS\nAdds.\n#>\nfunction F { 1 }\n", ".SYNOPSIS\nAdds."),
        ("fortran", "!> Adds.\nsubroutine f()\nend subroutine f\n", "Adds."),
        ("java", "class A {\n  /**\n   * Adds.\n   *\n   * Twice.\n   */\n  void f() {}\n}\n", "Adds.\n\nTwice."),
    ],
)
def test_documentation_is_read_as_each_language_writes_it(language: str, text: str, docstring: str, code: Code) -> None:
    assert [block.metadata["docstring"] for block in code(language, text) if "docstring" in block.metadata] == [docstring]


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("struct a {\n  int x;\n};\n", "c"),
        ("#include <vector>\nint f();\n", "cpp"),
        ("class A {\n public:\n  int f();\n};\n", "cpp"),
        ("#ifdef __cplusplus\nnamespace a {\n#endif\nint f(void);\n", "c"),
        ("#import <A.h>\n@interface A\n@end\n", "objectivec"),
    ],
)
def test_a_header_is_read_as_the_language_it_is_in(text: str, language: str, code: Code) -> None:
    assert {block.language for block in code("c", text)} == {language}


@pytest.mark.parametrize("language", ["vue", "svelte"])
def test_the_script_of_a_component_is_read_and_the_rest_kept(language: str, code: Code) -> None:
    text = '<template>\n  <b>x</b>\n</template>\n\n<script lang="ts">\nexport function f(x: number): number {\n  return x;\n}\n</script>\n'
    found = code(language, text)

    assert_lines_covered(text, found)
    assert {block.language for block in found} == {language}
    assert list(found_definitions(found)) == [("f", "function", 6, 8)]


@pytest.mark.parametrize("skip", [True, False])
def test_generated_code_is_refused_with_its_reason_unless_it_is_wanted(tmp_path: Path, skip: bool) -> None:
    (tmp_path / "a.go").write_text("// Code generated by x. DO NOT EDIT.\npackage a\n")

    def read() -> Extraction:
        return build(ReadOptions(skip_generated=skip)).extract(tmp_path / "a.go", "a.go", "text/x-go")

    if skip:
        with pytest.raises(GeneratedFileError, match=r"'a\.go' is skipped: a comment says 'Code generated by x\. DO NOT EDIT'"):
            read()
    else:
        assert read().blocks


def test_every_language_that_can_be_named_is_read() -> None:
    named = {*LANGUAGES.values(), *FILE_NAMES.values(), *INTERPRETERS.values()}

    assert {f"text/x-{language}" for language in named | set(GRAMMARS)} <= build(ReadOptions()).media_types


def assert_lines_covered(text: str, found: "list[BlockDraft] | tuple[BlockDraft, ...]") -> None:
    lines = text.split("\n")
    numbers: list[int] = []
    for block in found:
        first, last = block.metadata["start_line"], block.metadata["end_line"]
        assert isinstance(first, int)
        assert isinstance(last, int)
        assert block.text == "\n".join(lines[first - 1 : last])
        numbers += range(first, last + 1)

    assert numbers == sorted(set(numbers))
    assert {number for number in numbers if lines[number - 1].strip()} == {n for n, line in enumerate(lines, 1) if line.strip()}


def found_definitions(blocks: Sequence[BlockDraft]) -> Iterator[Found]:
    for block in blocks:
        if "kind" in block.metadata:
            told: Any = block.metadata
            yield told["symbol"], told["kind"], told["definition_lines"][0], told["definition_lines"][1]
            for inner in told.get("nested", ()):
                yield inner["symbol"], inner["kind"], inner["start_line"], inner["end_line"]

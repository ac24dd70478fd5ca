"""Source code: definitions with exact lines in every language, and every line in exactly one block."""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from semantic_memory.core.model import BlockDraft, BlockType
from semantic_memory.etl.code.grammars import GRAMMARS
from semantic_memory.etl.detect import detect
from semantic_memory.etl.extract.code import build
from semantic_memory.etl.extract.format import ReadOptions
from semantic_memory.etl.languages import FILE_NAMES, INTERPRETERS, LANGUAGES
from tests.etl.extract.code_samples import SAMPLES

Code = Callable[[str, str], list[BlockDraft]]


@pytest.fixture
def code(tmp_path: Path) -> Code:
    """Blocks of a source text in a language."""

    def read(language: str, text: str) -> list[BlockDraft]:
        file = tmp_path / "source"
        file.write_text(text)
        return list(build(ReadOptions()).extract(file, "pkg/deep/source", f"text/x-{language}").blocks)

    return read


@pytest.mark.parametrize("language", sorted(SAMPLES))
def test_every_definition_has_its_symbol_kind_and_exact_lines(language: str, code: Code) -> None:
    text, expected = SAMPLES[language]

    found = [
        (block.metadata["symbol"], block.metadata["kind"], block.metadata["start_line"], block.metadata["end_line"])
        for block in code(language, text)
        if "kind" in block.metadata
    ]
    assert found == expected


@pytest.mark.parametrize("language", sorted(SAMPLES))
def test_every_line_with_text_is_in_exactly_one_block_in_order(language: str, code: Code) -> None:
    text, _ = SAMPLES[language]

    assert_lines_covered(text, code(language, text))


def test_every_grammar_has_a_sample() -> None:
    assert set(SAMPLES) == set(GRAMMARS)


@settings(deadline=None)  # files: the time is the disk's
@given(
    st.lists(
        st.sampled_from(["class A:", "    def f(self):", "        return (", "def g(): pass", "@x", "# c", "", "    )", "}", "x = '''"])
    )
)
def test_broken_source_still_keeps_every_line(tmp_path_factory: pytest.TempPathFactory, lines: list[str]) -> None:
    text = "\n".join(["import a", *lines])
    file = tmp_path_factory.mktemp("code") / "a.py"
    file.write_text(text)

    assert_lines_covered(text, build(ReadOptions()).extract(file, "a.py", "text/x-python").blocks)


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
    found = code("sql", "select 1;\n\n\nselect\n  2;\n\n  -- indented goes on\n")

    assert [(block.type, block.language, block.text) for block in found] == [
        (BlockType.CODE, "sql", "select 1;"),
        (BlockType.CODE, "sql", "select\n  2;\n\n  -- indented goes on"),
    ]


def test_a_minified_file_is_one_block(code: Code) -> None:
    text = "function a(){return 1};" * 10_000

    assert [block.metadata.get("symbol") for block in code("javascript", text)] == [None]


def test_a_file_beyond_the_parser_is_cut_at_blank_lines(code: Code) -> None:
    found = code("python", ("def f():\n    " + "x" * 1000 + "\n\n") * 2100)

    assert len(found) == 2100
    assert all("symbol" not in block.metadata for block in found)


@pytest.mark.parametrize("language", ["python", "javascript", "c"])
def test_nesting_of_any_depth_is_read(language: str, code: Code) -> None:
    text = "x = " + "(" * 50_000 + "\n"

    assert_lines_covered(text, code(language, text))


def test_classes_nested_too_deep_stay_whole(code: Code) -> None:
    text = "".join(" " * depth + f"class C{depth}:\n" for depth in range(60)) + " " * 60 + "pass\n"

    assert_lines_covered(text, code("python", text))


@pytest.mark.parametrize(("name", "language"), [("a.PY", "python"), ("Makefile", "make"), ("x.d.ts", "typescript"), ("a.hpp", "cpp")])
def test_the_name_tells_the_language(name: str, language: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text("all: x\n")

    assert detect(tmp_path / name, name) == f"text/x-{language}"


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

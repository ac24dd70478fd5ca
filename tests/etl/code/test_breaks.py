"""Long code is cut between statements."""

from pathlib import Path

from semantic_memory.core.model import ContentBlock, Passage
from semantic_memory.etl.code.layout import read_code
from semantic_memory.etl.structure import StructuredPassages
from tests.etl.making import PieceTokenizer, blocks

FUNCTION = """\
def long(a, b):
    \"\"\"What it does.\"\"\"
    first = compute(
        a,
        b,
    )
    if first:
        second = [
            value(number, other, another)
            for number in range(10)
        ]
        third = other(second, first, a, b)
    else:
        third = nothing(first, second, a, b)
    # what comes back
    return third
"""


def passages(text: str, language: str, target: int) -> tuple[list[ContentBlock], list[Passage]]:
    found = blocks(*read_code(text, language, "a").blocks)
    return found, StructuredPassages(target).build(found, PieceTokenizer(), target)


def test_a_long_block_names_the_lines_of_its_statements_outermost_first() -> None:
    text = FUNCTION.replace("What it does.", "What it does, and why. " * 20)
    (found,) = read_code(text, "python", "a").blocks

    assert found.metadata["breaks"] == [[3, 7, 15], [8, 13], [12, 14], [4, 5], [9, 10]]


def test_a_short_block_names_none() -> None:
    (found,) = read_code(FUNCTION, "python", "a").blocks

    assert "breaks" not in found.metadata


def test_a_long_function_is_divided_before_statements_and_not_inside_them() -> None:
    body = "".join(f"    value_{number} = compute(\n        first_argument,\n        second_argument,\n    )\n" for number in range(40))
    _, found = passages(f"def long():\n{body}", "python", 96)

    assert len(found) > 5
    assert all(passage.text.lstrip().startswith(("value_", "def ")) for passage in found)
    assert all(passage.text.endswith(")") for passage in found)


def test_a_blank_line_between_statements_is_the_better_place() -> None:
    paragraph = "".join(f"    step_{number} = number_{number} + 1\n" for number in range(6))
    _, found = passages("def long():\n" + f"{paragraph}\n" * 12, "python", 96)

    starts = [passage.text.lstrip().startswith(("step_0", "def ")) for passage in found]
    assert sum(starts) > 0.8 * len(starts)


def test_long_code_without_a_grammar_is_divided_at_blank_lines() -> None:
    paragraph = "".join(f"step_{number} <- number_{number} + 1\n  " for number in range(6))
    _, found = passages(f"{paragraph}\n\n  " * 12, "r", 96)

    assert all(passage.text.lstrip().startswith("step_0") for passage in found)


def test_passages_of_this_repository_hold_every_line_of_their_blocks() -> None:
    text = Path(__file__).read_text("utf-8")
    found, parts = passages(text, "python", 64)

    shown = "".join(passage.text[part.start : part.end] for passage in parts for part in passage.parts)
    assert "".join(shown.split()) == "".join("".join(block.text for block in found).split())

"""Prompts are files with a version; an operator may replace them, nobody may make them do anything."""

from pathlib import Path

import pytest

from semantic_memory.ai import prompts
from semantic_memory.core.errors import ConfigurationError

OWN = "---\nversion: mine-1\n---\n# System\nAnswer.\n# User\n$sources\n$question\n"


@pytest.mark.parametrize("name", prompts.PLACEHOLDERS)
def test_every_prompt_of_the_product_can_be_filled(name: str) -> None:
    values = dict.fromkeys(prompts.PLACEHOLDERS[name], "VALUE")

    assert [message.role for message in prompts.load(name).messages(**values)] == ["system", "user"]
    assert "VALUE" in prompts.load(name).messages(**values)[1].content


def test_a_folder_replaces_the_prompts_it_holds(tmp_path: Path) -> None:
    (tmp_path / "answer.md").write_text(OWN)

    assert prompts.load("answer", tmp_path).version == "mine-1"
    assert prompts.load("further", tmp_path).fingerprint == prompts.load("further").fingerprint


def test_another_text_is_another_prompt_whatever_its_version_says(tmp_path: Path) -> None:
    (tmp_path / "answer.md").write_text(OWN)
    before = prompts.load("answer", tmp_path).fingerprint
    (tmp_path / "answer.md").write_text(OWN.replace("Answer.", "Answer well."))

    assert prompts.load("answer", tmp_path).fingerprint != before


@pytest.mark.parametrize(
    "text", ["no prompt", OWN.replace("$question", "$secret"), OWN.replace("$question", "100 $"), OWN.replace("# User", "")]
)
def test_a_prompt_that_cannot_be_filled_stops_the_start(tmp_path: Path, text: str) -> None:
    (tmp_path / "answer.md").write_text(text)

    with pytest.raises(ConfigurationError, match=r"answer\.md"):
        prompts.load("answer", tmp_path)


def test_inj_07_values_are_never_templates() -> None:
    filled = prompts.load("answer").messages(fence="f", sources="$question ${fence} {0.__class__}", question="{{7*7}}")

    assert "$question ${fence} {0.__class__}" in filled[1].content

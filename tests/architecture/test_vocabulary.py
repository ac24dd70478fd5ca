"""The four files a newcomer reads first keep what they promise."""

import re

import pytest

import semantic_memory
from semantic_memory.core import errors
from semantic_memory.core.settings import Settings


def error_classes(base=errors.SemanticMemoryError):
    return [base, *(below for child in base.__subclasses__() for below in error_classes(child))]


def test_every_error_lives_in_the_tree_and_is_drawn_in_it():
    drawn = set(re.findall(r"\w+Error", errors.__doc__ or ""))

    assert {error.__module__ for error in error_classes()} == {errors.__name__}
    assert drawn == {error.__name__ for error in error_classes()}


def test_every_error_has_a_code_of_its_own():
    codes = [vars(error)["code"] for error in error_classes()]

    assert sorted(codes) == sorted(set(codes))


@pytest.mark.parametrize("error", error_classes(), ids=lambda error: error.__name__)
def test_every_error_says_what_went_wrong_in_lower_case(error):
    message = error().message

    assert message
    assert message[0].islower()


def test_every_setting_is_described():
    assert [name for name, info in Settings.model_fields.items() if not info.description] == []


def test_every_setting_has_a_heading_in_the_reference(root):
    page = (root / "docs" / "reference" / "settings.md").read_text("utf-8")

    assert re.findall(r"^## `(\w+)`$", page, re.MULTILINE) == [name.upper() for name in Settings.model_fields]


@pytest.mark.parametrize("name", ["Memory", "Settings", "answer_query_with_rag", "load_settings", "open_memory"])
def test_the_package_offers_its_public_names(name):
    assert getattr(semantic_memory, name).__name__ == name


def test_an_unknown_name_of_the_package_is_refused():
    with pytest.raises(AttributeError, match="open_memmory"):
        getattr(semantic_memory, "open_memmory")  # noqa: B009

import dataclasses
import json
from uuid import UUID

import jsonschema
import pytest

from scripts import reference
from semantic_memory.core.identity import identify
from semantic_memory.core.model import BlockDraft, BlockType
from semantic_memory.core.views import block_view


@pytest.mark.parametrize("page", reference.PAGES)
def test_generated_pages_are_current(root, page):
    assert (root / page).read_text("utf-8") == reference.PAGES[page](), "run `make reference`"


def test_an_outdated_page_is_noticed(tmp_path, capsys):
    page = tmp_path / "page.md"
    page.write_text("old\n", "utf-8")

    assert not reference.settle(page, "new\n", check=True)
    assert "+new" in capsys.readouterr().err
    assert page.read_text("utf-8") == "old\n"


def test_a_missing_page_is_written(tmp_path):
    assert reference.settle(tmp_path / "docs" / "page.md", "new\n", check=False)
    assert (tmp_path / "docs" / "page.md").read_text("utf-8") == "new\n"


def test_settings_show_their_choices_and_limits():
    page = reference.settings_page()

    assert "One of: local, staging, prod." in page
    assert "At least 0, at most 65,535." in page


@pytest.mark.parametrize("kind", BlockType)
def test_every_type_of_block_fits_the_schema(kind):
    draft = BlockDraft(
        kind, "text", page=1, language="en", metadata={"level": 1, "bbox": [0.0, 0.0, 9.5, 9.5], "start_line": 3, "note": None}
    )
    [block] = identify(UUID(int=1), [draft])

    jsonschema.validate(block_view(block), reference.block_schema())


@pytest.mark.parametrize("change", [{"order": None}, {"metadata": {"level": 0}}, {"type": "poem"}], ids=str)
def test_a_block_that_breaks_the_schema_is_refused(change):
    [block] = identify(UUID(int=1), [BlockDraft(BlockType.HEADING, "text")])
    broken = json.loads(json.dumps({**block_view(block), **change}))

    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(broken, reference.block_schema())


def test_every_field_of_a_block_is_explained():
    properties = reference.block_schema()["properties"]

    assert [field.name for field in dataclasses.fields(identify(UUID(int=1), [BlockDraft(BlockType.LIST, "")])[0])] == list(properties)
    assert all(schema["description"] for schema in properties.values())

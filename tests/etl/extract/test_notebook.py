import json
import os
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from semantic_memory.core.errors import CorruptFileError, EmptyDocumentError, ExtractionError, ExtractionLimitError
from semantic_memory.core.model import BlockType, Extraction
from semantic_memory.etl.extract.notebook import MAX_BYTES, OUTPUT_CHARACTERS, OUTPUTS_CHARACTERS, NotebookFormat
from tests.etl.conftest import Read, Write

ReadCells = Callable[..., Extraction]


@pytest.fixture
def notebook(read: Read) -> ReadCells:
    """Reads a notebook of these cells."""

    def read_cells(*cells: Any, **metadata: Any) -> Extraction:
        document = {"cells": [*cells], "metadata": metadata or {"language_info": {"name": "python"}}, "nbformat": 4, "nbformat_minor": 5}
        return read("notes/a.ipynb", json.dumps(document, indent=1))

    return read_cells


def markdown(text: str) -> dict[str, Any]:
    return {"cell_type": "markdown", "metadata": {}, "source": text.splitlines(keepends=True)}


def code(text: str, *outputs: Any) -> dict[str, Any]:
    return {"cell_type": "code", "execution_count": 1, "metadata": {}, "outputs": [*outputs], "source": text}


def printed(text: str) -> dict[str, Any]:
    return {"output_type": "stream", "name": "stdout", "text": text.splitlines(keepends=True)}


def shown(**data: Any) -> dict[str, Any]:
    return {"output_type": "display_data", "metadata": {}, "data": {kind.replace("_", "/"): value for kind, value in data.items()}}


def test_cells_come_in_order_with_their_number_and_lines_within_them(notebook: ReadCells) -> None:
    extraction = notebook(
        markdown("# Title\n\nSome text."), code("import os\n\n\ndef f():\n    return 1\n"), {"cell_type": "raw", "source": "As is."}
    )

    places = [(block.metadata["cell"], block.metadata["start_line"], block.metadata["end_line"], block.text) for block in extraction.blocks]
    assert places == [
        (1, 1, 1, "Title"),
        (1, 3, 3, "Some text."),
        (2, 1, 1, "import os"),
        (2, 4, 5, "def f():\n    return 1"),
        (3, 1, 1, "As is."),
    ]
    assert extraction.title == "Title"


def test_code_cells_have_definitions_and_the_language_of_the_kernel(notebook: ReadCells) -> None:
    block = notebook(code("def f(a):\n    return a\n")).blocks[0]

    assert (block.type, block.language, block.metadata["symbol"]) == (BlockType.CODE, "python", "f")


@pytest.mark.parametrize(
    ("metadata", "language"),
    [
        ({"language_info": {"name": "R"}}, "r"),
        ({"kernelspec": {"language": "julia"}}, "julia"),
        ({"kernelspec": {"name": "python3"}}, "python"),
        ({"language_info": "broken", "kernelspec": {"language": "C++"}}, "cpp"),
    ],
)
def test_the_kernel_names_its_language_in_many_ways(notebook: ReadCells, metadata: dict[str, Any], language: str) -> None:
    extraction = notebook(code("x <- 1"), **metadata)

    assert extraction.blocks[0].language == language
    assert extraction.metadata == {"kernel_language": language}


def test_without_a_kernel_code_is_text(notebook: ReadCells) -> None:
    extraction = notebook(code("x = 1"), other=1)

    assert (extraction.blocks[0].type, extraction.metadata) == (BlockType.PARAGRAPH, {})


@pytest.mark.parametrize(("magic", "language"), [("%%bash", "bash"), ("%%time", "python"), ("%%writefile a.txt", "en")])
def test_a_cell_command_changes_the_language(notebook: ReadCells, magic: str, language: str) -> None:
    extraction = notebook(code(f"{magic}\necho this is surely a sentence in plain English words"))

    assert extraction.blocks[0].language == language


def test_text_outputs_follow_their_cell(notebook: ReadCells) -> None:
    error = {"output_type": "error", "ename": "ValueError", "evalue": "no", "traceback": ["\x1b[31mlong\x1b[0m"]}
    result = {"output_type": "execute_result", "data": {"text/plain": ["   a\n", "0  1"], "text/html": "<table>"}}

    extraction = notebook(code("f()", printed("\x1b[31mred\x1b[0m\nblue\n"), result, error))

    outputs = [block for block in extraction.blocks if block.metadata.get("original_type") == "output"]
    assert [block.text for block in outputs] == ["red\nblue", "   a\n0  1", "ValueError: no"]
    assert {(block.type, block.metadata["cell"]) for block in outputs} == {(BlockType.CODE, 1)}
    assert not extraction.warnings


def test_outputs_that_are_no_text_are_counted(notebook: ReadCells) -> None:
    extraction = notebook(
        code("plot()", shown(image_png="AAAA", text_plain="<Figure>"), shown(image_png="AAAA"), shown(text_html="<b>x</b>"))
    )

    assert [block.text for block in extraction.blocks] == ["plot()", "<Figure>"]
    assert extraction.warnings == ("2 outputs of type 'image/png' were not read", "1 outputs of type 'text/html' were not read")


def test_file_17_huge_outputs_are_cut_one_by_one_and_together(notebook: ReadCells) -> None:
    count = OUTPUTS_CHARACTERS // OUTPUT_CHARACTERS + 5
    extraction = notebook(*(code("log()", printed("word " * 10_000)) for _ in range(count)), markdown("The end."))

    outputs = [block.text for block in extraction.blocks if block.metadata.get("original_type") == "output"]
    assert max(map(len, outputs)) <= OUTPUT_CHARACTERS
    assert len(outputs) == count - 5
    assert f"{count} outputs were cut" in extraction.warnings[0]
    assert extraction.blocks[-1].text == "The end."


def test_a_notebook_with_pictures_larger_than_any_text_is_read(notebook: ReadCells) -> None:
    extraction = notebook(markdown("# Title"), code("plot()", shown(image_png="A" * 40_000_000)))

    assert [block.text for block in extraction.blocks] == ["Title", "plot()"]


def test_an_old_notebook_is_read(read: Read) -> None:
    cells = [
        {"cell_type": "heading", "level": 2, "source": ["Old"]},
        {"cell_type": "code", "input": ["x = 1"], "outputs": [{"output_type": "stream", "text": "1"}]},
    ]
    document = {"metadata": {"language_info": {"name": "python"}}, "nbformat": 3, "worksheets": [{"cells": cells}]}

    extraction = read("a.ipynb", json.dumps(document))

    assert [(block.type, block.text) for block in extraction.blocks] == [
        (BlockType.HEADING, "Old"),
        (BlockType.CODE, "x = 1"),
        (BlockType.CODE, "1"),
    ]


def test_a_notebook_without_a_word_is_empty(notebook: ReadCells) -> None:
    with pytest.raises(EmptyDocumentError):
        notebook(markdown(""), code("\n"))


@pytest.mark.parametrize(
    "text", ['{"cells": [{"cell_type": "code"', '{"nbformat": 4}', '["nbformat", {"cell_type": 1}]', '{"cell_type": ' + "[" * 5000]
)
def test_what_is_no_notebook_is_corrupt(read: Read, text: str) -> None:
    with pytest.raises(CorruptFileError):
        read("a.ipynb", text)


def test_a_notebook_too_large_for_memory_is_refused(write: Write) -> None:
    file = write("a.ipynb", '{"cells": []}')
    os.truncate(file, MAX_BYTES + 1)

    with pytest.raises(ExtractionLimitError, match="at most"):
        NotebookFormat().extract(file, "a.ipynb", "application/x-ipynb+json")


ANY = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["cell_type", "source", "outputs", "output_type", "text", "data", "text/plain", "level"]), inner, max_size=4
        )
    ),
    max_leaves=12,
)


@given(ANY, ANY)
def test_file_18_no_notebook_breaks_the_reader(tmp_path_factory: pytest.TempPathFactory, cells: Any, metadata: Any) -> None:
    file = tmp_path_factory.getbasetemp() / "a.ipynb"
    kinds = [{"cell_type": kind, "source": "x", "outputs": cells} for kind in ("code", "markdown", "heading")]
    file.write_text(json.dumps({"cells": [cells, *kinds] if not isinstance(cells, list) else [*cells, *kinds], "metadata": metadata}))

    try:
        extraction = NotebookFormat().extract(file, "a.ipynb", "application/x-ipynb+json")
    except ExtractionError:
        return
    assert all(block.metadata["cell"] for block in extraction.blocks)

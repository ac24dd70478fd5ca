"""The catalogue of hostile files: every row has a test that carries its number, `test_file_07_…`."""

import ast
import re
from collections import defaultdict

import pytest

FILES = {
    1: "names that climb out of their folder or mislead whoever reads them",
    2: "archives with paths outside, links, devices, doubled names",
    3: "archive bombs: ratio, nesting, overlap, count, false sizes",
    4: "encrypted, truncated and two-faced archives and PDFs",
    5: "content that is not what name and Content-Type say",
    6: "PDFs with endless pages, trees, filters and nesting",
    7: "PDFs with scripts, actions, embedded programs, references to the outside",
    8: "images of billions of pixels, thousands of frames, with private metadata",
    9: "DOCX with external entities, expansion, outside templates",
    10: "code without line ends, with bad encodings, against splitters",
    11: "invisible, directional and deceptive characters",
    12: "test viruses, where no scanner is configured",
    13: "external entities and expansion in XML, HTML, EPUB, XLSX, ODT",
    14: "HTML with scripts, frames, redirects, endless nesting",
    15: "cells with formulas",
    16: "files without bytes or text, and the same file many times",
    17: "serialised objects and endless outputs",
    18: "random changes to valid files, names, documents, filters",
}


@pytest.fixture(scope="module")
def tested(root):
    """Numbers of rows → the tests that carry them."""
    found = defaultdict(list)
    for file in sorted((root / "tests").rglob("test_*.py")):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
                for number in re.findall(r"_file_(\d\d)(?=_)", node.name):
                    found[int(number)].append(f"{file.relative_to(root)}::{node.name}")
    return found


@pytest.mark.parametrize("row", FILES)
def test_every_kind_of_hostile_file_is_tested(row, tested):
    assert tested[row], f"FILE-{row:02}: {FILES[row]}"


def test_no_test_carries_a_number_that_is_not_in_the_catalogue(tested):
    assert set(tested) <= set(FILES)

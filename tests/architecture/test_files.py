"""Files stay small, honest and free of this or that machine."""

import re
import subprocess

import pytest

LONGEST_FILE = 400
LARGEST_FILE_BYTES = 1_000_000
UNCOVERED = 0
"""How many `pragma: no cover` there are; each needs its reason on the line above."""


@pytest.fixture(scope="module")
def repository(root):
    """Every file that is, or would be, in the repository."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    names = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True).stdout.split("\0")
    return [root / name for name in names if name and (root / name).is_file()]


@pytest.fixture(scope="module")
def texts(repository, root):
    """The repository's text files by name."""
    read = {str(path.relative_to(root)): path.read_bytes() for path in repository}
    return {name: data.decode() for name, data in read.items() if b"\0" not in data and not name.endswith((".pdf", ".png", ".docx"))}


def found(pattern, texts):
    expression = re.compile(pattern)
    return [
        f"{name}:{number}" for name, text in texts.items() for number, line in enumerate(text.splitlines(), 1) if expression.search(line)
    ]


def test_no_source_file_is_too_long(modules):
    assert [module.name for module in modules if len(module.text.splitlines()) > LONGEST_FILE] == []


def test_no_file_is_too_large_for_a_repository(repository):
    assert [path for path in repository if path.stat().st_size > LARGEST_FILE_BYTES] == []


def test_no_file_names_a_package_registry(texts):
    assert found(r"https?://[^ \"]+/(simple|packages)/|index" + r"-url|\"resolved\": *\"http|files\." + "pythonhosted", texts) == []


def test_no_file_names_a_place_on_one_machine(texts):
    assert found(r"[\s\"'=(](/root|/home|/wor" + r"k|/Users)/\w", texts) == []


def test_nothing_is_left_unfinished(texts):
    sources = {name: text for name, text in texts.items() if name.startswith(("src/", "scripts/", "Makefile", ".ci/"))}

    assert found(r"\b(TODO|FIXME|XXX|HACK)\b|raise NotImplementedError", sources) == []


def test_every_uncovered_line_has_its_reason_on_the_line_above(modules):
    lines = [(module.name, module.text.splitlines()) for module in modules]
    uncovered = [(name, above) for name, rows in lines for above, row in zip(["", *rows], rows, strict=False) if "pragma: no cover" in row]

    assert [name for name, above in uncovered if not above.strip().startswith("#")] == []
    assert len(uncovered) == UNCOVERED


ENVIRONMENT = {"semantic_memory.core.settings", "semantic_memory.store.remote.milvus.library"}
"""The second one switches off, before the client is imported, that the client writes the secrets of `.env` there."""


def test_the_environment_is_touched_by_the_settings_only(modules):
    readers = [module.name for module in modules if re.search(r"\bos\.(environ|getenv|putenv)\b", module.text)]

    assert set(readers) <= ENVIRONMENT

"""Imports point inwards, and the contract that says so notices when they do not."""

import graphlib
import shutil
import subprocess
import sys
from pathlib import Path

import grimp
import pytest

FAMILIES = (
    "etl.extract",
    "etl.source",
    "ai.embed",
    "ai.rerank",
    "ai.chat",
    "store.vectors",
    "store.keywords",
    "store.cache",
    "store.blobs",
)


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [Path(sys.executable).with_name("lint-imports"), "--no-cache", "--config", folder / "pyproject.toml"]
    environment = {"PYTHONPATH": str(folder / "src"), "PATH": ""}
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, env=environment)


@pytest.fixture
def copy(root, tmp_path):
    shutil.copytree(root / "src", tmp_path / "src", ignore=shutil.ignore_patterns("data", "__pycache__"))
    shutil.copy(root / "pyproject.toml", tmp_path)
    return tmp_path


def test_every_contract_is_kept(copy):
    result = lint_imports(copy)

    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize(
    ("module", "line", "contract"),
    [
        ("core/model.py", "import sqlalchemy", "core knows no library that does I/O"),
        ("core/model.py", "from semantic_memory.store import catalogue", "imports point inwards"),
        ("etl/__init__.py", "import semantic_memory.ai", "imports point inwards"),
        ("store/__init__.py", "import semantic_memory.etl", "imports point inwards"),
        ("api/__init__.py", "import semantic_memory.cli", "imports point inwards"),
        ("api/__init__.py", "import semantic_memory.store", "entry points hold a Memory, never an adapter"),
        ("cli/__init__.py", "import semantic_memory.ai.embed", "entry points hold a Memory, never an adapter"),
    ],
)
def test_a_forbidden_import_breaks_its_contract(copy, module, line, contract):
    file = copy / "src" / "semantic_memory" / module
    file.write_text(file.read_text("utf-8") + f"\n{line}\n", "utf-8")

    result = lint_imports(copy)

    assert result.returncode == 1
    assert f"{contract} BROKEN" in result.stdout


def test_a_new_top_level_module_must_be_given_a_place(copy):
    (copy / "src" / "semantic_memory" / "helpers.py").write_text("", "utf-8")

    result = lint_imports(copy)

    assert result.returncode == 1
    assert "semantic_memory.helpers" in result.stdout


def test_no_modules_import_each_other_in_a_circle():
    graph = grimp.build_graph("semantic_memory", exclude_type_checking_imports=True, cache_dir=None)

    order = graphlib.TopologicalSorter({module: graph.find_modules_directly_imported_by(module) for module in graph.modules})

    assert list(order.static_order())


@pytest.mark.parametrize("family", FAMILIES)
def test_adapters_of_a_family_do_not_import_one_another(modules, family):
    prefix = f"semantic_memory.{family}."
    adapters = [
        module
        for module in modules
        if module.name.startswith(prefix) and any(getattr(node, "name", "") == "build" for node in module.tree.body)
    ]
    names = {adapter.name for adapter in adapters}

    assert {adapter.name: adapter.imported & (names - {adapter.name}) for adapter in adapters} == {name: set() for name in names}

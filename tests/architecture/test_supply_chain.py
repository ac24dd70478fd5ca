"""What is installed and run is pinned by its hash."""

import re
import tomllib

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

LOCKS = ("run", "models", "dev", "stores", "bench")


def pins(root, lock):
    """Every version of each package in a lock file; a package may have one per Python version."""
    text = (root / "requirements" / f"{lock}.txt").read_text("utf-8")
    found = {}
    for name, version in re.findall(r"^([A-Za-z0-9_.-]+)(?:\[.*?\])?==([^ ;\\]+)", text, re.MULTILINE):
        found.setdefault(canonicalize_name(name), []).append(version)
    return found


def wanted(root, lock):
    project = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))
    groups = project["dependency-groups"]
    return [*project["project"]["dependencies"], *project["project"]["optional-dependencies"]["openai"]] if lock == "run" else groups[lock]


@pytest.mark.parametrize("lock", LOCKS)
def test_every_declared_dependency_is_locked_at_an_allowed_version(root, lock):
    locked = pins(root, lock)

    requirements = [Requirement(text) for text in wanted(root, lock)]

    assert [str(r) for r in requirements if not all(v in r.specifier for v in locked.get(canonicalize_name(r.name), ["0"]))] == []


@pytest.mark.parametrize("lock", LOCKS)
def test_every_pin_has_a_hash(root, lock):
    text = (root / "requirements" / f"{lock}.txt").read_text("utf-8")
    entries = re.split(r"^(?=[A-Za-z0-9])", text, flags=re.MULTILINE)

    assert [entry for entry in entries if "==" in entry and "--hash=sha256:" not in entry] == []
    assert "://" not in text


@pytest.mark.parametrize("lock", ["models", "dev", "stores", "bench"])
def test_lock_files_agree_with_the_one_of_the_product(root, lock):
    product, other = pins(root, "run"), pins(root, lock)

    assert {name: other[name] for name in product.keys() & other} == {name: product[name] for name in product.keys() & other}


def test_every_grammar_that_is_loaded_by_name_is_declared(root, modules):
    declared = {Requirement(text).name for text in wanted(root, "run") if text.startswith("tree-sitter-")}
    named = {found for module in modules for found in re.findall(r'"(tree_sitter_\w+)"', module.text)}

    assert {name.replace("_", "-") for name in named} == declared


def test_the_product_needs_no_torch(root):
    assert {"torch", "transformers", "sentence-transformers"} & pins(root, "run").keys() == set()


def test_workflows_have_no_rights_by_default_and_pinned_actions(root):
    for file in (root / ".github" / "workflows").glob("*.yml"):
        text = file.read_text("utf-8")

        assert yaml.safe_load(text)["permissions"] == {}
        assert all(re.fullmatch(r"[\w/-]+@[0-9a-f]{40}", use) for use in re.findall(r"uses: (\S+)", text))

"""Compares spec.toml, the names and defaults that were asked for, with what the code has. Exit code 1 when anything is missing."""

import ast
import re
import sys
import tomllib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import fields
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Any

from fastapi import APIRouter
from fastapi.routing import APIRoute

from semantic_memory.api import routes
from semantic_memory.cli.main import app
from semantic_memory.core.access import Role
from semantic_memory.core.model import BlockType, ContentBlock
from semantic_memory.core.settings import Settings

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "src" / "semantic_memory"

Section = dict[str, Any]


def main() -> int:
    spec = tomllib.loads((ROOT / "spec.toml").read_text("utf-8"))
    missing = list(problems(spec))
    print("\n".join(missing) or f"spec.toml: everything in {len(spec) - 1} sections is there", file=sys.stderr if missing else sys.stdout)
    return 1 if missing else 0


def problems(spec: Section) -> Iterator[str]:
    """One line for everything that differs; sections are checked by the function of their name in CHECKS.

    Raises: KeyError for a section that nothing checks.
    """
    for name, section in spec.items():
        if name != "later":
            yield from (f"{name}: {problem}" for problem in CHECKS[name](section))


def _directories(section: Section) -> Iterator[str]:
    return (f"no directory {name}" for name in section["names"] if not (ROOT / name).is_dir())


def _files(section: Section) -> Iterator[str]:
    return (f"no file {name}" for name in section["names"] if not (ROOT / name).is_file())


def _block(section: Section) -> Iterator[str]:
    have = {"fields": [field.name for field in fields(ContentBlock)], "types": [kind.value for kind in BlockType]}
    return (f"{key} are {have[key]}, not {wanted}" for key, wanted in section.items() if have[key] != wanted)


def _settings(section: Section) -> Iterator[str]:
    return _absent(section["names"], (name.upper() for name in Settings.model_fields))


def _defaults(section: Section) -> Iterator[str]:
    for name, wanted in section.items():
        have = Settings.model_fields[name.lower()].get_default()
        if have != wanted:
            yield f"{name} is {have!r}, not {wanted!r}"


def _roles(section: Section) -> Iterator[str]:
    have = [role.label for role in sorted(Role)]
    return iter([] if have == section["ascending"] else [f"{have}, not {section['ascending']}"])


def _routes(section: Section) -> Iterator[str]:
    return _absent(section["names"], _all_routes())


def _all_routes() -> Iterator[str]:
    """Method and path of every route, with the names of path parameters left out."""
    for module in iter_modules(routes.__path__, routes.__name__ + "."):
        router: APIRouter = import_module(module.name).router
        for route in router.routes:
            if isinstance(route, APIRoute):
                yield from (f"{method} {re.sub('{.*?}', '{}', route.path)}" for method in route.methods or ())


def _functions(section: Section) -> Iterator[str]:
    return _absent(section["names"], (node.name for node in _nodes() if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)))


def _commands(section: Section) -> Iterator[str]:
    named = (command.name or getattr(command.callback, "__name__", "") for command in app.registered_commands)
    return _absent(section["names"], named)


def _metrics(section: Section) -> Iterator[str]:
    """Metric names as string constants; the client library adds `_total` to counters by itself."""
    texts = {node.value for node in _nodes() if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    return (f"no {name}" for name in section["names"] if not {name, name.removesuffix("_total")} & texts)


def _nodes() -> Iterator[ast.AST]:
    for file in sorted(PACKAGE.rglob("*.py")):
        yield from ast.walk(ast.parse(file.read_text("utf-8")))


def _absent(wanted: Iterable[str], have: Iterable[str]) -> Iterator[str]:
    known = set(have)
    return (f"no {name}" for name in wanted if name not in known)


CHECKS: dict[str, Callable[[Section], Iterator[str]]] = {
    "directories": _directories,
    "files": _files,
    "block": _block,
    "settings": _settings,
    "defaults": _defaults,
    "roles": _roles,
    "routes": _routes,
    "functions": _functions,
    "commands": _commands,
    "metrics": _metrics,
}

if __name__ == "__main__":
    sys.exit(main())

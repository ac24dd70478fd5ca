"""What the architecture tests look at: every source file, parsed once."""

import ast
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "semantic_memory"


@dataclass(frozen=True, slots=True)
class Module:
    path: Path
    text: str
    tree: ast.Module

    @property
    def name(self) -> str:
        parts = self.path.relative_to(PACKAGE.parent).with_suffix("").parts
        return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)

    @property
    def imported(self) -> set[str]:
        """Full names of everything that is imported anywhere in the file, functions included."""
        nodes = list(ast.walk(self.tree))
        plain = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
        froms = [node for node in nodes if isinstance(node, ast.ImportFrom) and node.module]
        return plain | {f"{node.module}.{alias.name}" for node in froms for alias in node.names} | {str(node.module) for node in froms}


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def modules() -> list[Module]:
    texts = {path: path.read_text("utf-8") for path in sorted(PACKAGE.rglob("*.py"))}
    return [Module(path, text, ast.parse(text)) for path, text in texts.items()]

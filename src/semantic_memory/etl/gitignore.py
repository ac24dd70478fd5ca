"""Which files of a tree git would leave out: `.gitignore` of every level and `.git/info/exclude`."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pathspec import GitIgnoreSpec
from pathspec.patterns.gitignore import GitIgnorePatternError

from semantic_memory.etl.checkout import git_folder

IGNORE_FILE = ".gitignore"


@dataclass(frozen=True, slots=True)
class IgnoreRules:
    """The rules that hold inside one folder, outermost first; each counts from the folder its file lies in."""

    rules: tuple[tuple[Path, GitIgnoreSpec], ...] = ()

    def inside(self, folder: Path) -> "IgnoreRules":
        """With the folder's own rules added; a checkout of its own begins anew."""
        start = IgnoreRules() if git_folder(folder) else self
        return replace(start, rules=(*start.rules, *_rules_of(folder)))

    def excludes(self, path: Path, *, is_folder: bool) -> bool:
        """The innermost rule that says something decides."""
        for base, spec in reversed(self.rules):
            verdict = spec.check_file(path.relative_to(base).as_posix() + ("/" if is_folder else "")).include
            if verdict is not None:
                return verdict
        return False


def rules_above(folder: Path) -> IgnoreRules:
    """The rules from the top of the checkout the folder lies in, without its own; none when they would exclude the folder itself."""
    rules = IgnoreRules()
    for parent in _parents_within_checkout(folder):
        rules = rules.inside(parent)
        child = parent / folder.relative_to(parent).parts[0]
        if rules.excludes(child, is_folder=True):
            return IgnoreRules()
    return rules


def _parents_within_checkout(folder: Path) -> Sequence[Path]:
    """From the top of the checkout down to the folder's parent; empty outside a checkout and at its top."""
    parents: list[Path] = []
    for candidate in (folder, *folder.parents):
        parents.insert(0, candidate)
        if git_folder(candidate):
            return parents[:-1]
    return []


def _rules_of(folder: Path) -> Iterator[tuple[Path, GitIgnoreSpec]]:
    git = git_folder(folder)
    files = [git / "info" / "exclude"] if git else []
    for file in (*files, folder / IGNORE_FILE):
        if lines := _lines(file):
            yield folder, GitIgnoreSpec.from_lines(filter(_is_valid, lines))


def _lines(file: Path) -> list[str]:
    """Empty without a file that can be read: git takes that for no rules, too."""
    try:
        return file.read_text("utf-8-sig", errors="replace").splitlines()
    except OSError:
        return []


def _is_valid(pattern: str) -> bool:
    """Git passes over patterns that make no sense, such as a lone `!`."""
    try:
        GitIgnoreSpec.from_lines([pattern])
    except GitIgnorePatternError:
        return False
    return True

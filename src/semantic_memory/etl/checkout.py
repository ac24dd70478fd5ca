"""What a git checkout says about itself, read from its files; git itself is not run."""

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from semantic_memory.core.model import JsonValue

_REMOTE = re.compile(r'\[\s*remote\s+"(?P<name>[^"]*)"\s*\]')
_SECTION = re.compile(r"\[")
_URL = re.compile(r'url\s*=\s*"?(?P<url>[^"]*?)"?\s*')
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_BRANCHES = "refs/heads/"


def git_folder(folder: Path) -> Path | None:
    """Where the repository data of a checkout's top folder lies; `.git` is a file in worktrees and submodules. None for other folders."""
    git = folder / ".git"
    pointer = _read(git).removeprefix("gitdir:").strip()
    data = folder / pointer if pointer else git
    return data if _read(data / "HEAD") else None


def checkout_of(path: Path) -> tuple[Path, Path] | None:
    """The top folder of the checkout that holds `path`, and its `git_folder`."""
    return next(((folder, git) for folder in (path, *path.parents) if (git := git_folder(folder))), None)


def describe(top: Path, git: Path) -> dict[str, JsonValue]:
    """`repository` (the remote's address without credentials, else the folder's name), `ref` (branch) and `commit`, as far as known.

    `git` is the `git_folder` of `top`.
    """
    common = git / (_read(git / "commondir").strip() or ".")
    head = _read(git / "HEAD").strip()
    reference = head.removeprefix("ref:").strip() if head.startswith("ref:") else ""
    commit = _commit(git, common, reference) if reference else head
    found: dict[str, JsonValue] = {"repository": _remote(common / "config") or top.name}
    if commit and reference.startswith(_BRANCHES):
        found["ref"] = reference.removeprefix(_BRANCHES)
    if _COMMIT.fullmatch(commit):
        found["commit"] = commit
    return found


def without_credentials(url: str) -> str:
    """`https://user:token@host/x` → `https://host/x`; addresses such as `git@host:x` hold no secret and stay."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2])) if parts.scheme and parts.netloc else url


def _commit(git: Path, common: Path, reference: str) -> str:
    loose = _read(git / reference).strip() or _read(common / reference).strip()
    packed = (line.split(" ", 1) for line in _read(common / "packed-refs").splitlines() if line.endswith(f" {reference}"))
    return loose or next((commit for commit, _ in packed), "")


def _remote(config: Path) -> str:
    """The address of `origin`, else of the first remote."""
    remotes = dict(_remotes(_read(config)))
    return without_credentials(remotes.get("origin") or next(iter(remotes.values()), ""))


def _remotes(config: str) -> Iterator[tuple[str, str]]:
    name = None
    for line in map(str.strip, config.splitlines()):
        if _SECTION.match(line):
            section = _REMOTE.match(line)
            name = section["name"] if section else None
        elif name is not None and (url := _URL.fullmatch(line)):
            yield name, url["url"]


def _read(file: Path) -> str:
    """The file's text; empty when there is none to read: a damaged checkout is still a folder of files."""
    try:
        return file.read_text("utf-8", errors="replace")
    except OSError:
        return ""

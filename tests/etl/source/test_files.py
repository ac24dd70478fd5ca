"""Files of a folder or checkout: which are offered, in which order, and what is told about them."""

import os
import socket
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from semantic_memory.core.errors import NotFoundError
from semantic_memory.core.model import Json
from semantic_memory.core.settings import Settings
from semantic_memory.etl.checkout import without_credentials
from semantic_memory.etl.source.files import build

COMMIT = "0123456789abcdef0123456789abcdef01234567"
Tree = Callable[..., Path]


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    """Writes files (path → content) below a folder and returns the folder."""

    def write(files: dict[str, str]) -> Path:
        root = tmp_path.resolve() / "root"
        for name, content in files.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(content)
        return root

    return write


def offered(root: Path) -> list[str]:
    return [Path(found.path).relative_to(root.resolve()).as_posix() for found in build(Settings()).files(root)]


def metadata(root: Path) -> Json:
    return next(build(Settings()).files(root)).metadata


def test_a_single_file_is_offered_by_its_real_path(tree: Tree) -> None:
    root = tree({"a.txt": "x"})
    os.utime(root / "a.txt", (86400, 86400))
    (found,) = build(Settings()).files(root / ".." / "root" / "a.txt")

    assert (found.source, found.path, found.file) == ("files", f"{root}/a.txt", f"{root}/a.txt")
    assert found.modified_at == datetime(1970, 1, 2, tzinfo=UTC)


def test_a_missing_root_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="nowhere"):
        build(Settings()).files(tmp_path / "nowhere")


@settings(deadline=None)  # files: the time is the disk's
@given(st.sets(st.sampled_from(["a", "a.b", "a-b/c", "a/b", "a/b.c", "a0", "B", "é/x", "a/c/d", "a!/x"])))
def test_files_come_in_order_of_their_paths(tmp_path_factory: pytest.TempPathFactory, names: set[str]) -> None:
    root = tmp_path_factory.mktemp("tree")
    kept = sorted(name for name in names if not any(other.startswith(f"{name}/") for other in names))
    for name in kept:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("x")

    assert offered(root) == kept


def test_gitignore_holds_at_every_level_and_the_innermost_rule_wins(tree: Tree) -> None:
    root = tree(
        {
            ".gitignore": "*.log\n/top\nbuild/\n!\n",
            "a.log": "",
            "top": "",
            "sub/top": "",
            "sub/.gitignore": "!keep.log\nlocal\n",
            "sub/keep.log": "",
            "sub/other.log": "",
            "sub/local": "",
            "build/x": "",
            "local": "",
        }
    )

    assert offered(root) == [".gitignore", "local", "sub/.gitignore", "sub/keep.log", "sub/top"]


def test_rules_above_the_given_folder_hold_within_a_checkout(tree: Tree) -> None:
    root = tree({".git/HEAD": COMMIT, ".git/info/exclude": "*.tmp", ".gitignore": "*.log", "a/b/x.log": "", "a/b/y.tmp": "", "a/b/z": ""})

    assert offered(root / "a" / "b") == ["z"]


def test_an_ignored_folder_is_read_when_it_is_named(tree: Tree) -> None:
    root = tree({".git/HEAD": COMMIT, ".gitignore": "out/", "out/x": ""})

    assert offered(root) == [".gitignore"]
    assert offered(root / "out") == ["x"]


def test_a_checkout_within_a_checkout_has_its_own_rules_and_name(tree: Tree) -> None:
    root = tree({".git/HEAD": COMMIT, ".gitignore": "*.log", "lib/.git/HEAD": "ref: refs/heads/x", "lib/a.log": ""})

    assert offered(root) == [".gitignore", "lib/a.log"]
    assert metadata(root / "lib")["repository"] == "lib"


def test_what_tools_made_and_what_is_no_file_is_left_out(tree: Tree) -> None:
    root = tree(
        {"a": "", "__pycache__/x.pyc": "", "node_modules/x": "", ".cache/CACHEDIR.TAG": "", "env/pyvenv.cfg": "", ".github/ci.yml": ""}
    )
    (root / "link").symlink_to(root / "a")
    (root / "loop").symlink_to(root)
    os.mkfifo(root / "pipe")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(os.path.relpath(root / "socket"))

        assert offered(root) == [".github/ci.yml", "a"]


def test_files_of_any_size_and_kind_are_offered(tree: Tree) -> None:
    root = tree({"empty": "", "photo.png": "x"})
    (root / "huge").touch()
    os.truncate(root / "huge", 10**10)

    assert offered(root) == ["empty", "huge", "photo.png"]


def test_a_folder_that_cannot_be_listed_is_offered_itself(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    root = tree({"a": ""})
    monkeypatch.chdir(root)
    for _ in range(25):
        Path("n" * 200).mkdir()
        os.chdir("n" * 200)

    found = offered(root)
    assert found[0] == "a"
    assert len(found) == 2


def test_names_that_are_no_utf8_are_written_out(tree: Tree) -> None:
    root = tree({"a": ""})
    (root / os.fsdecode(b"b\xff")).touch()

    assert offered(root) == ["a", "b\\xff"]


def test_a_checkout_tells_repository_branch_and_commit(tree: Tree) -> None:
    config = (
        '[core]\n\tbare = false\n[remote "other"]\n\turl = x\n[remote "origin"]\n\turl = https://me:token@example.org/a.git\n[branch "m"]\n'
    )
    root = tree({".git/HEAD": "ref: refs/heads/main\n", ".git/refs/heads/main": f"{COMMIT}\n", ".git/config": config, "sub/a.py": ""})

    assert metadata(root / "sub") == {
        "repository": "https://example.org/a.git",
        "ref": "main",
        "commit": COMMIT,
        "repository_path": "sub/a.py",
    }


def test_a_packed_branch_is_found(tree: Tree) -> None:
    root = tree({".git/HEAD": "ref: refs/heads/main", ".git/packed-refs": f"# pack-refs\n{COMMIT} refs/heads/main\n", "a": ""})

    assert metadata(root) == {"repository": "root", "ref": "main", "commit": COMMIT, "repository_path": "a"}


def test_a_detached_head_has_a_commit_and_no_branch(tree: Tree) -> None:
    root = tree({".git/HEAD": COMMIT, "a": ""})

    assert metadata(root) == {"repository": "root", "commit": COMMIT, "repository_path": "a"}


def test_a_worktree_reads_the_shared_repository(tree: Tree) -> None:
    root = tree(
        {
            "main/.git/HEAD": "ref: refs/heads/main",
            "main/.git/refs/heads/side": COMMIT,
            "main/.git/config": '[remote "up"]\nurl = git@example.org:a.git',
            "main/.git/worktrees/w/HEAD": "ref: refs/heads/side",
            "main/.git/worktrees/w/commondir": "../..\n",
            "w/.git": "gitdir: ../main/.git/worktrees/w\n",
            "w/a": "",
        }
    )

    assert metadata(root / "w") == {"repository": "git@example.org:a.git", "ref": "side", "commit": COMMIT, "repository_path": "a"}


def test_a_checkout_without_commits_tells_its_name_only(tree: Tree) -> None:
    assert metadata(tree({".git/HEAD": "ref: refs/heads/main", "a": ""})) == {"repository": "root", "repository_path": "a"}


@pytest.mark.parametrize("content", ["", "nonsense", "gitdir: /nowhere"])
def test_a_broken_git_file_makes_no_checkout(content: str, tree: Tree) -> None:
    assert metadata(tree({".git": content, "a": ""})) == {}


def test_a_cache_is_read_when_it_is_named(tree: Tree) -> None:
    root = tree({"cache/CACHEDIR.TAG": "", "cache/x": "", "y": ""})

    assert offered(root) == ["y"]
    assert offered(root / "cache") == ["CACHEDIR.TAG", "x"]


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://user:pass@host:8443/x.git", "https://host:8443/x.git"),
        ("ssh://git@host/x", "ssh://host/x"),
        ("git@host:x.git", "git@host:x.git"),
        ("/srv/x.git", "/srv/x.git"),
    ],
)
def test_addresses_lose_their_credentials(url: str, expected: str) -> None:
    assert without_credentials(url) == expected

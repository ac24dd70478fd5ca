"""Checks the Markdown pages: links lead somewhere, named commands exist, Python blocks run. Exit code 1 when anything is wrong."""

import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

from semantic_memory.cli.main import app

ROOT = Path(__file__).parent.parent
PATTERNS = ("*.md", "docs/**/*.md", "bench/**/*.md", "eval/**/*.md")
COMMAND = re.compile(r"\b(make|semantic-memory) +([a-z][a-z-]*)")
BLOCK_TIMEOUT_S = 120
MARKDOWN = MarkdownIt("commonmark").enable("table")


@dataclass(frozen=True, slots=True)
class Page:
    path: Path
    tokens: list[Token]

    @property
    def inlines(self) -> list[Token]:
        """Links and code spans within the text, each with the line its paragraph starts at."""
        return [child for token in self.tokens for child in token.children or ()]

    @property
    def anchors(self) -> set[str]:
        """What a link can name after `#`: headings as the usual code hosts write them."""
        pairs = zip(self.tokens, self.tokens[1:], strict=False)
        return {slug(inline.content) for opening, inline in pairs if opening.type == "heading_open"}

    def fences(self, language: str) -> list[str]:
        return [token.content for token in self.tokens if token.type == "fence" and token.info.split()[:1] == [language]]


def main() -> int:
    pages = [read(path) for pattern in PATTERNS for path in sorted(ROOT.glob(pattern))]
    problems = [problem for page in pages for problem in problems_of(page, ROOT)]
    print("\n".join(problems) or f"docs: {len(pages)} pages are sound", file=sys.stderr if problems else sys.stdout)
    return 1 if problems else 0


def read(path: Path) -> Page:
    return Page(path, MARKDOWN.parse(path.read_text("utf-8")))


def problems_of(page: Page, root: Path) -> Iterator[str]:
    """One line for each fault of the page; `root` is the repository the page belongs to."""
    name = page.path.relative_to(root)
    for finder in (_dead_links, _unknown_commands, _failing_blocks):
        yield from (f"{name}: {problem}" for problem in finder(page, root))


def _dead_links(page: Page, root: Path) -> Iterator[str]:
    for link in (str(token.attrGet("href")) for token in page.inlines if token.type == "link_open"):
        place, _, anchor = link.partition("#")
        if re.match(r"[a-z]+:", place):
            continue
        target = (page.path.parent / place).resolve() if place else page.path
        if not (target.exists() and target.is_relative_to(root.resolve())):
            yield f"link to {link}: no such file here"
        elif anchor and target.suffix == ".md" and anchor not in read(target).anchors:
            yield f"link to {link}: no such heading"


def _unknown_commands(page: Page, root: Path) -> Iterator[str]:
    known = {"make": _make_targets(root), "semantic-memory": _cli_commands()}
    texts = [token.content for token in page.inlines if token.type == "code_inline"] + page.fences("console") + page.fences("bash")
    for text in texts:
        for program, command in COMMAND.findall(text):
            if command not in known[program]:
                yield f"`{program} {command}`: no such command"


def _make_targets(root: Path) -> set[str]:
    return set(re.findall(r"^([a-z][a-z-]*):", (root / "Makefile").read_text("utf-8"), re.MULTILINE))


def _cli_commands() -> set[str]:
    """Commands and groups of the command line, and `COMMAND` in a synopsis."""
    commands = {info.name or getattr(info.callback, "__name__", "") for info in app.registered_commands}
    return commands | {info.name or "" for info in app.registered_groups}


def _failing_blocks(page: Page, root: Path) -> Iterator[str]:
    for number, block in enumerate(page.fences("python"), 1):
        failure = run_block(block, root)
        if failure:
            yield f"Python block {number}: {failure}"


def run_block(block: str, root: Path) -> str:
    """Runs the block in an empty folder that holds only the samples; the last line of its error, or nothing."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(root / "samples", Path(folder) / "samples")
        command = [sys.executable, "-c", block]
        try:
            done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=BLOCK_TIMEOUT_S, check=False)
        except subprocess.TimeoutExpired:
            return f"still running after {BLOCK_TIMEOUT_S} s"
    return "" if done.returncode == 0 else (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]


def slug(heading: str) -> str:
    """The anchor of a heading: lower case, blanks to hyphens, no punctuation."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


if __name__ == "__main__":
    sys.exit(main())

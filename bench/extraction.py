"""Pages per CPU second of the PDF tiers beside what other libraries need for the same files, in one run.

    EVAL_DATA=FOLDER python -m bench.extraction [--engines NAME …] [--sets NAME …] [--documents N] [--budget-s S]

Sets: `text` (made documents without tables, five styles), `tables` (the real documents of FOLDER/tables-eu; left out without EVAL_DATA),
`mixed` (made documents with tables, lists and code, all styles). Each engine reads each set in a process of its own, one thread, after
one file that is not counted has loaded its models; CPU seconds are those of that process, the import with that file is shown by itself. A
slow engine stops after the first file beyond the budget, and its rate is that of the files it read. Our tiers are the whole reading of a
file: structure, cleaning and language; the others give text or Markdown. An engine that is not installed says so in its row: markitdown
(`pip install 'markitdown[pdf]'`) is no part of the product, PyMuPDF with pymupdf4llm is its extra `pymupdf`.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from time import process_time
from typing import Any

from eval.documents.rendering import print_style
from eval.documents.styles import ACADEMIC, CLASSIC, HELD_OUT, NEWSLETTER, REPORT, TUNING, TWO_COLUMNS
from semantic_memory.etl.extract.format import PdfTier

TABLES = "tables-eu"
Read = Callable[[Path], int]
"""Reads one file; returns how many characters came out, as a sign that it did something."""


def main() -> None:
    arguments = _arguments()
    if arguments.child:
        print(json.dumps(_measured(ENGINES[arguments.child], [Path(line) for line in sys.stdin.read().splitlines()], arguments.budget_s)))
        return
    with tempfile.TemporaryDirectory() as scratch:
        sets = {name: files for name, files in _sets(Path(scratch), arguments.documents) if not arguments.sets or name in arguments.sets}
        pages = {name: sum(map(_pages, files)) for name, files in sets.items()}
        print("| engine | import, CPU s | " + " | ".join(f"{name}: pages per CPU s (of {pages[name]})" for name in sets) + " | peak MiB |")
        print("|---|---|" + "---|" * (len(sets) + 1))
        for engine in arguments.engines or ENGINES:
            print(_row(engine, [_run(engine, files, arguments.budget_s) for files in sets.values()]), flush=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--engines", nargs="+", choices=list(ENGINES), help="only these")
    parser.add_argument("--sets", nargs="+", choices=["text", "tables", "mixed"], help="only these")
    parser.add_argument("--documents", type=int, default=4, help="made documents in each style")
    parser.add_argument("--budget-s", type=float, default=60, help="CPU seconds for one engine and set")
    parser.add_argument("--child", choices=list(ENGINES), help=argparse.SUPPRESS)
    return parser.parse_args()


def _sets(folder: Path, documents: int) -> Iterator[tuple[str, list[Path]]]:
    bare = [replace(style, shape=replace(style.shape, has_tables=False)) for style in (CLASSIC, TWO_COLUMNS, NEWSLETTER, REPORT, ACADEMIC)]
    for name, styles in (("text", bare), ("mixed", (*TUNING, *HELD_OUT))):
        own = folder / name
        own.mkdir()
        yield name, [printed.pdf for style in styles for printed in print_style(style, range(documents), own)]
    labelled = Path(os.environ.get("EVAL_DATA", "")) / TABLES
    if os.environ.get("EVAL_DATA") and labelled.is_dir():
        yield "tables", sorted(labelled.glob("*.pdf"))


def _pages(file: Path) -> int:
    from pypdfium2 import PdfDocument

    with PdfDocument(file) as document:
        return len(document)


def _run(engine: str, files: Sequence[Path], budget_s: float) -> dict[str, Any]:
    """What the child measured; `error` alone where the engine is not installed or fails."""
    command = [sys.executable, "-m", "bench.extraction", "--child", engine, "--budget-s", str(budget_s)]
    limits = {"OMP_NUM_THREADS": "1", "OMP_THREAD_LIMIT": "1"}
    names = "\n".join(str(file.absolute()) for file in files)
    done = subprocess.run(command, input=names, capture_output=True, text=True, env={**os.environ, **limits}, check=False)
    if done.returncode:
        return {"error": (done.stderr.strip().splitlines() or [str(done.returncode)])[-1]}
    return json.loads(done.stdout.splitlines()[-1])


def _measured(prepare: Callable[[], Read], files: Sequence[Path], budget_s: float) -> dict[str, float]:
    read = prepare()
    read(files[0])
    loaded = process_time()
    pages = characters = 0
    seconds = 0.0
    for file in files:
        started = process_time()
        characters += read(file)
        seconds += process_time() - started
        pages += _pages(file)
        if seconds > budget_s:
            break
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"import": loaded, "pages": pages, "seconds": seconds, "characters": characters, "peak": peak}


def _row(engine: str, results: Sequence[dict[str, Any]]) -> str:
    good = [result for result in results if "error" not in result]
    rates = [
        f"{one['pages'] / one['seconds']:.1f} ({one['pages']} read)" if "error" not in one else str(one["error"])[:60] for one in results
    ]
    start = f"{min(one['import'] for one in good):.1f}" if good else "–"
    peak = f"{max(one['peak'] for one in good):.0f}" if good else "–"
    return f"| {engine} | {start} | {' | '.join(rates)} | {peak} |"


def _tier(tier: PdfTier) -> Read:
    from eval.documents.product import extracted

    return lambda file: sum(len(block.text) for block in extracted(file, tier).blocks)


def _pymupdf() -> Read:
    import pymupdf

    def read(file: Path) -> int:
        with pymupdf.open(file) as document:
            return sum(len(page.get_text()) for page in document)

    return read


def _pymupdf4llm() -> Read:
    import pymupdf4llm

    return lambda file: len(pymupdf4llm.to_markdown(str(file), use_ocr=False))


def _pypdfium2() -> Read:
    from pypdfium2 import PdfDocument

    def read(file: Path) -> int:
        with PdfDocument(file) as document:
            return sum(len(page.get_textpage().get_text_range()) for page in document)

    return read


def _liteparse() -> Read:
    from liteparse.parser import LiteParse

    parser = LiteParse(ocr_enabled=False, output_format="markdown", extract_blocks=True, num_workers=1, quiet=True)
    return lambda file: sum(len(page.text) for page in parser.parse(file.read_bytes()).pages)


def _markitdown() -> Read:
    from markitdown import MarkItDown

    converter = MarkItDown(enable_plugins=False)
    return lambda file: len(converter.convert(str(file)).text_content)


ENGINES: dict[str, Callable[[], Read]] = {
    "semantic-memory fast": partial(_tier, "fast"),
    "semantic-memory layout": partial(_tier, "layout"),
    "semantic-memory auto": partial(_tier, "auto"),
    "PyMuPDF raw": _pymupdf,
    "pymupdf4llm": _pymupdf4llm,
    "pypdfium2": _pypdfium2,
    "liteparse": _liteparse,
    "markitdown": _markitdown,
}

if __name__ == "__main__":
    main()

"""Quality of what comes out of PDF files.

    EVAL_DATA=FOLDER python -m eval.extraction tables --tier fast layout auto [--only NAME …] [--limit N] [--worst N] [--relations]
    python -m eval.extraction rendered --tier fast layout auto [--styles NAME …] [--documents N] [--worst N] [--out FOLDER]

`tables`: cell adjacency on the real documents of FOLDER/tables-eu (`eval/documents/cells.py` says how it counts), all tables of a
document together. `rendered`: made documents with known content, printed in 21 styles (`eval/documents/styles.py`), four of which
nothing was tuned on; `eval/documents/scores.py` says what each column counts. The product reads the files in this process, without OCR;
CPU seconds include the import of its libraries. The pages are set in DejaVu; with other fonts they look different.
"""

import argparse
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from eval.documents import real_tables, rendered
from eval.documents.competition import labelled_files
from eval.documents.product import TIERS
from eval.documents.rendering import can_print
from eval.documents.styles import HELD_OUT, TUNING, Style

SET = "tables-eu"


def main() -> int:
    arguments = _arguments()
    return _tables(arguments) if arguments.command == "tables" else _rendered(arguments)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    real = commands.add_parser("tables", help="cell adjacency on real documents")
    real.add_argument("--only", nargs="+", default=[], help="only these documents (names without .pdf)")
    real.add_argument("--limit", type=int, help="only the first N documents")
    real.add_argument("--relations", action="store_true", help="with --worst: some relations that are missing or wrong")
    made = commands.add_parser("rendered", help="made documents with known content")
    made.add_argument("--styles", nargs="+", default=[], help="only these styles")
    made.add_argument("--documents", type=int, default=4, help="documents in each style")
    made.add_argument("--out", type=Path, help="folder that keeps the PDF files and their Markdown")
    for command in (real, made):
        command.add_argument("--tier", nargs="+", choices=TIERS, default=["fast", "auto"])
        command.add_argument("--worst", type=int, default=0, help="list the N worst documents of each tier")
    return parser.parse_args()


def _tables(arguments: argparse.Namespace) -> int:
    folder = Path(os.environ.get("EVAL_DATA", "")) / SET
    if not os.environ.get("EVAL_DATA") or not folder.is_dir():
        print(f"skipped: EVAL_DATA names no folder with {SET!r}", file=sys.stderr)
        return 0
    files = [one for one in labelled_files(folder) if not arguments.only or one.pdf.stem in arguments.only]
    real_tables.report(files[: arguments.limit], arguments.tier, arguments.worst, with_relations=arguments.relations)
    return 0


def _rendered(arguments: argparse.Namespace) -> int:
    chosen = [(group, list(_printable(styles, arguments.styles))) for group, styles in _GROUPS]
    with tempfile.TemporaryDirectory() as scratch:
        folder = arguments.out or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        rendered.report(
            [(group, styles) for group, styles in chosen if styles], folder, arguments.documents, arguments.tier, arguments.worst
        )
    return 0


def _printable(styles: Sequence[Style], names: Sequence[str]) -> Iterator[Style]:
    """The wanted styles (all without names) that this machine can print; the others are named as skipped."""
    for style in styles:
        if names and style.name not in names:
            continue
        if can_print(style):
            yield style
        else:
            print(f"skipped: style {style.name!r} needs WeasyPrint and the library Pango", file=sys.stderr)


_GROUPS = (("tuning", TUNING), ("held out", HELD_OUT))

if __name__ == "__main__":
    sys.exit(main())

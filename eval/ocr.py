"""How well, and at what price, each engine reads pages whose text is known.

    python -m eval.ocr --engines tesseract rapidocr auto

The pages are those of `eval/ocr_pages.py`. CER and WER are edit distances between what was read, in its reading order, and what was
printed, in characters and in words, divided by the length of what was printed; typographic quotes count as plain ones. CPU seconds are
user and system time of this process and of the programs it starts; loading an engine is not counted.
"""

import argparse
import resource
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from statistics import mean

from PIL import Image
from rapidfuzz.distance import Levenshtein

from eval.ocr_pages import Page, pages
from semantic_memory.core.errors import NeedsOcrError
from semantic_memory.etl.extract.format import OcrEngine, ReadOptions
from semantic_memory.etl.ocr.recognise import recognise

ENGINES: tuple[OcrEngine, ...] = ("tesseract", "rapidocr", "auto")
_PLAIN = str.maketrans({"“": '"', "”": '"', "‘": "'", "’": "'", "—": "-", "–": "-"})


@dataclass(frozen=True, slots=True)
class Score:
    characters: float
    words: float
    cpu_s: float
    confidence: float
    engine: str


def main() -> int:
    arguments = _arguments()
    drawn = [page for page in pages() if not arguments.kinds or page.kind in arguments.kinds]
    print("| pages | n | engine asked | CER | WER | worst WER | confidence | read by RapidOCR | CPU s per page |")
    print("|---|---|---|---|---|---|---|---|---|")
    for engine in arguments.engines:
        options = ReadOptions(ocr_engine=engine)
        if not _is_ready(options):
            continue
        for kind, group in groupby(sorted(drawn, key=lambda page: page.kind), key=lambda page: page.kind):
            print(_row(kind, engine, [_score(page, options) for page in group]), flush=True)
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--engines", nargs="+", choices=ENGINES, default=ENGINES)
    parser.add_argument("--kinds", nargs="+", help="only pages spoilt in these ways")
    return parser.parse_args()


def _is_ready(options: ReadOptions) -> bool:
    """Loads the engine; says why when it is not there."""
    try:
        for engine in ENGINES[:2]:
            if options.ocr_engine in {engine, "auto"}:
                recognise(Image.new("L", (200, 100), 255), ReadOptions(ocr_engine=engine), dpi=None)
    except NeedsOcrError as error:
        print(f"skipped {options.ocr_engine}: {error}", file=sys.stderr)
        return False
    return True


def _score(page: Page, options: ReadOptions) -> Score:
    before = _cpu_seconds()
    found = recognise(page.image, options, dpi=page.dpi)
    seconds = _cpu_seconds() - before
    read, printed = _words(word.text for word in found.words), _words(page.text.split())
    characters = Levenshtein.distance(" ".join(read), " ".join(printed)) / len(" ".join(printed))
    return Score(characters, Levenshtein.distance(read, printed) / len(printed), seconds, found.confidence, found.engine)


def _words(words: Sequence[str] | Iterator[str]) -> list[str]:
    return " ".join(words).translate(_PLAIN).split()


def _row(kind: str, engine: str, scores: Sequence[Score]) -> str:
    words = [score.words for score in scores]
    characters, confidence = mean(score.characters for score in scores), mean(score.confidence for score in scores)
    by_rapidocr, seconds = sum(score.engine == "rapidocr" for score in scores), mean(score.cpu_s for score in scores)
    return (
        f"| {kind} | {len(scores)} | {engine} | {characters:.4f} | {mean(words):.4f} | {max(words):.4f} | {confidence:.3f}"
        f" | {by_rapidocr} | {seconds:.1f} |"
    )


def _cpu_seconds() -> float:
    usages = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


if __name__ == "__main__":
    sys.exit(main())

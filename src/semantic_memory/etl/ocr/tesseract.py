"""The installed `tesseract` program. It is run for each picture: pixels in through a pipe, words as tab-separated values out.

pytesseract writes the picture to a temporary file, which the limit on written files forbids for a page at 300 dpi; tesserocr's wheel
links a Tesseract of its own that has no language data and would read the data of whatever version is installed.
"""

import shutil
import subprocess
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

from semantic_memory.core.errors import ExtractionError, ExtractionTimeoutError
from semantic_memory.etl.ocr.recognised import Recognised, Word

if TYPE_CHECKING:
    from PIL.Image import Image

ENGINE = "tesseract"
TIMEOUT_S = 60
"""Seconds for one picture; a full page takes 1 to 3 CPU seconds."""
_ENVIRONMENT = {"OMP_THREAD_LIMIT": "1", "LC_ALL": "C.UTF-8"}
"""One thread: with more, Tesseract's threads spend most of their time waiting for each other."""
_WORD = "5"
"""The level of a line of output that is a word; the others are page, block, paragraph and line."""


def is_installed() -> bool:
    """Whether the program and at least one language are there."""
    return bool(_installed_languages())


def read(image: "Image", languages: Sequence[str], dpi: int) -> Recognised:
    """The words of a greyscale picture, columns one after the other.

    Raises: ExtractionTimeoutError; ExtractionError when the program fails.
    """
    usable, warnings = _usable(languages)
    output = _run(["stdin", "stdout", "-l", "+".join(usable), "--dpi", str(dpi), "tsv"], _portable_greymap(image))
    return Recognised(tuple(_words(output)), ENGINE, warnings)


@cache
def _installed_languages() -> frozenset[str]:
    if shutil.which("tesseract") is None:
        return frozenset()
    return frozenset(_run(["--list-langs"], b"").splitlines()[1:]) - {"osd"}


def _usable(languages: Sequence[str]) -> tuple[list[str], tuple[str, ...]]:
    """The wanted languages that are installed, else English, else any; with a warning about each that is missing."""
    installed = _installed_languages()
    missing = [language for language in languages if language not in installed]
    usable = [language for language in languages if language in installed] or sorted(installed & {"eng"} or installed)[:1]
    warnings = (f"Tesseract has no data for {language!r}; it read with {'+'.join(usable)!r}" for language in missing)
    return usable, tuple(warnings)


def _run(arguments: Sequence[str], data: bytes) -> str:
    command = [shutil.which(ENGINE) or ENGINE, *arguments]
    try:
        done = subprocess.run(command, input=data, capture_output=True, env=_ENVIRONMENT, timeout=TIMEOUT_S, check=True)  # noqa: S603
    except subprocess.TimeoutExpired as error:
        raise ExtractionTimeoutError(f"Tesseract took longer than {TIMEOUT_S} s for one picture") from error
    except subprocess.CalledProcessError as error:
        reason = error.stderr.decode(errors="replace").strip()[-300:]
        raise ExtractionError(f"Tesseract failed with code {error.returncode}: {reason}") from error
    return done.stdout.decode(errors="replace")


def _portable_greymap(image: "Image") -> bytes:
    return b"P5 %d %d 255\n" % image.size + image.tobytes()


def _words(output: str) -> list[Word]:
    words: list[Word] = []
    lines: dict[tuple[str, ...], int] = {}
    paragraphs: dict[tuple[str, ...], int] = {}
    for row in output.splitlines():
        level, *place, _, left, top, width, height, confidence, text = row.split("\t", 11)
        if level != _WORD or not text.strip():
            continue
        x, y = float(left), float(top)
        box = (x, y, x + float(width), y + float(height))
        line = lines.setdefault(tuple(place), len(lines))
        paragraph = paragraphs.setdefault(tuple(place[:3]), len(paragraphs))
        words.append(Word(text.strip(), box, float(confidence) / 100, line, paragraph))
    return words

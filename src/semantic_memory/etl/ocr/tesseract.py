"""The installed `tesseract` program, run for each picture: pixels in through a pipe, words as tab-separated values out.

pytesseract writes the picture to a temporary file, which the limit on written files forbids for a page at 300 dpi; tesserocr's wheel
links a Tesseract of its own, has no language data and reads that of whatever version is installed.
"""

import shutil
import subprocess
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

from semantic_memory.core.errors import ExtractionError, ExtractionTimeoutError
from semantic_memory.etl.ocr.lines import ReadLine, ReadWord

if TYPE_CHECKING:
    from PIL.Image import Image

ENGINE = "tesseract"
TIMEOUT_S = 60
"""Seconds for one picture; a full page takes 1 to 4 CPU seconds."""
DOTS_PER_INCH = (70, 2400)
"""What the program takes for a resolution."""
_ENVIRONMENT = {"OMP_THREAD_LIMIT": "1", "LC_ALL": "C.UTF-8"}
"""One thread: with more, Tesseract's threads spend most of their time waiting for each other."""
_WORD = "5"
"""The level of a row of output that is a word; the others are page, block, paragraph and line."""


def version() -> str:
    """The program's version and its languages; empty when it is not installed or has no language."""
    program = shutil.which(ENGINE)
    return _version(program) if program and _languages(program) else ""


def read(image: "Image", languages: Sequence[str], dpi: float) -> list[ReadLine]:
    """The lines of a greyscale picture (mode L), columns one after the other.

    Raises: ExtractionTimeoutError; ExtractionError when the program fails.
    """
    low, high = DOTS_PER_INCH
    resolution = str(round(min(max(dpi, low), high)))
    arguments = ["stdin", "stdout", "-l", "+".join(usable(languages)), "--dpi", resolution, "tsv"]
    return _lines(_run(_program(), arguments, b"P5 %d %d 255\n" % image.size + image.tobytes()))


def usable(languages: Sequence[str]) -> list[str]:
    """Those of the languages that are installed, else English, else one of those there are."""
    installed = _languages(_program())
    wanted = [language for language in languages if language in installed]
    return wanted or sorted(installed & {"eng"} or installed)[:1]


def warnings(languages: Sequence[str]) -> tuple[str, ...]:
    """About each language that is not installed."""
    read_with = "+".join(usable(languages))
    missing = [language for language in languages if language not in _languages(_program())]
    return tuple(f"Tesseract has no data for the language {language!r}; text was read as {read_with!r}" for language in missing)


def _program() -> str:
    return shutil.which(ENGINE) or ENGINE


@cache
def _version(program: str) -> str:
    name = _run(program, ["--version"], b"").partition("\n")[0]
    return f"{name} {' '.join(sorted(_languages(program)))}"


@cache
def _languages(program: str) -> frozenset[str]:
    return frozenset(_run(program, ["--list-langs"], b"").splitlines()[1:]) - {"osd"}


def _run(program: str, arguments: Sequence[str], data: bytes) -> str:
    command = [program, *arguments]
    try:
        done = subprocess.run(command, input=data, capture_output=True, env=_ENVIRONMENT, timeout=TIMEOUT_S, check=True)  # noqa: S603
    except subprocess.TimeoutExpired as error:
        raise ExtractionTimeoutError(f"Tesseract took longer than {TIMEOUT_S} s for one picture") from error
    except subprocess.CalledProcessError as error:
        reason = error.stderr.decode(errors="replace").strip()[-300:]
        raise ExtractionError(f"Tesseract failed with code {error.returncode}: {reason}") from error
    except OSError as error:
        raise ExtractionError(f"Tesseract cannot be run: {error}") from error
    return done.stdout.decode(errors="replace")


def _lines(output: str) -> list[ReadLine]:
    lines: dict[tuple[str, ...], list[ReadWord]] = {}
    for row in output.splitlines():
        level, *place, _, left, top, width, height, confidence, text = row.split("\t", 11)
        if level == _WORD and text.strip():
            x, y = float(left), float(top)
            word = ReadWord(text.strip(), (x, y, x + float(width), y + float(height)), float(confidence) / 100)
            lines.setdefault(tuple(place), []).append(word)
    return [ReadLine.of(words) for words in lines.values()]

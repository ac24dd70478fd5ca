"""Recognised pictures on disk, so that none is read twice: one file per picture, shared by all workers, free to be deleted."""

import contextlib
import hashlib
import os
import tempfile
from collections.abc import Sequence
from dataclasses import astuple
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import msgpack

from semantic_memory.etl.ocr.recognised import Recognised, Word

if TYPE_CHECKING:
    from PIL.Image import Image

MADE = 1
"""Grows when the same picture gives other words, so that older files are not found any more."""


def key_of(image: "Image", settings: Sequence[str]) -> str:
    """Names the picture (its pixels, its mode and size) as read under these settings."""
    digest = hashlib.sha256(repr((MADE, image.mode, image.size, *settings)).encode())
    digest.update(image.tobytes())
    return digest.hexdigest()


def load(folder: Path, key: str) -> Recognised | None:
    """What was kept; None when there is nothing, or what is there is damaged."""
    try:
        fields = cast("Any", msgpack.unpackb((folder / key).read_bytes()))  # pyright: ignore[reportUnknownMemberType]
        words = tuple(_word(*word) for word in fields["words"])
        return Recognised(words, str(fields["engine"]), tuple(map(str, fields["warnings"])))
    except (OSError, ValueError, TypeError, KeyError, msgpack.UnpackException):
        return None


def save(folder: Path, key: str, recognised: Recognised) -> None:
    """Writes the whole file or nothing, readable by this user only. Raises: OSError, for one when the disk is full."""
    content = {
        "engine": recognised.engine,
        "warnings": recognised.warnings,
        "words": [astuple(word) for word in recognised.words],
    }
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle, name = tempfile.mkstemp(dir=folder, prefix=".new-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(cast("bytes", msgpack.packb(content)))  # pyright: ignore[reportUnknownMemberType]
        Path(name).replace(folder / key)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(name).unlink()
        raise


def _word(text: str, box: Sequence[float], confidence: float, line: int, paragraph: int) -> Word:
    left, top, right, bottom = map(float, box)
    return Word(str(text), (left, top, right, bottom), float(confidence), int(line), int(paragraph))

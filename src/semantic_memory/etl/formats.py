"""Finds the format that reads a media type: modules of `etl/extract`, then entry points."""

import pkgutil
from collections.abc import Iterable, Iterator, Sequence
from importlib import import_module

from semantic_memory.core.errors import UnsupportedTypeError
from semantic_memory.etl import extract
from semantic_memory.etl.extract.format import GROUP, Format

PLAIN_TEXT = "text/plain"
_HINTS = {"image": ": text in images needs OCR, which is not installed"}


class Formats:
    """The known formats. `modules` are tried before the built-in ones; entry points only when nothing else reads the type."""

    def __init__(self, modules: Sequence[str] = ()) -> None:
        self._known = _by_media_type((*modules, *_built_in()))
        self._plugged_in: dict[str, Format] | None = None

    def format_for(self, media_type: str) -> Format:
        """Raises: UnsupportedTypeError when no installed format reads this type."""
        found = self._known.get(media_type) or self._plug_ins().get(media_type)
        if found is None and media_type.startswith("text/"):
            found = self._known[PLAIN_TEXT]
        if found is None:
            raise UnsupportedTypeError(f"no extractor reads {media_type!r} files{_HINTS.get(media_type.partition('/')[0], '')}")
        return found

    def _plug_ins(self) -> dict[str, Format]:
        from importlib.metadata import entry_points  # slow, and seldom needed

        if self._plugged_in is None:
            self._plugged_in = _by_media_type(entry.module for entry in entry_points(group=GROUP))
        return self._plugged_in


def _built_in() -> Iterator[str]:
    return (f"{extract.__name__}.{module.name}" for module in pkgutil.iter_modules(extract.__path__))


def _by_media_type(modules: Iterable[str]) -> dict[str, Format]:
    """The first module that claims a media type keeps it; modules without `build` are helpers."""
    formats: dict[str, Format] = {}
    for name in modules:
        module = import_module(name)
        if hasattr(module, "build"):
            built: Format = module.build()
            for media_type in built.media_types:
                formats.setdefault(media_type, built)
    return formats

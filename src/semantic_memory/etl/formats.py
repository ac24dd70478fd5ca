"""Finds the formats that read a media type: named ones, modules of `etl/extract` and `etl/fallback`, then entry points."""

import pkgutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from types import ModuleType

from semantic_memory.core.errors import UnsupportedTypeError
from semantic_memory.etl import extract, fallback
from semantic_memory.etl.extract.format import GROUP, Format, Named, ReadOptions
from semantic_memory.etl.media_types import refusal

PLAIN_TEXT = "text/plain"

Maker = Callable[[ReadOptions], Format]


class Formats:
    """The known formats: first those of `named` (`module:name` of a `Maker`), then the built-in ones, then those of other packages."""

    def __init__(self, named: Sequence[str] = ()) -> None:
        self._named = [_named(value) for value in named]
        self._makers = _by_media_type([*self._named, *_modules(extract), *_modules(fallback)])

    def candidates(self, media_type: str, options: ReadOptions) -> list[Format]:
        """The formats that read this type, first choice first; kinds of text without one are plain text.

        Raises: UnsupportedTypeError when no installed format reads this type.
        """
        makers = self._makers.get(media_type) or self._plugged_in.get(media_type)
        if makers is None and media_type.startswith("text/"):
            makers = self._makers[PLAIN_TEXT]
        if makers is None:
            raise UnsupportedTypeError(refusal(media_type))
        return [make(options) for make in makers]

    @cached_property
    def extensions(self) -> Mapping[str, str]:
        """Extension → media type, of the formats that are not built in."""
        built = [make(ReadOptions()) for make in (*self._offered, *self._named)]
        return {extension: kind for format_ in built if isinstance(format_, Named) for extension, kind in format_.extensions.items()}

    @cached_property
    def _plugged_in(self) -> dict[str, list[Maker]]:
        return _by_media_type(self._offered)

    @cached_property
    def _offered(self) -> list[Maker]:
        return [_offered_by(point) for point in entry_points(group=GROUP)]


def _named(value: str) -> Maker:
    make: Maker = EntryPoint("", value, GROUP).load()
    return make


def _offered_by(point: EntryPoint) -> Maker:
    make: Callable[[], Format] = point.load()
    return lambda _options: make()


def _modules(package: ModuleType) -> Iterator[Maker]:
    """The `build` of each module; modules without one are helpers."""
    for found in pkgutil.iter_modules(package.__path__):
        module = import_module(f"{package.__name__}.{found.name}")
        if hasattr(module, "build"):
            yield module.build


def _by_media_type(makers: Sequence[Maker]) -> dict[str, list[Maker]]:
    known: dict[str, list[Maker]] = {}
    for make in makers:
        for media_type in make(ReadOptions()).media_types:
            known.setdefault(media_type, []).append(make)
    return known

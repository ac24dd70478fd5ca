"""A PDF opened by PDFium: how many pages, and what is on each of them."""

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast

from semantic_memory.core.errors import CorruptFileError, ExtractionError, PasswordRequiredError
from semantic_memory.etl.pdf.frame import Frame

if TYPE_CHECKING:
    from PIL.Image import Image

JUNK_BYTES = 1024
"""Readers accept so much before `%PDF` (ISO 32000-1, implementation note 13); PDFium does too, and skips it itself."""


class _Bitmap(Protocol):
    def to_pil(self) -> "Image": ...
    def close(self) -> None: ...


class NativePage(Protocol):
    """A page of pypdfium2, as far as it is used here; `raw` is the handle of PDFium."""

    raw: object

    def get_bbox(self) -> tuple[float, float, float, float]: ...
    def get_size(self) -> tuple[float, float]: ...
    def get_rotation(self) -> int: ...
    def render(self, *, scale: float, may_draw_forms: bool) -> _Bitmap: ...
    def close(self) -> None: ...


class _NativeDocument(Protocol):
    raw: object

    def __len__(self) -> int: ...
    def __getitem__(self, index: int) -> NativePage: ...
    def get_page_label(self, index: int) -> str: ...
    def get_metadata_value(self, key: str) -> str: ...
    def close(self) -> None: ...


class Document:
    """Pages count from 1. Raises: PasswordRequiredError, CorruptFileError when the file cannot be opened."""

    def __init__(self, native: _NativeDocument) -> None:
        self._native = native
        self.page_count = len(native)

    @property
    def raw(self) -> object:
        """The handle of PDFium."""
        return self._native.raw

    @property
    def title(self) -> str:
        """As the file's properties have it; often the name of another file."""
        return self._native.get_metadata_value("Title").strip()

    def label(self, number: int) -> str | None:
        """The printed page number where it is not the position in the file."""
        label = self._native.get_page_label(number - 1)
        return label if label and label != str(number) else None

    @contextmanager
    def page(self, number: int) -> Generator[tuple[NativePage, Frame]]:
        """Raises: CorruptFileError when this page cannot be loaded."""
        from pypdfium2 import PdfiumError

        try:
            page = self._native[number - 1]
        except PdfiumError as error:
            raise CorruptFileError(f"page {number} cannot be read: {error}") from error
        try:
            yield page, Frame.of(page)
        finally:
            page.close()

    def picture(self, number: int, scale: float) -> "Image":
        """The page as it is shown, `scale` pixels a point."""
        with self.page(number) as (page, _):
            bitmap = page.render(scale=scale, may_draw_forms=False)
            try:
                return bitmap.to_pil().convert("RGB")
            finally:
                bitmap.close()

    def numbers(self, wanted: range) -> Iterator[int]:
        yield from (number for number in wanted if 1 <= number <= self.page_count)


@contextmanager
def opened(file: Path) -> Generator[Document]:
    """Raises: PasswordRequiredError; CorruptFileError when this is no PDF or has no pages."""
    from pypdfium2 import PdfDocument, PdfiumError

    try:
        native = PdfDocument(file)
    except PdfiumError as error:
        raise _opening_error(error) from error
    document = Document(cast("_NativeDocument", native))
    try:
        if not document.page_count:
            raise CorruptFileError("the PDF has no pages that can be read")
        yield document
    finally:
        native.close()


def _opening_error(error: Exception) -> ExtractionError:
    if "password" in str(error).lower():
        return PasswordRequiredError()
    return CorruptFileError(f"the PDF cannot be read: {error}")

"""From the coordinates inside a PDF page to those of the page as it is shown."""

from typing import TYPE_CHECKING, NamedTuple

from semantic_memory.etl.pdf.shapes import Box

if TYPE_CHECKING:
    from semantic_memory.etl.pdf.document import NativePage

Matrix = tuple[float, float, float, float, float, float]
"""a b c d e f of ISO 32000-1 §8.3.3: x' = a·x + c·y + e, y' = b·x + d·y + f."""
IDENTITY: Matrix = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)


class Frame(NamedTuple):
    """The visible part of a page (crop box within media box, y upwards) and its turn in degrees, clockwise."""

    left: float
    bottom: float
    right: float
    top: float
    turn: int
    width: float
    height: float

    @classmethod
    def of(cls, page: "NativePage") -> "Frame":
        return cls(*page.get_bbox(), page.get_rotation(), *page.get_size())

    def box(self, left: float, bottom: float, right: float, top: float) -> Box:
        """The shown place of a rectangle of the page."""
        if self.turn == 90:
            return Box(bottom - self.bottom, left - self.left, top - self.bottom, right - self.left)
        if self.turn == 180:
            return Box(self.right - right, bottom - self.bottom, self.right - left, top - self.bottom)
        if self.turn == 270:
            return Box(self.top - top, self.right - right, self.top - bottom, self.right - left)
        return Box(left - self.left, self.top - top, right - self.left, self.top - bottom)

    def shows(self, box: Box) -> bool:
        return 0 <= box.centre <= self.width and 0 <= box.middle <= self.height


def multiplied(inner: Matrix, outer: Matrix) -> Matrix:
    """First `inner`, then `outer`."""
    a, b, c, d, e, f = inner
    k, m, n, p, q, r = outer
    return (a * k + b * n, a * m + b * p, c * k + d * n, c * m + d * p, e * k + f * n + q, e * m + f * p + r)


def moved(x: float, y: float, by: Matrix) -> tuple[float, float]:
    a, b, c, d, e, f = by
    return a * x + c * y + e, b * x + d * y + f

"""Pictures of text, drawn with the typeface that comes with Pillow, and lines as an engine would find them."""

from collections.abc import Sequence

from PIL import Image, ImageDraw, ImageFont

from semantic_memory.etl.ocr.lines import ReadLine, ReadWord

LINES = (
    "The barometer is read every morning at nine, and",
    "its value is written into the log of the station.",
    "What nobody has read is never guessed.",
)


def picture(*lines: str, size: int = 24, margin: int = 60, paper: str = "white", ink: str = "black") -> Image.Image:
    """Letters of `size` pixels per em, lines 1.5 of that apart."""
    font = ImageFont.load_default(size)
    width = round(max((font.getlength(line) for line in lines), default=0))
    image = Image.new("L", (width + 2 * margin, round(len(lines) * size * 1.5) + 2 * margin), paper)
    draw = ImageDraw.Draw(image)
    for number, line in enumerate(lines):
        draw.text((margin, margin + number * size * 1.5), line, font=font, fill=ink)
    return image


def line(text: str, left: float, top: float, *, height: float = 10, letter: float = 6) -> ReadLine:
    """A line whose letters are all `letter` wide."""
    words: list[ReadWord] = []
    for word in text.split(" "):
        width = len(word) * letter
        words.append(ReadWord(word, (left, top, left + width, top + height), 0.9))
        left += width + letter
    return ReadLine.of(words)


def texts(lines: Sequence[ReadLine]) -> list[str]:
    return [line.text for line in lines]

"""Pages whose text is known: drawn as PDF, turned into pixels and then spoilt in the ways scans and photographs are."""

import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from random import Random

import pypdfium2
from PIL import Image, ImageFilter
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.platypus import BaseDocTemplate, Flowable, Frame, PageTemplate, Paragraph

HEADINGS = (
    "1. Keeping the weather station", "Instruments and their places", "What the log book must show", "2. Repairs before the winter",
    "Who may enter the tower", "Letters received in March",
)  # fmt: skip
PARAGRAPHS = (
    "The barometer is read every morning at nine, and its value is written into the log before anything else is done. A "
    "reading that was missed is never guessed: the line stays empty, and the reason is given in the margin. In the winter "
    "of 1987 the observer, Mrs. Hale, noted 31 such lines, most of them on days when the road from Larkfield was closed by "
    "snow.",
    "Two thermometers hang in the white screen behind the house. The upper one shows the highest temperature since it was "
    "last shaken, the lower one the lowest; both are read to a tenth of a degree (e.g. 17.4 °C), and the difference between "
    "them should not exceed 25 degrees. If it does, call the office in Quayside, telephone 0161 555 0142, and ask for Dr. "
    "J. Okafor.",
    "Rain is measured in a copper gauge with a rim of exactly 203 millimetres. Empty it at the same hour each day; a trace "
    'too small to be measured is entered as "tr". Between 4 May and 19 June the gauge overflowed three times, so the total '
    "of 386.5 mm is a lower bound and not a measurement.",
    "Visitors often ask why the wind vane disagrees with the flag on the church. The vane stands 12 metres above the "
    "ground, the flag at 31, and the hill to the west turns the lower wind by as much as 20%. Both are right; they simply "
    "answer different questions.",
    "The clock in the hall loses six seconds a day and is set every Friday by the signal of the radio. Do not touch the "
    "pendulum; its nut was sealed by the maker, Pettigrew & Sons, in 1911, and the seal is worth more than the clock. A "
    "spare key is kept in drawer B, next to the batteries (size AA) and the fuse wire.",
    "When a storm is expected, close the shutters from the inside, unplug the recorder, and lower the mast with the winch. "
    "Two people are needed: one holds the rope while the other turns the handle 14 times. After the storm, check whether "
    "the three bolts at the foot are still tight, and write down what you find even if nothing has moved.",
    "Paper for the recorder is ordered in boxes of fifty rolls; a roll lasts 32 days at the usual speed. Old rolls are "
    "labelled with place, year and month, for example LKF-1994-08, and sent to the archive in January. Nothing is thrown "
    "away: a sheet that looks blank may hold a faint line that matters to somebody in a hundred years.",
    "Costs were lower than planned. Of the 4,250 pounds granted, 1,180 went into the new roof, 965 into paint and timber, "
    "and 740 into the road; what remains will pay for a second rain gauge. The committee thanks everybody who carried "
    "gravel on that wet Saturday, above all the children of the village school.",
    "Measurements made by instruments of different kinds must not be joined into one series without a comparison. For at "
    "least one year both are read side by side; the mean difference of each month is then applied as a correction. Changes "
    "of less than 0.2 units are ignored, because no observer can read the scale more finely than that.",
)
SMALL = 75
"""Dots per inch at which eleven-point letters are about five pixels high: a screenshot, or a scan scaled down for the web."""


@dataclass(frozen=True, slots=True)
class Page:
    """`kind` says how it was spoilt, `text` what stands on it in reading order."""

    kind: str
    image: Image.Image
    dpi: int | None
    text: str


@dataclass(frozen=True, slots=True)
class Style:
    font: str
    bold: str
    size: float
    columns: int = 1


STYLES = (
    Style("Times-Roman", "Times-Bold", 11),
    Style("Helvetica", "Helvetica-Bold", 10),
    Style("Vera", "VeraBd", 9.5),
    Style("Courier", "Courier-Bold", 10.5),
)
COLUMNS = (Style("Times-Roman", "Times-Bold", 10, 2), Style("Helvetica", "Helvetica-Bold", 9.5, 2))


def pages() -> Iterator[Page]:
    """Four typefaces, clean and spoilt; two of them in two columns. The same pages on every machine."""
    for name in ("Vera", "VeraBd"):  # they come with reportlab
        pdfmetrics.registerFont(TTFont(name, f"{name}.ttf"))
    for seed, style in enumerate(STYLES):
        pdf, text = _drawn(style, Random(seed))
        yield Page("clean 300 dpi", _pixels(pdf, 300), 300, text)
        clean = _pixels(pdf, 150)
        yield Page("clean 150 dpi", clean, 150, text)
        yield Page("small", _pixels(pdf, SMALL), SMALL, text)
        for kind, spoil in SPOILT.items():
            yield Page(kind, spoil(clean, Random(seed)), 150, text)
    for seed, style in enumerate(COLUMNS):
        pdf, text = _drawn(style, Random(seed))
        yield Page("two columns", _pixels(pdf, 150), 150, text)


def _drawn(style: Style, random: Random) -> tuple[bytes, str]:
    """One page as PDF and its text."""
    story: list[Flowable] = []
    text: list[str] = []
    paragraphs = random.sample(PARAGRAPHS, len(PARAGRAPHS))
    for number, paragraph in enumerate(paragraphs):
        if number % 3 == 0:
            heading = HEADINGS[(number // 3 + len(style.font)) % len(HEADINGS)]
            story.append(
                Paragraph(heading, ParagraphStyle("h", fontName=style.bold, fontSize=style.size * 1.5, spaceBefore=12, spaceAfter=9))
            )
            text.append(heading)
        body = ParagraphStyle("p", fontName=style.font, fontSize=style.size, leading=style.size * 1.3, spaceAfter=style.size * 0.8)
        story.append(Paragraph(paragraph.replace("&", "&amp;"), body))
        text.append(paragraph)
    return _pdf(story, style.columns), " ".join(text)


def _pdf(story: Sequence[Flowable], columns: int) -> bytes:
    buffer = io.BytesIO()
    width, height = A4
    each = (width - 100) / columns
    bottom = 50 if columns == 1 else height * 0.4
    frames = [Frame(50 + column * each, bottom, each - 4, height - bottom - 50) for column in range(columns)]
    document = BaseDocTemplate(buffer, pagesize=A4)
    document.addPageTemplates([PageTemplate(frames=frames)])
    document.build(list(story))
    return buffer.getvalue()


def _pixels(pdf: bytes, dpi: float) -> Image.Image:
    document = pypdfium2.PdfDocument(pdf)
    if len(document) != 1:
        raise ValueError("the text does not fit on one page")
    return document[0].render(scale=dpi / 72, grayscale=True).to_pil().convert("L")


def _rotated(degrees: float) -> Callable[[Image.Image, Random], Image.Image]:
    return lambda image, _: image.rotate(degrees, Image.Resampling.BICUBIC, fillcolor=255)


def _blurred(image: Image.Image, _: Random) -> Image.Image:
    return image.filter(ImageFilter.GaussianBlur(1.1))


def _speckled(image: Image.Image, random: Random) -> Image.Image:
    """One pixel in fifty turned black or white."""
    spoilt = image.copy()
    width, height = image.size
    for _ in range(width * height // 50):
        spoilt.putpixel((random.randrange(width), random.randrange(height)), random.choice((0, 255)))
    return spoilt


def _grainy(image: Image.Image, random: Random) -> Image.Image:
    """A grey, noisy, unevenly lit photograph, kept as a strongly compressed JPEG."""
    width, height = image.size
    noise = Image.frombytes("L", image.size, random.randbytes(width * height))
    shade = Image.linear_gradient("L").resize(image.size).point([200 - level // 4 for level in range(256)])
    faded = Image.blend(Image.composite(image, shade, image.point([0 if level > 128 else 255 for level in range(256)])), noise, 0.15)
    buffer = io.BytesIO()
    faded.save(buffer, "JPEG", quality=40)
    return Image.open(buffer).convert("L")


def _photographed_small(image: Image.Image, random: Random) -> Image.Image:
    """Small, turned and speckled at once."""
    turned = _rotated(random.choice((-0.8, 0.9)))(image, random)
    return turned.resize((image.width * 2 // 3, image.height * 2 // 3), Image.Resampling.BILINEAR).filter(ImageFilter.GaussianBlur(0.4))


SPOILT: dict[str, Callable[[Image.Image, Random], Image.Image]] = {
    "skewed 1°": _rotated(1.0),
    "skewed -2.5°": _rotated(-2.5),
    "blurred": _blurred,
    "speckled": _speckled,
    "grainy": _grainy,
    "small, skewed, blurred": _photographed_small,
}

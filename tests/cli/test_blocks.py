"""`semantic-memory blocks`: pages chosen, and the page that shows them."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PIL import Image, ImageDraw, ImageFont

from semantic_memory.cli.blocks import ALL_PAGES, page_range, show
from semantic_memory.core.errors import ExtractorCrashedError, InvalidInputError
from semantic_memory.core.model import BlockDraft, BlockType, Extraction, Member, PageImage

if TYPE_CHECKING:
    from tests.cli.conftest import Cli

REPORT = Path(__file__).parents[2] / "samples" / "quarterly-report.pdf"
NOTE = "# Garden\n\nTomatoes <b>need</b> water.\n"


def test_a_text_is_drawn_beside_its_lines(cli: "Cli", tmp_path: Path) -> None:
    (tmp_path / "garden.md").write_text(NOTE)

    done = cli("blocks", "garden.md", "--html", "out.html")

    page = (tmp_path / "out.html").read_text("utf-8")
    assert (done.code, done.out) == (0, "")
    assert "2 blocks drawn in out.html" in done.err
    assert '<div class="heading" data-block="1"><b>1</b><code># Garden</code></div>' in page
    assert "Tomatoes &lt;b&gt;need&lt;/b&gt; water." in page
    assert not (tmp_path / "data").exists()


def test_a_pdf_is_drawn_page_by_page(cli: "Cli", tmp_path: Path) -> None:
    assert cli("blocks", str(REPORT), "--html", "out.html").code == 0

    page = (tmp_path / "out.html").read_text("utf-8")
    assert page.count("data:image/png;base64,") == 2
    assert page.count('class="box"') + page.count("class=box") >= 8


def test_only_wanted_pages_are_shown(cli: "Cli") -> None:
    blocks = [json.loads(line) for line in cli("blocks", str(REPORT), "--pages", "2").out.splitlines()]

    assert {block["page"] for block in blocks} == {2}


@pytest.mark.parametrize(("text", "pages"), [("", ALL_PAGES), ("3", range(3, 4)), ("3-5", range(3, 6)), ("7-7", range(7, 8))])
def test_pages_are_one_or_a_range(text: str, pages: range) -> None:
    assert page_range(text) == pages


@pytest.mark.parametrize("text", ["0", "5-3", "x", "-2", "1-2-3", "3-", "\u0663", "1" * 40])
def test_what_is_no_range_of_pages_is_refused(text: str) -> None:
    with pytest.raises(InvalidInputError, match="--pages"):
        page_range(text)


def test_pages_of_a_file_without_pages_are_refused(cli: "Cli", tmp_path: Path) -> None:
    (tmp_path / "garden.md").write_text(NOTE)

    done = cli("blocks", "garden.md", "--pages", "1")

    assert done.code == 2
    assert "no pages" in done.err


@pytest.mark.parametrize("page", ["./garden.html", "nowhere/page.html"])
def test_a_page_is_not_written_over_the_file_or_into_nowhere(cli: "Cli", tmp_path: Path, page: str) -> None:
    (tmp_path / "garden.html").write_text("<h1>Garden</h1>")

    done = cli("blocks", "garden.html", "--html", page)

    assert (done.code, Path(page).name in done.err) == (2, True)
    assert (tmp_path / "garden.html").read_text() == "<h1>Garden</h1>"


def test_blocks_of_a_picture_leave_nothing_behind(cli: "Cli", tmp_path: Path) -> None:
    picture = Image.new("L", (600, 120), 255)
    ImageDraw.Draw(picture).text((20, 30), "The northern well", fill=0, font=ImageFont.load_default(48))
    picture.save(tmp_path / "well.png")

    done = cli("blocks", "well.png")

    assert "northern well" in done.out
    assert [path.name for path in tmp_path.iterdir()] == ["well.png"]


class Book:
    """An extractor of a book with as many pages as told; drawing page `broken` kills the worker."""

    def __init__(self, pages: Sequence[int | None], drawn: int, broken: int = 0) -> None:
        self._pages, self._drawn, self._broken = pages, drawn, broken
        self.asked: list[range] = []

    async def extract(self, file: Path, *, name: str, tenant: str = "") -> Extraction:
        return Extraction("application/pdf", [BlockDraft(BlockType.PARAGRAPH, f"text of {page}", page) for page in self._pages])

    async def unpack(self, file: Path, *, name: str, into: Path) -> Sequence[Member]:
        return []

    async def page_images(self, file: Path, *, name: str, pages: range) -> Sequence[PageImage]:
        self.asked.append(pages)
        if self._broken in pages:
            raise ExtractorCrashedError
        return [PageImage(page, 10, 10, b"png") for page in pages if page <= self._drawn]

    async def close(self) -> None: ...


async def drawn(book: Book, tmp_path: Path, pages: range = ALL_PAGES) -> str:
    await show(book, tmp_path / "book.pdf", tmp_path / "out.html", pages)
    return (tmp_path / "out.html").read_text("utf-8")


def order_of(page: str, *texts: str) -> list[str]:
    return sorted(texts, key=page.index)


async def test_pictures_are_asked_for_a_few_at_a_time_until_there_are_no_more(tmp_path: Path) -> None:
    book = Book(range(1, 11), drawn=10)

    page = await drawn(book, tmp_path)

    assert page.count("<img") == 10
    assert max(map(len, book.asked)) <= 4
    assert book.asked[-1].start <= 13


async def test_only_wanted_pages_are_drawn(tmp_path: Path) -> None:
    book = Book(range(1, 11), drawn=10)

    page = await drawn(book, tmp_path, range(6, 8))

    assert book.asked == [range(6, 8)]
    assert page.count("<img") == page.count("<article") == 2


async def test_pages_that_cannot_be_drawn_keep_their_blocks_and_say_why(tmp_path: Path) -> None:
    page = await drawn(Book(range(1, 11), drawn=10, broken=6), tmp_path)

    assert (page.count("<img"), page.count("<article")) == (4, 10)
    assert "the following pages cannot be drawn: the extractor process died on this file" in page


async def test_slides_without_pictures_are_shown_slide_by_slide_and_the_rest_last(tmp_path: Path) -> None:
    page = await drawn(Book([1, None, 2], drawn=0), tmp_path)

    assert "<img" not in page
    assert order_of(page, "text of None", "text of 2", "text of 1") == ["text of 1", "text of 2", "text of None"]


async def test_a_page_without_a_picture_keeps_its_place(tmp_path: Path) -> None:
    class Gap(Book):
        async def page_images(self, file: Path, *, name: str, pages: range) -> Sequence[PageImage]:
            return [image for image in await super().page_images(file, name=name, pages=pages) if image.page != 2]

    page = await drawn(Gap([1, 2, 3], drawn=3), tmp_path)

    assert order_of(page, 'id="page-3"', 'id="page-2"', 'id="page-1"') == ['id="page-1"', 'id="page-2"', 'id="page-3"']

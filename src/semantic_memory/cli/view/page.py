"""The parts of the page, in the order they are written: head, then pages, lines or blocks alone, then foot."""

import base64
import hashlib
import json
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cache
from html import escape
from importlib.resources import files
from typing import cast

from semantic_memory.cli.view.content import INNER_PLACES, block_html
from semantic_memory.core.model import BlockType, ContentBlock, Extraction, Json, PageImage

MAX_LINE = 2000
"""Characters of a source line that are shown; minified files have lines of megabytes."""
A4_HEIGHT = 842
"""Points; badges and lines are drawn for a page of this height and grow with larger ones."""
FOOT = "</main></body></html>\n"

Box = tuple[float, float, float, float]


def head(name: str, extraction: Extraction, blocks: Sequence[ContentBlock]) -> str:
    """Everything above the first page: the policy that forbids any request, what is known of the document, warnings, the legend."""
    style, script = _resource("page.css"), _resource("page.js")
    policy = f"default-src 'none'; img-src data:; style-src '{_digest(style)}'; script-src '{_digest(script)}'"
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}"><meta name="viewport" content="width=device-width">'
        f"<title>{escape(name)}: blocks</title><style>{style}</style><script>{script}</script></head><body>"
        f"<header class=top><h1>{escape(name)}</h1><p>{escape(_summary(extraction, blocks))}</p>"
        f"{''.join(map(warning, extraction.warnings))}{_known(extraction)}</header>"
        f"<nav>{''.join(_switches(blocks))}</nav><main>\n"
    )


def warning(text: str) -> str:
    """What was missed or cut, above the pages or between them."""
    return f"<p class=warning>⚠ {escape(text)}</p>\n"


def page_part(page: int, blocks: Sequence[ContentBlock], image: PageImage | None) -> str:
    """One page: its picture with the boxes of its blocks, and the blocks beside it."""
    told = "".join(map(block_html, blocks)) or "<p class=none>no blocks on this page</p>"
    drawn = _picture(image, blocks) if image else ""
    kind = "page" if image else "page bare"
    return f'<section class="{kind}" id="page-{page}"><h2>page {page}</h2>{drawn}<div class=blocks>{told}</div></section>\n'


def line_parts(lines: Sequence[str], blocks: Sequence[ContentBlock]) -> Iterator[str]:
    """The source and its blocks side by side: a row for each run of blocks that share lines, with the lines up to the next run."""
    runs = list(_runs([block for block in blocks if _lines(block)[0]]))
    end = len(lines) + 1
    starts = [1, *(min(_lines(run[0])[0], end) for run in runs[1:]), end]
    for run, first, after in zip(runs, starts, starts[1:], strict=False):
        yield _row(lines, range(first, after), run)
    yield from block_parts([block for block in blocks if not _lines(block)[0]])


def block_parts(blocks: Sequence[ContentBlock]) -> Iterator[str]:
    """Blocks that have no page and no line; their places stand in their headings."""
    if blocks:
        yield f'<section class="page bare"><div class=blocks>{"".join(map(block_html, blocks))}</div></section>\n'


def has_lines(blocks: Sequence[ContentBlock]) -> bool:
    """Whether most blocks say which lines of the file they are; a line within a notebook's cell is none of the file."""
    counted = sum(1 for block in blocks if _lines(block)[0] and not block.metadata.keys() & INNER_PLACES)
    return counted * 2 > len(blocks)


def _summary(extraction: Extraction, blocks: Sequence[ContentBlock]) -> str:
    counts = Counter(block.type for block in blocks)
    told = ", ".join(f"{count} {kind}" for kind, count in counts.most_common())
    return " · ".join(part for part in (extraction.title or "", extraction.media_type, f"{len(blocks)} blocks: {told}") if part)


def _known(extraction: Extraction) -> str:
    known: Json = {**extraction.metadata, **({"files inside": list(extraction.members)} if extraction.members else {})}
    if not known:
        return ""
    rows = "".join(f"<dt>{escape(name)}</dt><dd>{escape(_shown(value))}</dd>" for name, value in known.items())
    return f"<details><summary>metadata</summary><dl>{rows}</dl></details>"


def _shown(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _switches(blocks: Sequence[ContentBlock]) -> Iterator[str]:
    """The legend: a box per type that hides its blocks, and one for the line through the reading order."""
    counts = Counter(block.type for block in blocks)
    for kind in (kind for kind in BlockType if counts[kind]):
        yield f'<label class="{kind}"><input type=checkbox checked id="show-{kind}">{kind} <small>{counts[kind]}</small></label>'
    if any(_box(block) for block in blocks):
        yield "<label class=order><input type=checkbox checked id=show-order>reading order</label>"


def _picture(image: PageImage, blocks: Sequence[ContentBlock]) -> str:
    boxes = [(block, box) for block in blocks if (box := _box(block))]
    size = max(image.width, image.height) / A4_HEIGHT
    middles = " ".join(f"{(x0 + x1) / 2:.1f},{(y0 + y1) / 2:.1f}" for _, (x0, y0, x1, y1) in boxes)
    line = f'<polyline class=order points="{middles}"/>' if len(boxes) > 1 else ""
    return (
        f'<figure><img alt="page {image.page}" width="{image.width:.0f}" height="{image.height:.0f}" loading=lazy '
        f'src="data:image/png;base64,{base64.b64encode(image.png).decode()}">'
        f'<svg viewBox="0 0 {image.width:.2f} {image.height:.2f}" preserveAspectRatio="none" aria-hidden="true">'
        f"{line}{''.join(_drawn(block, box, size) for block, box in boxes)}</svg></figure>"
    )


def _drawn(block: ContentBlock, box: Box, size: float) -> str:
    """The box, and a badge with the block's number at its upper left, in the margin where there is one."""
    x0, y0, x1, y1 = box
    number = block.order + 1
    width, height = (4 + 4.5 * len(str(number))) * size, 9 * size
    left = max(x0 - width - size, 0)
    return (
        f'<g class="{block.type}" data-block="{number}">'
        f'<rect class=box x="{x0:.1f}" y="{y0:.1f}" width="{x1 - x0:.1f}" height="{y1 - y0:.1f}"/>'
        f'<rect class=badge x="{left:.1f}" y="{y0:.1f}" width="{width:.1f}" height="{height:.1f}" rx="{2 * size:.1f}"/>'
        f'<text x="{left + width / 2:.1f}" y="{y0 + 6.8 * size:.1f}" font-size="{7 * size:.1f}">{number}</text></g>'
    )


def _box(block: ContentBlock) -> Box | None:
    box = block.metadata.get("bbox")
    return cast("Box", tuple(box)) if isinstance(box, list) and len(box) == 4 else None


def _runs(blocks: Sequence[ContentBlock]) -> Iterator[list[ContentBlock]]:
    """Blocks in the order of their lines; those that share a line come together."""
    run: list[ContentBlock] = []
    end = 0
    for block in sorted(blocks, key=_lines):
        first, last = _lines(block)
        if run and first > end:
            yield run
            run = []
        run.append(block)
        end = max(end, last)
    if run:
        yield run


def _lines(block: ContentBlock) -> tuple[int, int]:
    """First and last line; (0, 0) where the block does not say."""
    first, last = block.metadata.get("start_line"), block.metadata.get("end_line")
    return (first, max(first, last if isinstance(last, int) else first)) if isinstance(first, int) else (0, 0)


def _row(lines: Sequence[str], shown: range, run: Sequence[ContentBlock]) -> str:
    owners = {number: block for block in run for number in _span(block, shown)}
    source = "".join(_line(number, lines[number - 1], owners.get(number)) for number in shown)
    return f"<section class=row><div class=source>{source}</div><div class=blocks>{''.join(map(block_html, run))}</div></section>\n"


def _span(block: ContentBlock, shown: range) -> range:
    first, last = _lines(block)
    return range(max(first, shown.start), min(last + 1, shown.stop))


def _line(number: int, text: str, owner: ContentBlock | None) -> str:
    belongs = f' class="{owner.type}" data-block="{owner.order + 1}"' if owner else ""
    cut = f"<i>… {len(text) - MAX_LINE} more characters</i>" if len(text) > MAX_LINE else ""
    return f"<div{belongs}><b>{number}</b><code>{_visible(text[:MAX_LINE])}{cut}</code></div>"


def _visible(text: str) -> str:
    """Control, zero-width and direction characters by their names, so that the page shows what is in the file."""
    if text.isprintable():
        return escape(text)
    return "".join(f"<i>U+{ord(letter):04X}</i>" if _is_hidden(letter) else escape(letter) for letter in text)


def _is_hidden(letter: str) -> bool:
    return letter != "\t" and unicodedata.category(letter).startswith("C")


def _digest(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


@cache
def _resource(name: str) -> str:
    return files("semantic_memory.cli.view").joinpath(name).read_text("utf-8")

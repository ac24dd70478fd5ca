"""Charts as tables: categories in rows, series in columns."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import zip_longest
from typing import TYPE_CHECKING, Protocol, cast

from semantic_memory.core.model import BlockDraft, BlockType, Json
from semantic_memory.etl.blocks.tables import table_block
from semantic_memory.etl.office.numbers import plain

if TYPE_CHECKING:
    from pptx.chart.chart import Chart

MAX_POINTS = 1000
"""Rows kept of one chart; more are a curve, which nobody reads as numbers."""


class _Series(Protocol):
    name: str
    values: Sequence[float | None]


class _Plot(Protocol):
    """The part of python-pptx's plots, whose types are incomplete, that is used here."""

    categories: Iterable[object]
    series: Iterable[_Series]


def chart_blocks(chart: "Chart", page: int, place: Json) -> Iterator[BlockDraft]:
    """The title as a caption, then the numbers behind the chart."""
    title = chart.chart_title.text_frame.text.strip() if chart.has_title and chart.chart_title.has_text_frame else ""
    if title:
        yield BlockDraft(BlockType.PARAGRAPH, title, page, metadata={**place, "original_type": "caption"})
    for plot in cast("Iterable[_Plot]", chart.plots):
        series = list(plot.series)
        categories = [str(category) for category in plot.categories][:MAX_POINTS]
        columns = [["" if value is None else plain(float(value)) for value in one.values][:MAX_POINTS] for one in series]
        header = ["", *(one.name for one in series)]
        rows = [header, *([*row] for row in zip_longest(categories, *columns, fillvalue=""))]
        if len(rows) > 1:
            yield table_block(rows, 1, page=page, metadata={**place, "original_type": "chart"})

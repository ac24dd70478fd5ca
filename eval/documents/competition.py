"""The truth files of the table competition: one or more per PDF, `NAME-str.xml` beside `NAME.pdf`."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

from eval.documents.cells import Cell, Grid

_TRUTH = re.compile(r"(?P<name>.*\d)(?P<reading>[a-z]?)-str\.xml")


@dataclass(frozen=True, slots=True)
class Labelled:
    """A PDF and its tables. `readings` has more than one list where the tables can rightly be read in more than one way."""

    pdf: Path
    readings: Sequence[Sequence[Grid]]


def labelled_files(folder: Path) -> Iterator[Labelled]:
    """In order of their names; `eu-009a` and `eu-009b` are two readings of the one PDF."""
    for pdf in sorted(folder.glob("*.pdf")):
        name = pdf.stem.rstrip("abcdefghijklmnopqrstuvwxyz")
        truths = [file for file in sorted(folder.glob(f"{name}*-str.xml")) if _is_of(file, name)]
        yield Labelled(pdf, [list(_grids(file)) for file in truths])


def _is_of(truth: Path, name: str) -> bool:
    match = _TRUTH.fullmatch(truth.name)
    return match is not None and match["name"] == name


def _grids(truth: Path) -> Iterator[Grid]:
    """One grid per region: the part of a table that stands on one page, with rows of its own."""
    for region in ET.parse(truth).getroot().iter("region"):
        yield Grid(tuple(_cell(element) for element in region.iter("cell")))


def _cell(element: ET.Element) -> Cell:
    """`end-row` and `end-col` are inclusive and stand only where the cell spans."""
    row, column = int(element.attrib["start-row"]), int(element.attrib["start-col"])
    last_row, last_column = int(element.get("end-row", row)), int(element.get("end-col", column))
    text = element.findtext("content") or ""
    return Cell(row, column, text, last_row - row + 1, last_column - column + 1)

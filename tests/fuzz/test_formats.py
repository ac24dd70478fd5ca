"""FILE-18: valid files with random changes, through a real worker. Each is read or refused with a reason, in time, without a crash."""

import pkgutil
from collections.abc import Sequence
from functools import cache
from importlib import import_module

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scripts.formats_page import PLACES
from semantic_memory.core.errors import ExtractionError, ExtractorCrashedError, NeedsOcrError
from semantic_memory.core.model import Extraction
from semantic_memory.etl import extract
from tests.fuzz.changes import CHANGES, Change, changed
from tests.fuzz.conftest import OPTIONS, Fuzz, Outcome
from tests.fuzz.samples import SAMPLES

MAY_CRASH = frozenset({"a.pdf"})
"""PDFium runs out of memory on a few bytes and ends the process; that is what the worker is for."""

PLACE_WORDS = {
    "page": "page", "bbox": "box", "start_line": "lines", "symbol": "symbol", "sheet": "sheet", "cells": "cells", "slide": "slide",
    "cell": "cell", "chapter": "chapter", "part": "part", "key_path": "key path",
}  # fmt: skip
"""Metadata of a block → how the documentation calls it."""
READERS = {
    "a.zip": "archive", "a.py": "code", "a.csv": "csv", "a.docx": "docx", "a.epub": "epub", "a.html": "html", "a.json": "json",
    "a.eml": "mail", "a.mbox": "mailbox", "a.md": "markdown", "a.ipynb": "notebook", "a.ods": "ods", "a.odt": "odt", "a.pdf": "pdf",
    "a.txt": "plain", "a.pptx": "pptx", "a.rtf": "rtf", "a.svg": "svg", "a.xlsx": "xlsx",
}  # fmt: skip

PICTURES = frozenset({"image/png"})
"""Without OCR nothing is read from them."""

sample = cache(lambda name: SAMPLES[name]())


def is_acceptable(name: str, outcome: Outcome) -> bool:
    """Read, or refused with a reason of its own: the bare ExtractionError is what an exception nobody thought of becomes."""
    if isinstance(outcome, ExtractorCrashedError):
        return name in MAY_CRASH
    return isinstance(outcome, Extraction) or type(outcome) is not ExtractionError


def is_picture(name: str) -> bool:
    return name.endswith((".png", ".jpg", ".gif", ".tiff", ".webp"))


def insides(name: str) -> st.SearchStrategy[float | None]:
    """Where the changes go: into the file as it lies, or into a member of a zip, where checksums do not hide them."""
    is_zip = sample(name).startswith(b"PK")
    return st.one_of(st.none(), st.floats(0, 1, exclude_max=True)) if is_zip else st.none()


def check(fuzz: Fuzz, name: str, changes: Sequence[Change], inside: float | None) -> None:
    outcome = fuzz(name, changed(sample(name), changes, inside=inside))

    assert is_acceptable(name, outcome), outcome


def test_file_18_every_format_has_a_sample(fuzz: Fuzz) -> None:
    """By the media types that the samples turn out to have: each module of `etl/extract` reads one of them."""
    read = {outcome.media_type for name in SAMPLES if isinstance(outcome := fuzz(name, sample(name)), Extraction)}
    modules = (import_module(f"{extract.__name__}.{module.name}") for module in pkgutil.iter_modules(extract.__path__))
    formats = {module.__name__: module.build(OPTIONS).media_types for module in modules if hasattr(module, "build")}

    assert [name for name, media_types in formats.items() if not media_types & (read | PICTURES)] == []


@pytest.mark.parametrize("name", SAMPLES)
def test_file_18_the_sample_itself_is_read(fuzz: Fuzz, name: str) -> None:
    outcome = fuzz(name, sample(name))

    assert isinstance(outcome, NeedsOcrError if is_picture(name) else Extraction), outcome


@pytest.mark.parametrize(("name", "reader"), READERS.items())
def test_the_page_about_formats_tells_the_places_that_blocks_have(fuzz: Fuzz, name: str, reader: str) -> None:
    outcome = fuzz(name, sample(name))
    assert isinstance(outcome, Extraction)
    keys = {key for block in outcome.blocks for key in (*block.metadata, *(["page"] if block.page else []))}

    told = set(PLACES[reader].split(", "))

    assert {word for key, word in PLACE_WORDS.items() if key in keys} == told & set(PLACE_WORDS.values())


@pytest.mark.parametrize("name", SAMPLES)
@settings(max_examples=25, deadline=None, derandomize=True, database=None)
@given(data=st.data())
def test_file_18_a_changed_file_is_read_or_refused_with_a_reason(fuzz: Fuzz, name: str, data: st.DataObject) -> None:
    check(fuzz, name, data.draw(CHANGES), data.draw(insides(name)))


@pytest.mark.nightly
@pytest.mark.parametrize("name", SAMPLES)
@settings(max_examples=3000, deadline=None)
@given(data=st.data())
def test_file_18_many_changed_files_are_read_or_refused_with_a_reason(fuzz: Fuzz, name: str, data: st.DataObject) -> None:
    check(fuzz, name, data.draw(CHANGES), data.draw(insides(name)))

from pathlib import Path

import pytest

from semantic_memory.core.errors import UnsupportedTypeError
from semantic_memory.etl.extract.format import GROUP
from semantic_memory.etl.formats import Formats
from tests.etl.hostile import HostileFormat


@pytest.mark.parametrize("media_type", ["text/markdown", "text/html", "text/plain", "application/json", "application/pdf", "text/x-python"])
def test_the_built_in_formats_are_found_by_their_module(formats: Formats, media_type: str) -> None:
    assert media_type in formats.format_for(media_type).media_types


def test_unknown_kinds_of_text_are_plain_text(formats: Formats) -> None:
    assert formats.format_for("text/x-klingon") is formats.format_for("text/plain")


def test_an_unknown_binary_kind_is_refused_by_name(formats: Formats) -> None:
    with pytest.raises(UnsupportedTypeError, match="application/zip"):
        formats.format_for("application/zip")


def test_an_image_says_what_is_missing(formats: Formats) -> None:
    with pytest.raises(UnsupportedTypeError, match="OCR"):
        formats.format_for("image/png")


def test_a_named_module_comes_before_the_built_in_ones() -> None:
    assert isinstance(Formats(["tests.etl.hostile"]).format_for("text/plain"), HostileFormat)


@pytest.fixture
def installed_plug_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A distribution on the module path whose entry point offers a format for audio/mpeg."""
    (tmp_path / "loud_format.py").write_text(
        "class Loud:\n    media_types = frozenset({'audio/mpeg'})\n    def extract(self, file, name, media_type): ...\n"
        "def build():\n    return Loud()\n"
    )
    distribution = tmp_path / "loud-1.0.dist-info"
    distribution.mkdir()
    (distribution / "METADATA").write_text("Name: loud\nVersion: 1.0\n")
    (distribution / "entry_points.txt").write_text(f"[{GROUP}]\nloud = loud_format\n")
    monkeypatch.syspath_prepend(tmp_path)
    return "audio/mpeg"


def test_another_package_can_offer_a_format(installed_plug_in: str) -> None:
    assert installed_plug_in in Formats().format_for(installed_plug_in).media_types

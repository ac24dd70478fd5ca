from pathlib import Path

import pytest

from semantic_memory.core.errors import UnsupportedTypeError
from semantic_memory.etl.extract.format import GROUP, ReadOptions
from semantic_memory.etl.formats import Formats
from tests.etl.hostile import HostileFormat


@pytest.mark.parametrize("media_type", ["text/markdown", "text/html", "text/plain", "application/json", "application/pdf", "text/x-python"])
def test_the_built_in_formats_are_found_by_their_module(formats: Formats, media_type: str) -> None:
    assert media_type in formats.candidates(media_type, ReadOptions())[0].media_types


def test_unknown_kinds_of_text_are_plain_text(formats: Formats) -> None:
    assert "text/plain" in formats.candidates("text/x-klingon", ReadOptions())[0].media_types


def test_an_unknown_binary_kind_is_refused_by_name(formats: Formats) -> None:
    with pytest.raises(UnsupportedTypeError, match="iso9660"):
        formats.candidates("application/x-iso9660-image", ReadOptions())


def test_a_named_module_comes_before_the_built_in_ones() -> None:
    assert isinstance(Formats(["tests.etl.hostile:HostileFormat"]).candidates("application/x-command", ReadOptions())[0], HostileFormat)


@pytest.fixture
def installed_plug_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A distribution on the module path whose entry point offers a format for audio/mpeg."""
    (tmp_path / "loud_format.py").write_text(
        "class Loud:\n    extensions = {'.mp3': 'audio/mpeg'}\n    media_types = frozenset({'audio/mpeg'})\n"
        "    def extract(self, file, name, media_type): ...\n"
    )
    distribution = tmp_path / "loud-1.0.dist-info"
    distribution.mkdir()
    (distribution / "METADATA").write_text("Name: loud\nVersion: 1.0\n")
    (distribution / "entry_points.txt").write_text(f"[{GROUP}]\nloud = loud_format:Loud\n")
    monkeypatch.syspath_prepend(tmp_path)
    return "audio/mpeg"


def test_another_package_can_offer_a_format(installed_plug_in: str) -> None:
    assert installed_plug_in in Formats().candidates(installed_plug_in, ReadOptions())[0].media_types

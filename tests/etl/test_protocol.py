import pytest

from semantic_memory.core import errors
from semantic_memory.core.model import BlockDraft, BlockType, Extraction
from semantic_memory.etl.protocol import Limits, WorkerOptions, decode_extraction, encode_extraction, error_of, pack, unpack


def test_an_extraction_survives_the_way() -> None:
    table = BlockDraft(BlockType.TABLE, "| ä |", 3, "de", {"rows": [["ä"]], "bbox": [1.5, 2.0, 3.0, 4.0], "none": None})
    extraction = Extraction("application/pdf", (table,), "title", {"pages": 3}, ("a warning",))

    assert decode_extraction(unpack(pack(encode_extraction(extraction)))) == extraction


def test_options_survive_the_command_line() -> None:
    options = WorkerOptions(7, Limits(timeout_s=1.5), ("a.b",))

    assert WorkerOptions.decode(options.encode()) == options


@pytest.mark.parametrize(
    "error",
    [errors.PasswordRequiredError, errors.CorruptFileError, errors.UnsupportedTypeError, errors.EmptyDocumentError, errors.ExtractionError],
)
def test_an_error_keeps_its_class(error: type[errors.SemanticMemoryError]) -> None:
    assert type(error_of(error.code, "why")) is error


@pytest.mark.parametrize("code", ["configuration", "backend", "no such code"])
def test_a_worker_cannot_blame_anything_but_the_file(code: str) -> None:
    assert type(error_of(code, "why")) is errors.ExtractionError


@pytest.mark.parametrize("payload", [b"", b"\xc1", pack({"a": 1}) + b"x", b"\x90"])
def test_nonsense_is_no_message(payload: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  its message is msgpack's
        unpack(payload)

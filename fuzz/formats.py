"""One format under atheris: `python -m fuzz.formats a.rtf CORPUS_FOLDER [options of libFuzzer]`.

The name is one of `tests/fuzz/samples.py`; its sample is the first file of the corpus. An input that makes the reader fail in a way it
did not think of, or runs for too long (`-timeout=20`), is written to the working folder as `crash-…` or `timeout-…`.
"""

import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["semantic_memory.etl", "semantic_memory.core"]):
    from semantic_memory.core.errors import ExtractionError, SemanticMemoryError
    from semantic_memory.etl.extract.format import ReadOptions
    from semantic_memory.etl.formats import Formats
    from semantic_memory.etl.protocol import Limits
    from semantic_memory.etl.worker import Reader

from tests.fuzz.samples import SAMPLES

READER = Reader(Formats(), Limits(max_blocks=20_000), ReadOptions(pdf_tier="fast", ocr_engine="off"))


def main(name: str, corpus: str, *options: str) -> None:
    Path(corpus).mkdir(parents=True, exist_ok=True)
    Path(corpus, name).write_bytes(SAMPLES[name]())
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, name)
        atheris.Setup([sys.argv[0], corpus, *options], lambda data: read(file, data))
        atheris.Fuzz()


def read(file: Path, data: bytes) -> None:
    """Raises: ExtractionError itself, which stands for an exception nobody thought of."""
    file.write_bytes(data)
    try:
        READER.extract(file, file.name)
    except SemanticMemoryError as error:
        if type(error) is ExtractionError:
            raise


if __name__ == "__main__":
    main(*sys.argv[1:])

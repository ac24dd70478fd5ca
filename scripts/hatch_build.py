"""Build hook: a wheel without the embedding model would fail at its first use, so it is not built."""

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

MODEL = Path("src/semantic_memory/ai/embed/data/minilm")
FILES = ("model.onnx", "tokenizer.json", "manifest.json")


class ModelFilesMissingError(Exception):
    """the model files are missing; run `make models` first"""


class ModelHook(BuildHookInterface[Any]):
    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002  (hatchling's signature)
        """Editable installs are allowed: the model can be made after them.

        Raises: ModelFilesMissingError for a wheel without the model.
        """
        if version == "editable":
            return
        missing = [name for name in FILES if not (Path(self.root) / MODEL / name).is_file()]
        if missing:
            raise ModelFilesMissingError(f"{', '.join(missing)} not in {MODEL}; run `make models` first")

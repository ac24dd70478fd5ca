"""RapidOCR: PaddleOCR's networks through onnxruntime, with the models that lie in the package's wheel. Nothing is downloaded."""

from collections.abc import Iterable, Sequence
from functools import cache
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed_version
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Protocol, cast

from semantic_memory.core.errors import ExtractionError
from semantic_memory.etl.ocr.layout import in_reading_order
from semantic_memory.etl.ocr.lines import Box, ReadLine, ReadWord, around

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL.Image import Image

ENGINE = "rapidocr"
MODELS = {"Det": "PP-OCRv6_det_small.onnx", "Rec": "PP-OCRv6_rec_small.onnx"}
"""What finds lines and what reads them; named by file, or the library would look for them on the network."""
DETECTION_SIDE = 1280
"""Longest side of the picture in which lines are looked for: letters of eleven points on A4 are eleven pixels high. At full size
finding takes as long as reading, and finds no more."""
_LANGUAGES = (
    "afr cat ces chi_sim chi_tra cym dan deu eng epo est eus fin fra gle glg hrv hun isl ita jpn lat lav lit mlt nld nor pol por ron slk "
    "slv spa sqi swe tur"
)
SCRIPTS = frozenset(_LANGUAGES.split())
"""Tesseract's names of the languages whose every letter is in the model's alphabet of 18,708 signs; Greek lacks its accents."""


class _Output(Protocol):
    """What the library, whose types are loose, returns; all None when it found nothing."""

    boxes: "NDArray[np.float32] | None"
    """Shape (lines, 4, 2): the corners of each line."""
    txts: Sequence[str] | None
    scores: Sequence[float] | None
    word_results: Sequence[Sequence[tuple[str, float, Sequence[Sequence[float]]]]]
    """Pieces of each line: text, score, corners."""


class _Engine(Protocol):
    def __call__(self, img_content: "NDArray[np.uint8]") -> _Output: ...


def version() -> str:
    """The package's version; empty when it is not installed."""
    try:
        return installed_version("rapidocr")
    except PackageNotFoundError:
        return ""


def can_read(languages: Sequence[str]) -> bool:
    return SCRIPTS.issuperset(languages)


def read(image: "Image") -> list[ReadLine]:
    """The lines of a greyscale picture (mode L) in reading order.

    Raises: ExtractionError when the library fails, as it does when memory is short.
    """
    import cv2
    import numpy as np
    from rapidocr.inference_engine.onnxruntime.main import ONNXRuntimeError
    from rapidocr.utils.process_img import ResizeImgError

    pixels = np.asarray(image.convert("RGB"))
    try:
        found = _engine()(pixels)
    except (ONNXRuntimeError, ResizeImgError, cv2.error, MemoryError) as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[-1]
        raise ExtractionError(f"RapidOCR failed: {reason}") from error
    if found.boxes is None or found.txts is None or found.scores is None:
        return []
    lines = zip(found.txts, found.scores, found.boxes.tolist(), found.word_results, strict=True)
    return in_reading_order([_line(*line) for line in lines if line[0].strip()])


@cache
def _engine() -> _Engine:
    """One thread, no chatter, one line at a time: batches of six take twice the memory and are not faster on one thread."""
    from rapidocr import RapidOCR

    models = files("rapidocr") / "models"
    settings: dict[str, Any] = {
        "Global.log_level": "critical",
        "Global.use_cls": False,
        "Global.return_word_box": True,
        "EngineConfig.onnxruntime.intra_op_num_threads": 1,
        "EngineConfig.onnxruntime.inter_op_num_threads": 1,
        "Det.limit_side_len": DETECTION_SIDE,
        "Det.limit_type": "max",
        "Rec.rec_batch_num": 1,
    }
    paths = {f"{stage}.model_path": str(models / name) for stage, name in MODELS.items()}
    return cast("_Engine", RapidOCR(params=settings | paths))


def _line(
    text: str, score: float, corners: Sequence[Sequence[float]], pieces: Iterable[tuple[str, float, Sequence[Sequence[float]]]]
) -> ReadLine:
    """The line's words: those its blanks make, with the boxes of the pieces they are made of.

    The library cuts lines into pieces by the distance of letters, which divides some words.
    """
    letters = [(box, confidence) for piece, confidence, box in pieces for _ in piece]
    words = text.split()
    if len(letters) != sum(map(len, words)):
        return ReadLine.of([ReadWord(" ".join(words), _box(corners), score)])
    read: list[ReadWord] = []
    start = 0
    for word in words:
        own = letters[start : start + len(word)]
        start += len(word)
        read.append(ReadWord(word, around(_box(box) for box, _ in own), sum(confidence for _, confidence in own) / len(own)))
    return ReadLine.of(read)


def _box(corners: Sequence[Sequence[float]]) -> Box:
    return around((x, y, x, y) for x, y in corners)

"""all-MiniLM-L6-v2 as an int8 ONNX graph, run on the CPU by onnxruntime; its files are made by `make models`."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from semantic_memory.ai.workers import Workers
from semantic_memory.core.errors import CorruptDataError, InputTooLongError, ModelFilesMissingError
from semantic_memory.core.model import Matrix, Vector
from semantic_memory.core.ports import EmbeddingModel
from semantic_memory.core.settings import Settings

if TYPE_CHECKING:
    from tokenizers import Tokenizer

SPECIAL_TOKENS = 2
"""[CLS] and [SEP]."""
MODEL = EmbeddingModel(name="all-MiniLM-L6-v2-int8", dimension=384, max_tokens=256 - SPECIAL_TOKENS)
"""The model was fine-tuned on at most 256 tokens."""
DATA = Path(__file__).parent / "data" / "minilm"
QUERY_CHARACTERS = 16_384
"""A query is cut here before it is tokenised; 254 tokens of prose are about 1,200 characters."""
BATCH_CHARACTERS = 1_024
"""Handed to a thread at once: some 250 tokens, 20 ms. So long may one ingest wait for another."""
INGEST_NICE = 10
"""Ingest takes what queries leave: beside a busy ingest a query gets about nine tenths of a core that both want (sched(7))."""
TEXT_COST = 16
"""Characters added to each text's length when batches are made: a short text costs more than its tokens."""


class Session(Protocol):
    """The part of onnxruntime's InferenceSession that is used; the library ships no types."""

    def run(self, outputs: None, inputs: Mapping[str, NDArray[np.int64]]) -> list[NDArray[np.float32]]: ...


class MiniLmTokenizer:
    """Word pieces of the model's own vocabulary; read from its file at first use."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = Lock()
        self._loaded: Tokenizer | None = None

    def spans(self, texts: Sequence[str]) -> list[list[tuple[int, int]]]:
        tokenizer = self._tokenizer()
        return [tokenizer.encode(text, add_special_tokens=False).offsets for text in texts]

    def ids(self, text: str) -> list[int]:
        """Ids of the text's tokens between those of [CLS] and [SEP]."""
        return self._tokenizer().encode(text).ids

    def _tokenizer(self) -> "Tokenizer":
        with self._lock:
            if self._loaded is None:
                self._loaded = _load_tokenizer(self._folder)
            return self._loaded


class MiniLmEmbedder:
    """Runs each text by itself, without padding: a vector depends on nothing but its text."""

    def __init__(self, folder: Path = DATA, *, threads: int) -> None:
        """Raises: ModelFilesMissingError when they are not there or are another model's."""
        _require_files(folder)
        self._folder = folder
        self._tokenizer = MiniLmTokenizer(folder)
        self._workers = Workers("minilm", threads, nice=INGEST_NICE)
        self._queries = Workers("minilm-query", 1)
        self._lock = Lock()
        self._session: Session | None = None

    @property
    def model(self) -> EmbeddingModel:
        return MODEL

    @property
    def tokenizer(self) -> MiniLmTokenizer:
        return self._tokenizer

    async def warm_up(self) -> None:
        """Reads the model (0.2 s), which otherwise the first call does."""
        await self.embed_query("")

    async def embed(self, texts: Sequence[str]) -> Matrix:
        """Raises: InputTooLongError; CorruptDataError when the model's files are damaged."""
        result = np.empty((len(texts), MODEL.dimension), np.float32)
        batches = _batches(texts)
        rows = await self._workers.map(lambda batch: [self._embed(texts[place]) for place in batch], batches)
        for batch, vectors in zip(batches, rows, strict=True):
            result[batch] = vectors
        return result

    async def embed_query(self, text: str) -> Vector:
        """Waits for no ingest; reads the first `max_tokens` tokens of the first `QUERY_CHARACTERS` characters."""
        return await self._queries.first(lambda: self._embed_start(text[:QUERY_CHARACTERS]))

    async def close(self) -> None:
        """Withdraws what waits, and waits for what runs: some milliseconds."""
        await self._queries.close()
        await self._workers.close()

    def _embed(self, text: str) -> Vector:
        ids = self._tokenizer.ids(text)
        tokens = len(ids) - SPECIAL_TOKENS
        if tokens > MODEL.max_tokens:
            raise InputTooLongError(f"text of {tokens} tokens, but {MODEL.name!r} reads {MODEL.max_tokens}: split it")
        return self._run(ids)

    def _embed_start(self, text: str) -> Vector:
        *start, end = self._tokenizer.ids(text)
        return self._run([*start[: 1 + MODEL.max_tokens], end])

    def _run(self, ids: list[int]) -> Vector:
        vectors = self._loaded().run(None, {"input_ids": np.array([ids], np.int64)})[0]
        vector: Vector = vectors[0]
        return vector

    def _loaded(self) -> Session:
        with self._lock:
            if self._session is None:
                self._session = load_session(self._folder)
            return self._session


def build(settings: Settings) -> MiniLmEmbedder:
    """Raises: ModelFilesMissingError."""
    return MiniLmEmbedder(threads=settings.embed_threads)


def _batches(texts: Sequence[str]) -> list[list[int]]:
    """Places of the texts in batches of `BATCH_CHARACTERS`; longest first, so that no thread ends long after the others."""
    batches: list[list[int]] = []
    room = 0
    for place in sorted(range(len(texts)), key=lambda place: -len(texts[place])):
        cost = len(texts[place]) + TEXT_COST
        if cost > room:
            batches.append([])
            room = BATCH_CHARACTERS
        batches[-1].append(place)
        room -= cost
    return batches


def _require_files(folder: Path) -> None:
    try:
        name = json.loads((folder / "manifest.json").read_bytes())["name"]
    except (OSError, ValueError, KeyError) as error:
        raise ModelFilesMissingError(f"no model files in {str(folder)!r}; run `make models`") from error
    if name != MODEL.name:
        raise ModelFilesMissingError(f"the files in {str(folder)!r} are of {name!r}, not {MODEL.name!r}; run `make models`")


def _read(folder: Path, name: str) -> bytes:
    """The file's bytes, checked against the manifest."""
    expected = json.loads((folder / "manifest.json").read_bytes())["files"][name]
    content = (folder / name).read_bytes()
    if hashlib.sha256(content).hexdigest() != expected:
        raise CorruptDataError(f"{name!r} in {str(folder)!r} is damaged; remove it and run `make models`")
    return content


def _load_tokenizer(folder: Path) -> "Tokenizer":
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_buffer(_read(folder, "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def load_session(folder: Path) -> Session:
    """The graph, ready to run on the calling thread alone. Raises: CorruptDataError."""
    import onnxruntime  # type: ignore[import-untyped]

    runtime: Any = onnxruntime
    options = runtime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    # The graph's operators were chosen by measurement (docs/decisions/0002-default-embedder.md): run them as they are.
    options.graph_optimization_level = runtime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    session: Session = runtime.InferenceSession(_read(folder, "model.onnx"), options, providers=["CPUExecutionProvider"])
    return session

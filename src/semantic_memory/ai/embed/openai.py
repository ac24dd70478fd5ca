"""Embeddings from an OpenAI-compatible endpoint: OpenAI, vLLM, Ollama, llama.cpp and others."""

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from semantic_memory.ai.openai_client import open_client, translated_errors
from semantic_memory.core.errors import BackendResponseError, InputTooLongError
from semantic_memory.core.model import Matrix, Vector
from semantic_memory.core.ports import EmbeddingModel
from semantic_memory.core.settings import Settings

if TYPE_CHECKING:
    from openai import AsyncOpenAI
    from openai.types import CreateEmbeddingResponse

MAX_TOKENS = 512
"""Far below the 8,191 that OpenAI's models read, and what most others do: a longer passage is about too much to be found by one vector."""
BATCH = 128
"""Texts in a request: 128 × 512 tokens are a fifth of the 300,000 that OpenAI accepts."""
TOKEN = re.compile(r"[A-Za-z]{1,4}|[0-9]{1,3}|[^\s]")


class PieceTokenizer:
    """A careful estimate, since the endpoint's vocabulary is not known: four letters, three digits, or one other character a token.

    English and code have fewer tokens in OpenAI's vocabularies; rare scripts may have up to three for a character.
    """

    def spans(self, texts: Sequence[str]) -> list[list[tuple[int, int]]]:
        return [[match.span() for match in TOKEN.finditer(text)] for text in texts]


class OpenAIEmbedder:
    def __init__(self, client: "AsyncOpenAI", model: str, dimension: int) -> None:
        self._client = client
        self._model = EmbeddingModel(name=model, dimension=dimension, max_tokens=MAX_TOKENS)
        self._tokenizer = PieceTokenizer()

    @property
    def model(self) -> EmbeddingModel:
        return self._model

    @property
    def tokenizer(self) -> PieceTokenizer:
        return self._tokenizer

    async def embed(self, texts: Sequence[str]) -> Matrix:
        """Raises: InputTooLongError; ConfigurationError for a wrong key or model; BackendError, also for vectors that are no vectors."""
        for spans in self._tokenizer.spans(texts):
            self._require_budget(len(spans))
        batches = [texts[start : start + BATCH] for start in range(0, len(texts), BATCH)]
        parts = [await self._request(batch) for batch in batches]
        return np.concatenate([np.empty((0, self._model.dimension), np.float32), *parts])

    async def embed_query(self, text: str) -> Vector:
        spans = self._tokenizer.spans([text])[0]
        end = spans[MAX_TOKENS - 1][1] if len(spans) > MAX_TOKENS else len(text)
        vector: Vector = (await self._request([text[:end]]))[0]
        return vector

    async def close(self) -> None:
        await self._client.close()

    async def _request(self, texts: Sequence[str]) -> Matrix:
        """The endpoint refuses empty texts, so a space stands for them."""
        with translated_errors():
            response = await self._client.embeddings.create(
                model=self._model.name, input=[text or " " for text in texts], encoding_format="float"
            )
        return _vectors(response, (len(texts), self._model.dimension))

    def _require_budget(self, tokens: int) -> None:
        if tokens > MAX_TOKENS:
            raise InputTooLongError(f"text of about {tokens} tokens, but {self._model.name!r} is given {MAX_TOKENS}: split it")


def build(settings: Settings) -> OpenAIEmbedder:
    """Raises: ConfigurationError."""
    return OpenAIEmbedder(open_client(settings), settings.openai_embed_model, settings.openai_embed_dimension)


def _vectors(response: "CreateEmbeddingResponse", shape: tuple[int, int]) -> Matrix:
    """The response's rows, in the order asked for, at length 1. Raises: BackendResponseError."""
    try:
        rows = {item.index: item.embedding for item in response.data}
        vectors = np.array([rows[place] for place in range(len(rows))], np.float32)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise BackendResponseError("the endpoint's answer holds no list of vectors") from error
    if vectors.shape != shape:
        raise BackendResponseError(f"the endpoint sent vectors of shape {vectors.shape}, expected {shape}; check OPENAI_EMBED_DIMENSION")
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    if not (np.isfinite(lengths) & (lengths > 0)).all():
        raise BackendResponseError("the endpoint sent a vector that has no direction: zeros, NaN or infinity")
    unit: Matrix = vectors / lengths
    return unit

"""Bodies of the OpenAI-compatible routes: what clients of that API send and read, as far as it means something here."""

import base64
from collections.abc import Sequence
from itertools import pairwise
from struct import pack
from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from semantic_memory.api.schemas import EXAMPLE_QUESTION, MAX_QUERY_CHARACTERS, MAX_TOP_K, without_nul
from semantic_memory.core.answers import Answer, Citation, Turn, Usage
from semantic_memory.core.model import Matrix
from semantic_memory.core.views import link

MODEL = "semantic-memory"
"""The model that answers from everything the caller may read; `semantic-memory/NAME` answers from one collection."""
MAX_MESSAGES = 200
MAX_MESSAGE_CHARACTERS = 32_000
MAX_INPUTS = 256
MAX_INPUT_CHARACTERS = 32_000


class _Sent(BaseModel):
    """Clients send many fields; those without meaning here are ignored, as every server of this API does."""

    model_config = ConfigDict(extra="ignore", frozen=True)


Content = Annotated[str, StringConstraints(max_length=MAX_MESSAGE_CHARACTERS)]


class TextPart(_Sent):
    """Parts that are no text have none."""

    type: str
    text: Content = ""


class ChatMessage(_Sent):
    role: Literal["system", "developer", "user", "assistant", "tool"]
    content: Content | Annotated[list[TextPart], Field(max_length=MAX_MESSAGES)] | None = None

    @property
    def text(self) -> str:
        if isinstance(self.content, str):
            return self.content
        return "\n".join(part.text for part in self.content or () if part.type == "text")


class StreamOptions(_Sent):
    include_usage: bool = False


class ChatRequest(_Sent):
    """The last message of the user is the question, the messages before it are the conversation. Instructions of the caller's
    (`system`) are not followed: answers come from the documents."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"model": MODEL, "messages": [{"role": "user", "content": "How long are backups kept?"}]}]}
    )

    model: Annotated[str, StringConstraints(max_length=128)] = MODEL
    messages: Annotated[list[ChatMessage], Field(min_length=1, max_length=MAX_MESSAGES)]
    stream: bool = False
    stream_options: StreamOptions | None = None
    top_k: Annotated[int, Field(ge=1, le=MAX_TOP_K, description="Passages the answer may be drawn from.")] = 8


class EmbeddingRequest(_Sent):
    model_config = ConfigDict(json_schema_extra={"examples": [{"model": "all-MiniLM-L6-v2-int8", "input": [EXAMPLE_QUESTION]}]})

    model: Annotated[str, StringConstraints(max_length=128)] = ""
    input: (
        Annotated[str, StringConstraints(max_length=MAX_INPUT_CHARACTERS)]
        | Annotated[list[Annotated[str, StringConstraints(max_length=MAX_INPUT_CHARACTERS)]], Field(min_length=1, max_length=MAX_INPUTS)]
    )
    encoding_format: Literal["float", "base64"] = "float"

    @property
    def texts(self) -> list[str]:
        return [self.input] if isinstance(self.input, str) else self.input


class _Told(BaseModel):
    model_config = ConfigDict(frozen=True)


class UrlCitation(_Told):
    """Characters [start_index, end_index) of the content are the marker that cites `url`."""

    url: str
    title: str
    start_index: int
    end_index: int


class Annotation(_Told):
    type: Literal["url_citation"] = "url_citation"
    url_citation: UrlCitation


class AssistantMessage(_Told):
    role: Literal["assistant"] = "assistant"
    content: str
    refusal: None = None
    annotations: list[Annotation] = []


class Choice(_Told):
    index: int = 0
    message: AssistantMessage
    finish_reason: Literal["stop"] = "stop"
    logprobs: None = None


class UsageCount(_Told):
    prompt_tokens: int
    completion_tokens: int
    total_tokens: int

    @classmethod
    def of(cls, usage: Usage) -> "UsageCount":
        return cls(prompt_tokens=usage.prompt_tokens, completion_tokens=usage.completion_tokens, total_tokens=usage.tokens)


class Completion(_Told):
    id: str
    object: Literal["chat.completion"] = "chat.completion"
    created: int
    model: str
    choices: list[Choice]
    usage: UsageCount


class ErrorDetail(_Told):
    message: str
    type: str
    param: str | None
    code: str


class ErrorBody(_Told):
    """OpenAI's error object; `code` is the problem's."""

    error: ErrorDetail


class ModelCard(_Told):
    id: str
    object: Literal["model"] = "model"
    created: int = 0
    owned_by: str = "semantic-memory"


class ModelList(_Told):
    object: Literal["list"] = "list"
    data: list[ModelCard]


class EmbeddingItem(_Told):
    object: Literal["embedding"] = "embedding"
    index: int
    embedding: list[float] | str


class EmbeddingList(_Told):
    object: Literal["list"] = "list"
    model: str
    data: list[EmbeddingItem]
    usage: dict[str, int]


Marked: TypeAlias = tuple[str, list[Annotation]]


def marked(answer: Answer, base_url: str) -> Marked:
    """The answer with `[1]` behind each sentence, and what each marker cites."""
    cited = {citation.number: citation for citation in answer.citations}
    text, annotations, place = "", list[Annotation](), 0
    for sentence in answer.sentences:
        end = answer.text.index(sentence.text, place) + len(sentence.text)
        text += answer.text[place:end]
        place = end
        markers, found = markers_of([cited[number] for number in sentence.citations], len(text), base_url)
        text += markers
        annotations += found
    return (text, annotations) if answer.sentences else (answer.text, [])


def markers_of(citations: Sequence[Citation], offset: int, base_url: str) -> Marked:
    """What stands behind a sentence that ends at `offset`: a marker for each citation, and what it cites."""
    text, annotations = " " if citations else "", list[Annotation]()
    for citation in citations:
        marker = f"[{citation.number}]"
        where = UrlCitation(
            url=f"{base_url}{link(citation.document_id, citation.anchor)}",
            title=citation.title or citation.path,
            start_index=offset + len(text),
            end_index=offset + len(text) + len(marker),
        )
        annotations.append(Annotation(url_citation=where))
        text += marker
    return text, annotations


def question_of(messages: Sequence[ChatMessage]) -> tuple[str, tuple[Turn, ...]]:
    """The last thing the user said, and what was said before. Raises: ValueError when the user said nothing, or too much."""
    said = [message for message in messages if message.role in ("user", "assistant") and message.text.strip()]
    if not said or said[-1].role != "user":
        raise ValueError("the last message must be the user's question")
    if len(said[-1].text) > MAX_QUERY_CHARACTERS:
        raise ValueError(f"the question may have {MAX_QUERY_CHARACTERS} characters")
    turns = [Turn(asked.text, reply.text) for asked, reply in pairwise(said) if asked.role == "user" and reply.role == "assistant"]
    return without_nul(said[-1].text.strip()), tuple(turns)


def embedding_items(vectors: Matrix, encoding: str) -> list[EmbeddingItem]:
    """`base64` is float32, little-endian: what the official client asks for."""
    rows: list[list[float]] = vectors.tolist()
    told: list[list[float] | str] = [*rows]
    if encoding == "base64":
        told = [base64.b64encode(pack(f"<{len(row)}f", *row)).decode() for row in rows]
    return [EmbeddingItem(index=index, embedding=row) for index, row in enumerate(told)]

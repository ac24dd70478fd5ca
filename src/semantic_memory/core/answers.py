"""A question, the events while it is answered, and the answer they add up to; with the ports of whatever answers."""

from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias
from uuid import UUID

from semantic_memory.core.access import Access
from semantic_memory.core.errors import BackendResponseError
from semantic_memory.core.filters import Filters
from semantic_memory.core.model import Anchor, Hit

DONT_KNOW = "I don't know."


@dataclass(frozen=True, slots=True)
class Turn:
    """What was asked and answered earlier in a conversation; `standalone` is the question as it was searched for."""

    question: str
    answer: str
    standalone: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """`session` names a conversation of the caller's that is to go on, `earlier` holds its turns, oldest first; `temperature` None is the
    settings'."""

    text: str
    filters: Filters = field(default_factory=Filters)
    top_k: int = 8
    temperature: float | None = None
    session: str | None = None
    earlier: tuple[Turn, ...] = ()


@dataclass(frozen=True, slots=True)
class Source:
    """A passage that an answer may draw on; `preview` is its beginning."""

    passage_id: UUID
    document_id: UUID
    path: str
    title: str | None
    heading_path: tuple[str, ...]
    preview: str
    anchor: Anchor


@dataclass(frozen=True, slots=True)
class Citation:
    """A checked quote: `quote` is `passage.text[start:end]`, letter for letter. `commit` is set for files of a repository."""

    number: int
    passage_id: UUID
    document_id: UUID
    path: str
    title: str | None
    heading_path: tuple[str, ...]
    quote: str
    start: int
    end: int
    anchor: Anchor
    commit: str | None = None


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence of an answer with the numbers of the citations that support it; without any it is not supported."""

    text: str
    citations: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Usage:
    """What chat models read and wrote, in their own tokens; `cost` by the prices in the settings, in their currency."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost: float = 0.0

    @property
    def tokens(self) -> int:
        return self.prompt_tokens + self.completion_tokens

    def __add__(self, other: "Usage") -> "Usage":
        prompt, completion = self.prompt_tokens + other.prompt_tokens, self.completion_tokens + other.completion_tokens
        return Usage(prompt, completion, self.cost + other.cost)

    def __sub__(self, other: "Usage") -> "Usage":
        return self + Usage(-other.prompt_tokens, -other.completion_tokens, -other.cost)


@dataclass(frozen=True, slots=True)
class Answer:
    """`answerable` is False exactly when the documents do not support an answer; `text` is then "I don't know.", and `missing` holds the
    question's words that no source holds.

    `sources` are the passages the answer could draw on, best first. `degraded` says in what the answer falls short. `timings` are seconds
    by step. `question` is the question as it was searched for. `cache` is the tier that had the answer, None when made for this call.
    """

    text: str
    sentences: Sequence[Sentence]
    citations: Sequence[Citation]
    answerable: bool
    confidence: float
    missing: tuple[str, ...] = ()
    sources: Sequence[Source] = ()
    degraded: tuple[str, ...] = ()
    model: str = ""
    usage: Usage = field(default_factory=Usage)
    timings: Mapping[str, float] = field(default_factory=dict[str, float])
    question: str = ""
    session: str | None = None
    cache: str | None = None


# ── events, in their order ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Sources:
    """Comes first, once the passages are found."""

    sources: Sequence[Source]


@dataclass(frozen=True, slots=True)
class Said:
    """A checked sentence. `text` begins with the white space that parts it from the one before: all of them together are the answer's."""

    text: str
    citations: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Cited:
    """A citation that the sentence before is the first to use."""

    citation: Citation


@dataclass(frozen=True, slots=True)
class Done:
    """Comes last, with the whole answer."""

    answer: Answer


Event: TypeAlias = Sources | Said | Cited | Done
Events: TypeAlias = AsyncGenerator[Event, None]


async def answered(events: AsyncIterator[Event]) -> Answer:
    """The answer the events end with. Raises: BackendResponseError when they end without one."""
    async for event in events:
        if isinstance(event, Done):
            return event.answer
    raise BackendResponseError("the answerer ended without an answer")


async def replayed(answer: Answer) -> Events:
    """The events of an answer that is known already."""
    yield Sources(answer.sources)
    cited = {citation.number: citation for citation in answer.citations}
    place = 0
    for sentence in answer.sentences:
        end = answer.text.index(sentence.text, place) + len(sentence.text)
        yield Said(answer.text[place:end], sentence.citations)
        place = end
        for number in sentence.citations:
            if number in cited:
                yield Cited(cited.pop(number))
    if not answer.sentences:
        yield Said(answer.text, ())
    yield Done(answer)


# ── ports ────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Message:
    role: str
    content: str


@dataclass(frozen=True, slots=True)
class Piece:
    """Some of a completion's text; `usage` comes with the last piece of models that count."""

    text: str = ""
    usage: Usage | None = None


class ChatModel(Protocol):
    @property
    def name(self) -> str: ...

    def stream(self, messages: Sequence[Message], *, max_tokens: int, temperature: float) -> AsyncGenerator[Piece, None]:
        """Pieces of the completion as they arrive; closing the generator ends the request.

        Raises: BackendError, also when the completion was cut (finish reason other than "stop").
        """
        ...

    async def close(self) -> None: ...


class Answerer(Protocol):
    def answer(self, question: Question, hits: Sequence[Hit], *, access: Access) -> Events:
        """`Said` and `Cited` as they come, then `Done`: an answer whose every citation quotes a given hit letter for letter, or an
        unanswerable one."""
        ...


class Planner(Protocol):
    """Decides what to search for."""

    async def standalone(self, question: Question, *, access: Access) -> tuple[str, Usage]:
        """The question as it would be asked by somebody who did not say the `earlier` turns."""
        ...

    async def further(self, question: str, hits: Sequence[Hit], *, access: Access) -> tuple[str | None, Usage]:
        """What else to search for, when the hits do not answer the question yet."""
        ...


class TurnStore(Protocol):
    """Turns by tenant, principal and session: nobody finds anybody else's, whatever name they guess."""

    async def last(self, session: str, *, limit: int, access: Access) -> Sequence[Turn]:
        """The newest turns that have not expired, oldest first; none for a session that is not there."""
        ...

    async def add(self, session: str, turn: Turn, *, life_s: float, access: Access) -> None:
        """Keeps the turn, gives the session's other turns the same life again, and removes what has expired."""
        ...

    async def remove(self, session: str, *, access: Access) -> bool:
        """Whether there was such a session."""
        ...

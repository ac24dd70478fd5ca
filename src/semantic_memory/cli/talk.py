"""How an answer reads on a terminal."""

from contextlib import aclosing
from typing import TYPE_CHECKING

from semantic_memory.cli import run

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from semantic_memory.core.answers import Answer, Citation, Events, Question
    from semantic_memory.core.memory import Memory

QUOTE_CHARACTERS = 240
NEAREST = 3
"""Places named where an answer is not known."""


async def asked(memory: "Memory", question: "Question", *, stream: bool) -> "Answer":
    """Asks, and tells the answer at once or as it comes."""
    from semantic_memory.core.answers import replayed

    return await told(memory.ask_stream(question) if stream else replayed(await memory.answer(question)))


async def told(events: "Events") -> "Answer":
    """Prints sentences as they come, then their places; returns the answer."""
    from semantic_memory.core.answers import Done, Said
    from semantic_memory.core.errors import BackendResponseError

    console = run.stdout()
    async with aclosing(events):
        async for event in events:
            if isinstance(event, Said):
                console.print(f"{event.text}{_marks(event.citations)}", end="", markup=False)
            if isinstance(event, Done):
                console.print()
                _print_places(event.answer.citations)
                return event.answer
    raise BackendResponseError("the answerer ended without an answer")


def print_more(answer: "Answer") -> None:
    """What else there is to know, on stderr."""
    from semantic_memory.core.views import locator

    console = run.stderr()
    if not answer.answerable:
        if answer.missing:
            console.print(f"not found in the documents: {', '.join(answer.missing)}", markup=False)
        for source in answer.sources[:NEAREST]:
            console.print(f"nearest: {locator(run.shown_path(source.path), source.anchor)}", markup=False)
    if answer.session:
        console.print(f"session: {answer.session}", markup=False)
    print_degraded(answer.degraded)


def print_degraded(reasons: "Sequence[str]") -> None:
    for reason in reasons:
        run.stderr().print(f"degraded: {reason}", markup=False)


def shortened(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= QUOTE_CHARACTERS else flat[: QUOTE_CHARACTERS - 1].rsplit(" ", 1)[0] + " …"


def _print_places(citations: "Iterable[Citation]") -> None:
    from semantic_memory.core.views import locator

    console = run.stdout()
    for citation in citations:
        console.print(f"\n[{citation.number}] {locator(run.shown_path(citation.path), citation.anchor)}", style="bold cyan", markup=False)
        console.print(f"    “{shortened(citation.quote)}”", markup=False)


def _marks(citations: "Sequence[int]") -> str:
    marks = "".join(f"[{number}]" for number in citations)
    return f" {marks}" if marks else ""

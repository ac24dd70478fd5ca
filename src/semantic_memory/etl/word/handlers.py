"""Elements by name → what to do where they start and end: how readers of one format share its elements among them."""

from collections.abc import Callable, Mapping
from typing import Protocol

from semantic_memory.etl.word.xml import Attributes

Starts = Mapping[str, Callable[[Attributes], object]]
Ends = Mapping[str, Callable[[], object]]


class Handlers(Protocol):
    """Takes care of some elements."""

    starts: Starts
    ends: Ends

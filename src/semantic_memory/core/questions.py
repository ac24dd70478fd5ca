"""What a question's words are, and how one that leans on another is made to stand by itself without a model."""

import re

from semantic_memory.core.answers import Turn
from semantic_memory.core.words import analyse

_LEANING = re.compile(
    r"\b(?:it|its|they|them|their|he|him|his|she|her|this|that|these|those|there|then|one|ones|same|former|latter|above)\b"
    r"|^\s*(?:and|but|so|or|also|what about|how about|what if|why|why not|how so|since when|until when|for how long)\b",
    re.IGNORECASE,
)
"""Words that stand for something said before, and ways to begin in the middle."""
SHORT = 3
"""Words that narrow a question; with fewer it hardly stands alone."""
_ENGLISH = """a an the of in on at to for from by with and or but is are was were be been being do does did done has have had having it its
this that these those as what which who whom whose when where why how there their they them he she his her him i you we us our your not no
can could will would should may might must if then than so such into about over under between during after before also any some all more
most much many other another one two name s t type kind used use long far often"""
EVERYDAY = frozenset(_ENGLISH.split())
"""Words that hardly narrow an English question."""
WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)?")


def standalone(question: str, earlier: tuple[Turn, ...]) -> str:
    """The question, with the words of the one before behind it when it leans on that one: its own words still come first in the search."""
    if not earlier or not leans(question):
        return question
    before = earlier[-1].standalone or earlier[-1].question
    held = frozenset(analyse(question, None).terms)
    added = [word for word in content_words(before) if not held.intersection(analyse(word, None).terms)]
    return f"{question.rstrip()} ({' '.join(dict.fromkeys(added))})" if added else question


def leans(question: str) -> bool:
    return _LEANING.search(question) is not None or len(content_words(question)) < SHORT


def content_words(question: str) -> list[str]:
    """The words that narrow a question, as they stand in it."""
    return [word for word in WORD.findall(question) if word.casefold() not in EVERYDAY]

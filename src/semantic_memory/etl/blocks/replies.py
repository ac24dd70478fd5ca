"""The plain text of a message → blocks: what the sender wrote, what is quoted, and the signature."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from semantic_memory.core.model import BlockDraft
from semantic_memory.etl.blocks.paragraphs import paragraph_blocks

QUOTE = "quote"
SIGNATURE = "signature"
_MARKS = re.compile(r"(?:[ \t]?>)+ ?")
_SIGNATURE_MARK = re.compile(r"-- ?")
"""RFC 3676, section 4.3; many programs lose the blank."""
_RULE = re.compile(r"\s*(?:-{3,}\s*\S.{1,60}\S\s*-{3,}|_{10,})\s*")
"""`-----Original Message-----` in any language, or the line that Outlook draws."""
_HEADER = re.compile(r"\s*\*?\w[\w -]{1,20}:\*? ?\S.*")
HEADER_LINES = 3
"""Sender, date and recipient, one below the other: the top of a message that is quoted without marks."""
ATTRIBUTION_LINES = 3
_Line = tuple[str, str]
"""Kind (empty for the sender's own words), text without its marks."""


def reply_blocks(text: str) -> Iterator[BlockDraft]:
    """Blocks with start_line and end_line; quoted ones have the `original_type` quote, the sender's name and address signature."""
    lines = list(_told_apart(text.split("\n")))
    _claim_attributions(lines)
    start = 0
    for end in range(1, len(lines) + 1):
        if end == len(lines) or lines[end][0] != lines[start][0]:
            yield from _blocks(lines[start:end], start + 1)
            start = end


def starts_reply(lines: Sequence[str]) -> bool:
    """Whether from here on an earlier message is quoted, as a whole and without marks."""
    told = [line for line in lines[: HEADER_LINES + 1] if line.strip()][:HEADER_LINES]
    return len(told) == HEADER_LINES and all(map(_HEADER.fullmatch, told)) and any(character.isdigit() for character in told[1] + told[2])


def _told_apart(lines: Sequence[str]) -> Iterator[_Line]:
    """A blank line belongs with the line before it."""
    kind = ""
    is_all_quoted = False
    for number, line in enumerate(lines):
        marks = _MARKS.match(line)
        is_all_quoted = is_all_quoted or bool(_starts_rest(lines, number))
        if is_all_quoted or marks:
            kind = QUOTE
        elif _SIGNATURE_MARK.fullmatch(line):
            kind = SIGNATURE
        elif line.strip() and kind == QUOTE:
            kind = ""
        yield kind, line[marks.end() :] if marks else line


def _starts_rest(lines: Sequence[str], number: int) -> bool:
    below = lines[number + 1 : number + 3 + HEADER_LINES]
    is_ruled = bool(_RULE.fullmatch(lines[number])) and bool(re.search(r"\S+:", "".join(below[:2])))
    return is_ruled or (":" in lines[number] and starts_reply(lines[number : number + HEADER_LINES + 1]))


def _claim_attributions(lines: list[_Line]) -> None:
    """`On Monday, Ada wrote:` goes with the quote below it: a line or two with a number in them, and a colon at the end."""
    for number in range(1, len(lines)):
        if lines[number][0] != QUOTE or lines[number - 1][0] == QUOTE:
            continue
        last = number - 1
        while last > 0 and not lines[last][1].strip():
            last -= 1
        first = last
        while first > 0 and last - first < ATTRIBUTION_LINES - 1 and lines[first - 1][1].strip() and not lines[first - 1][0]:
            first -= 1
        told = " ".join(text for _, text in lines[first : last + 1])
        if told.rstrip().endswith(":") and re.search(r"\d", told):
            lines[first:number] = [(QUOTE, text) for _, text in lines[first:number]]


def _blocks(lines: Sequence[_Line], first_line: int) -> Iterator[BlockDraft]:
    kind = lines[0][0]
    for block in paragraph_blocks("\n".join(text for _, text in lines), first_line=first_line):
        yield replace(block, metadata={**block.metadata, "original_type": kind}) if kind else block

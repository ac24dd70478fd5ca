"""Anchors of headings, as GitHub names them."""

import re
from collections import Counter

_NO_SLUG = re.compile(r"[^\w\- ]")
_OWN_ANCHOR = re.compile(r"\s*\{#([\w.:-]+)\}\s*\Z")


class Anchors:
    """Gives each heading of a document its anchor; a repeated one gets a number."""

    def __init__(self) -> None:
        self._seen = Counter[str]()

    def of(self, heading: str) -> tuple[str, str]:
        """The heading's text without an anchor of its own (`{#here}`), and its anchor."""
        own = _OWN_ANCHOR.search(heading)
        if own:
            return heading[: own.start()], own[1]
        slug = _NO_SLUG.sub("", heading.lower()).strip().replace(" ", "-")
        self._seen[slug] += 1
        return heading, slug if self._seen[slug] == 1 else f"{slug}-{self._seen[slug] - 1}"

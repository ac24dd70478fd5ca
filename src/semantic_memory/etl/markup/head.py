"""What an HTML page says about itself: title, description, author, dates, address, language."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from semantic_memory.core.model import JsonValue
from semantic_memory.etl.markup.text import Attributes, address

MAX_CHARACTERS = 2000
"""Of one value; longer ones are stuffing."""
_NAMES: Mapping[str, str] = {
    **dict.fromkeys(("description", "og:description", "dc.description", "twitter:description"), "description"),
    **dict.fromkeys(("author", "article:author", "dc.creator", "dcterms.creator", "parsely-author", "citation_author"), "author"),
    **dict.fromkeys(
        ("article:published_time", "date", "dc.date", "dcterms.date", "datepublished", "pubdate", "citation_date"), "published"
    ),
    **dict.fromkeys(("article:modified_time", "og:updated_time", "last-modified", "datemodified", "dcterms.modified"), "modified"),
    **dict.fromkeys(("keywords", "news_keywords", "dc.subject"), "keywords"),
    "og:site_name": "site",
    "og:title": "title",
}


@dataclass(slots=True)
class Head:
    """Fills from the elements of the head; the first value of each kind counts. `base` is what addresses are relative to."""

    title: list[str] = field(default_factory=list[str])
    values: dict[str, str] = field(default_factory=dict[str, str])
    base: str = ""

    def take(self, tag: str, attributes: Attributes) -> None:
        if tag == "meta":
            named = attributes.get("name") or attributes.get("property") or attributes.get("itemprop") or ""
            self._keep(_NAMES.get(named.strip().lower(), ""), attributes.get("content", ""))
        elif tag == "link" and "canonical" in attributes.get("rel", "").lower().split():
            self._keep("canonical", address(attributes.get("href", ""), self.base))
        elif tag == "base" and not self.base:
            self.base = address(attributes.get("href", ""), "")
        elif tag in {"html", "body"}:
            self._keep("language", (attributes.get("lang") or attributes.get("xml:lang") or "").partition("-")[0].lower())

    def shown_title(self) -> str | None:
        return " ".join("".join(self.title).split())[:MAX_CHARACTERS] or self.values.get("title")

    def metadata(self) -> dict[str, JsonValue]:
        return {name: value for name, value in self.values.items() if name != "title"}

    def _keep(self, name: str, value: str) -> None:
        value = " ".join(value.split())[:MAX_CHARACTERS]
        if name and value:
            self.values.setdefault(name, value)

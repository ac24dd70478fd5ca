"""Prompts: versioned files, filled with `$name` and nothing else, so that neither a document nor a question is ever a template."""

import re
from dataclasses import dataclass
from hashlib import blake2b
from importlib.resources import files
from pathlib import Path
from string import Template

from semantic_memory.core.answers import Message
from semantic_memory.core.errors import ConfigurationError

PLACEHOLDERS = {
    "answer": frozenset({"fence", "sources", "question"}),
    "standalone": frozenset({"fence", "conversation", "question"}),
    "further": frozenset({"fence", "sources", "question"}),
}
"""The prompts there are, and what each is filled with."""

_FILE = re.compile(r"---\nversion: *(?P<version>\S+)\n---\n+# System\n+(?P<system>.*?)\n+# User\n+(?P<user>.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Prompt:
    """A text with placeholders for each role."""

    name: str
    version: str
    system: Template
    user: Template

    @property
    def fingerprint(self) -> str:
        """Changes with the text as well, in case somebody forgets the version."""
        text = f"{self.system.template}\0{self.user.template}"
        return f"{self.version}-{blake2b(text.encode(), digest_size=4).hexdigest()}"

    def messages(self, **values: str) -> list[Message]:
        return [Message(role, text.substitute(values)) for role, text in (("system", self.system), ("user", self.user))]


def load(name: str, folder: Path | None = None) -> Prompt:
    """The prompt in `folder`, or else the product's own. Raises: ConfigurationError for one that cannot be filled."""
    own = folder / f"{name}.md" if folder else None
    place = own if own and own.is_file() else files(__name__).joinpath(f"{name}.md")
    found = _FILE.fullmatch(place.read_text("utf-8").strip())
    if found is None:
        raise ConfigurationError(f"{str(place)!r} is no prompt: it needs a version between lines of ---, '# System' and '# User'")
    system, user = Template(found["system"]), Template(found["user"])
    asked = {*system.get_identifiers(), *user.get_identifiers()}
    if not (system.is_valid() and user.is_valid() and asked <= PLACEHOLDERS[name]):
        raise ConfigurationError(f"{str(place)!r} may only hold {', '.join(f'${each}' for each in sorted(PLACEHOLDERS[name]))}")
    return Prompt(name, found["version"], system, user)

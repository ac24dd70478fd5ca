"""Texts of parts that python-pptx keeps unread: SmartArt and comments."""

from collections.abc import Iterator

from semantic_memory.etl.blocks.lists import ListItem
from semantic_memory.etl.office.parts import tree_of

MAX_LEVEL = 10
_NODES = frozenset({"node", "asst"})
_LINKS = frozenset({"parOf"})


def diagram_items(data: bytes) -> list[ListItem]:
    """The nodes of a SmartArt data part that have text, with their level below the diagram, in the order of the file.

    Raises: CorruptFileError.
    """
    root = tree_of([data], "diagram data")
    parents = {link.get("destId"): link.get("srcId") for link in root.iter("cxn") if link.get("type", "parOf") in _LINKS}
    nodes = [point for point in root.iter("pt") if point.get("type", "node") in _NODES]
    known = {point.get("modelId") for point in nodes}
    items: list[ListItem] = []
    for point in nodes:
        lines = ["".join(run.text or "" for run in paragraph.iter("t")) for paragraph in point.iter("p")]
        level, parent = 0, parents.get(point.get("modelId"))
        while parent in known and level < MAX_LEVEL:
            level, parent = level + 1, parents.get(parent)
        items.append(ListItem(level, "-", "\n".join(line for line in lines if line.strip())))
    return [item for item in items if item.text]


def comment_texts(data: bytes) -> Iterator[str]:
    """The texts of a comments part, old (`text`) or new (`txBody`).

    Raises: CorruptFileError.
    """
    for comment in tree_of([data], "comments").iter("cm"):
        text = "".join((piece.text or "") for name in ("text", "t") for piece in comment.iter(name)).strip()
        if text:
            yield text

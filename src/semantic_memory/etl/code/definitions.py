"""Source text → its definitions with exact lines, by walking the syntax tree."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import NamedTuple

from tree_sitter import Node

from semantic_memory.etl.code.breaks import breaks, statement_depths
from semantic_memory.etl.code.docstrings import comment_text, file_docstring, inner_docstring, is_told
from semantic_memory.etl.code.grammar import FUNCTION, GROUPS, METHOD, Grammar, Named, is_comment, spans_lines, text_of
from semantic_memory.etl.code.naming import body_of, head_of, named, signature

DEEPEST_NESTING = 16
"""Definitions within definitions that are still told apart."""
LONGEST_LINE = 2000
"""Characters; on longer lines several definitions share a line, and none has lines of its own."""
MAX_IMPORTS = 200
IMPORT_CHARACTERS = 200


@dataclass(slots=True)
class Definition:
    """A function, class or the like; lines are 1-based and inclusive and take in its decorators and the comments right above it.

    `symbol` is qualified by the definitions it lies in, `Class.method`. `head_line` is the last line of its signature. `members` are the
    definitions inside, in order.
    """

    symbol: str
    kind: str
    start_line: int
    head_line: int
    end_line: int
    signature: str
    docstring: str | None
    depth: int
    is_container: bool
    members: "list[Definition]" = field(default_factory=list["Definition"])


@dataclass(frozen=True, slots=True)
class Outline:
    """What a source file consists of: the definitions at its top, what it imports, and what its first comment or docstring says."""

    definitions: Sequence[Definition] = ()
    imports: Sequence[str] = ()
    docstring: str | None = None
    depths: Mapping[int, int] = field(default_factory=dict[int, int])

    def breaks(self, first: int, last: int) -> list[list[int]]:
        """Lines from `first` to `last` on which statements start, outermost level first."""
        return breaks(self.depths, first, last)


def outline(text: str, grammar: Grammar) -> Outline | None:
    """What does not parse is passed over; None when parsing takes too long. Iterative: nesting may be of any depth."""
    lines = text.split("\n")
    root = grammar.parse(text)
    if root is None:
        return None
    walk = _Walk(grammar, lines)
    walk.walk(root)
    return Outline(walk.found, walk.imports, file_docstring(root), statement_depths(root, lines))


class _Visit(NamedTuple):
    """A node to look at, the lines it has with all that belongs to it, the comment above it, and what it lies in."""

    node: Node
    start: int
    end: int
    comment: str
    owner: Definition | None
    scope: str = ""


@dataclass(slots=True)
class _Above:
    """Comments, attributes and decorators without a blank line between them."""

    start: int
    end: int
    comment: str

    def grown(self, node: Node) -> "_Above":
        text = text_of(node).rstrip() if is_told(node) else ""
        if _line(node) > self.end + 1:
            return _Above(_line(node), _end_line(node), text)
        return _Above(self.start, _end_line(node), f"{self.comment}\n{text}")

    def is_above(self, line: int) -> bool:
        return self.end in {line, line - 1}


_NOTHING = _Above(0, -1, "")


class _Walk:
    """Finds the definitions of one tree."""

    def __init__(self, grammar: Grammar, lines: Sequence[str]) -> None:
        self.found: list[Definition] = []
        self.imports: list[str] = []
        self._grammar = grammar
        self._lines = lines

    def walk(self, root: Node) -> None:
        if self._grammar.requires:
            self.imports.extend(line.strip() for line in self._lines if self._grammar.requires.match(line[:IMPORT_CHARACTERS]))
        waiting = [_Visit(root, _line(root), len(self._lines), "", None)]
        while waiting:
            visit = waiting.pop()
            waiting.extend(reversed(list(self._next(visit))))
        del self.imports[MAX_IMPORTS:]

    def _next(self, visit: _Visit) -> Iterator[_Visit]:
        """Takes note of what the node is, and gives what is to be looked at inside it."""
        node = visit.node
        if node.type in self._grammar.imports:
            self.imports.append(" ".join(text_of(node).split()).rstrip(";")[:IMPORT_CHARACTERS])
        found = named(node, self._grammar)
        if found is None:
            if self._may_hold_definitions(visit):
                yield from self._inside(visit, visit.owner)
            return
        definition = self._definition(visit, found)
        siblings = visit.owner.members if visit.owner else self.found
        if not self._has_own_lines(visit, siblings):
            return
        if node.type in self._grammar.clauses and self._continues(siblings, definition):
            siblings[-1].end_line = definition.end_line
            definition = siblings[-1]
        else:
            siblings.append(definition)
        if definition.depth < DEEPEST_NESTING:
            yield from self._inside(visit._replace(start=_line(node), comment=""), definition)

    def _may_hold_definitions(self, visit: _Visit) -> bool:
        """Inside a function only what goes over lines is searched; a line that is too long for definitions of its own never."""
        node, owner = visit.node, visit.owner
        if spans_lines(node):
            return True
        is_outside = owner is None or owner.is_container
        is_wrapper = node.type in self._grammar.wrappers or node.type in self._grammar.sole_wrappers
        return (is_outside or is_wrapper) and len(self._lines[min(_line(node), len(self._lines)) - 1]) <= LONGEST_LINE

    def _inside(self, visit: _Visit, owner: Definition | None) -> Iterator[_Visit]:
        """The children, each with the comments right above it; what a wrapper holds gets the wrapper's lines."""
        grammar, children = self._grammar, visit.node.named_children
        is_wrapper = visit.node.type in grammar.wrappers or (visit.node.type in grammar.sole_wrappers and len(children) == 1)
        above, last, is_first, scope = _NOTHING, 0, True, visit.scope
        for child, following in zip_longest(children, children[1:]):
            start = _line(child)
            if is_comment(child) or child.type in grammar.leading:
                has_own_line = start > last and not text_of(child).startswith("#!")
                above = above.grown(child) if has_own_line else _NOTHING
                last = _end_line(child)
                continue
            end = self._end(child, following)
            if is_wrapper or (is_first and start == _line(visit.node)):
                yield _Visit(child, visit.start, visit.end if is_wrapper else end, visit.comment, owner, scope)
            elif above.is_above(start):
                yield _Visit(child, above.start, end, above.comment, owner, scope)
            else:
                yield _Visit(child, start, end, "", owner, scope)
            above, last, is_first = self._comments_behind(child), end, False
            scope = self._scope(child) or scope

    def _end(self, node: Node, following: Node | None) -> int:
        """The node's last line, with what is written behind it and without comments that it merely reaches over."""
        if following and following.type in self._grammar.trailing:
            node = following
        end = _end_line(node)
        if node.type in self._grammar.loose:
            end = min([end, *(_line(comment) - 1 for comment in self._last_comments(node))])
        while end > _line(node) and not self._lines[end - 1].strip():
            end -= 1
        return end

    def _comments_behind(self, node: Node) -> _Above:
        """Comments that the node reaches over but that are indented no deeper: they belong to what follows."""
        above = _NOTHING
        for comment in self._last_comments(node) if node.type in self._grammar.loose else ():
            if comment.start_point.column <= node.start_point.column:
                above = above.grown(comment)
        return above

    def _last_comments(self, node: Node) -> list[Node]:
        """The comments on lines of their own at the very end of the node, however deep they lie."""
        while node.children and not is_comment(node.children[-1]):
            node = node.children[-1]
        found: list[Node] = []
        for child in reversed(node.children):
            row, column = child.start_point
            if not is_comment(child) or self._lines[row][:column].strip():
                break
            found.append(child)
        return found[::-1]

    def _scope(self, node: Node) -> str:
        """The name that qualifies what follows: of a package without a body of its own."""
        is_scope = node.type in self._grammar.scopes and body_of(node) is None
        return text_of(node.child_by_field_name("name")).replace("::", ".") if is_scope else ""

    def _has_own_lines(self, visit: _Visit, siblings: Sequence[Definition]) -> bool:
        """Whether no line is shared with the definition before or with the lines that open the container."""
        lines = self._lines
        taken = siblings[-1].end_line if siblings else visit.owner.head_line if visit.owner else 0
        within = visit.end <= visit.owner.end_line if visit.owner else visit.end <= len(lines)
        return visit.start > taken and within and max(len(lines[_line(visit.node) - 1]), len(lines[visit.end - 1])) <= LONGEST_LINE

    def _continues(self, siblings: Sequence[Definition], definition: Definition) -> bool:
        """Whether it is one more clause of the definition before it."""
        if not siblings or definition.is_container or (siblings[-1].symbol, siblings[-1].kind) != (definition.symbol, definition.kind):
            return False
        return not any(map(str.strip, self._lines[siblings[-1].end_line : definition.start_line - 1]))

    def _definition(self, visit: _Visit, found: Named) -> Definition:
        owner, head = visit.owner, head_of(visit.node)
        is_method = found.kind == FUNCTION and owner is not None and owner.is_container and owner.kind not in GROUPS
        scope = "" if visit.node.type in self._grammar.scopes else visit.scope
        return Definition(
            symbol=self._grammar.separator.join(filter(None, (owner.symbol if owner else scope, found.name))),
            kind=METHOD if is_method else found.kind,
            start_line=visit.start,
            head_line=_line(head) if head == visit.node else _end_line(head),
            end_line=visit.end,
            signature=signature(visit.node, body_of(visit.node), self._lines[_line(visit.node) - 1]),
            docstring=inner_docstring(visit.node) or comment_text(visit.comment) or None,
            depth=owner.depth + 1 if owner else 0,
            is_container=found.is_container,
        )


def _line(node: Node) -> int:
    return node.start_point.row + 1


def _end_line(node: Node) -> int:
    """Some grammars let a node end at the start of the line behind it."""
    row, column = node.end_point
    return row + 1 if column or row == node.start_point.row else row

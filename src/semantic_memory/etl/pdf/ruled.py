"""Tables that show by their rules: a lattice of rules that cross, or rules across of one width above, below and between rows."""

from collections.abc import Iterator, Sequence

from semantic_memory.etl.pdf.grid import Rules, grid_of
from semantic_memory.etl.pdf.rows import Row, rows_of
from semantic_memory.etl.pdf.shapes import Box, Line, PageContent, Piece, Rule, around
from semantic_memory.etl.pdf.tables import table_of

TOUCH = 3.0
"""Points between rules that belong together."""
MAX_RULES = 3000
"""Of one page and direction; a drawing or map has more, and finding what crosses takes their product."""
LEAST_WIDTH = 60.0
"""Points of a rule that frames a table without rules down."""


def ruled_tables(page: PageContent, lines: Sequence[Line]) -> list[Piece]:
    """Tables that do not overlap, larger ones first."""
    across, down = merged(page.across), merged(page.down)
    if not across or max(len(across), len(down)) > MAX_RULES:
        return []
    found: list[Piece] = []
    rows = rows_of([line for line in lines if not line.is_turned])
    for rules in [*_lattices(across, down), *_framed(across)]:
        box = _box(rules) if rules.down else _with_rows_around(_box(rules), rows)
        if not any(piece.box.meets(box) for piece in found):
            found.extend(_table(page.number, lines, box, rules))
    return found


def _table(page: int, lines: Sequence[Line], box: Box, rules: Rules) -> Iterator[Piece]:
    inside = [line for line in lines if box.grown(TOUCH).holds(line.box) and not line.is_turned]
    grid = grid_of(inside, box, rules) if len(inside) > 2 else None
    table = table_of(grid) if grid else None
    if table:
        yield Piece("table", page, around([box, *(line.box for line in inside)]), table=table, is_ruled=True)


def merged(rules: Sequence[Rule]) -> list[Rule]:
    """Rules on one line that touch become one."""
    kept: list[Rule] = []
    for rule in sorted(rules, key=lambda rule: (round(rule.at), rule.start)):
        last = kept[-1] if kept else None
        if last and abs(last.at - rule.at) <= TOUCH / 2 and rule.start <= last.end + TOUCH:
            kept[-1] = Rule(last.at, last.start, max(last.end, rule.end))
        else:
            kept.append(rule)
    return kept


def _lattices(across: Sequence[Rule], down: Sequence[Rule]) -> Iterator[Rules]:
    """Groups of rules that cross or touch each other, with one inside at least."""
    group = list(range(len(across) + len(down)))

    def root(index: int) -> int:
        while group[index] != index:
            group[index] = group[group[index]]
            index = group[index]
        return index

    for i, one in enumerate(across):
        for j, other in enumerate(down):
            if one.start - TOUCH <= other.at <= one.end + TOUCH and other.start - TOUCH <= one.at <= other.end + TOUCH:
                group[root(len(across) + j)] = root(i)
    members: dict[int, tuple[list[Rule], list[Rule]]] = {}
    for index in range(len(group)):
        own = members.setdefault(root(index), ([], []))
        (own[0] if index < len(across) else own[1]).append(across[index] if index < len(across) else down[index - len(across)])
    lattices = [Rules(*own) for own in members.values() if own[0] and own[1] and len(own[0]) + len(own[1]) > 4]
    yield from sorted(lattices, key=lambda rules: -_box(rules).area)


def _framed(across: Sequence[Rule]) -> Iterator[Rules]:
    """Rules of one width above each other, with the shorter ones between them."""
    left = [rule for rule in sorted(across) if rule.length >= LEAST_WIDTH]
    while left:
        first = left[0]
        same = [rule for rule in left if abs(rule.start - first.start) <= 2 * TOUCH and abs(rule.end - first.end) <= 2 * TOUCH]
        left = [rule for rule in left if rule not in same]
        if len(same) > 1:
            top, bottom = same[0].at, same[-1].at
            yield Rules(
                [
                    rule
                    for rule in across
                    if top <= rule.at <= bottom and first.start - TOUCH <= rule.start and rule.end <= first.end + TOUCH
                ]
            )


def _with_rows_around(box: Box, rows: Sequence[Row]) -> Box:
    """The box with the rows above its first and below its last rule that stand in several columns, too."""
    inside = [row for row in rows if box.x0 - TOUCH <= row.box.x0 and row.box.x1 <= box.x1 + TOUCH]
    for row in reversed([row for row in inside if row.box.middle < box.y0]):
        if not _belongs(row, box.y0 - row.box.y1):
            break
        box = box._replace(y0=row.box.y0)
    for row in [row for row in inside if row.box.middle > box.y1]:
        if not _belongs(row, row.box.y0 - box.y1):
            break
        box = box._replace(y1=row.box.y1)
    return box


def _belongs(row: Row, distance: float) -> bool:
    """A row of several lines nearby, or a bold one that all but touches: the upper part of a heading."""
    size = max(line.size for line in row.lines)
    is_bold = all(line.style.is_bold for line in row.lines)
    return distance < size and (len(row.lines) > 1 or (distance < size / 4 and is_bold))


def _box(rules: Rules) -> Box:
    xs = [end for rule in rules.across for end in (rule.start, rule.end)] + [rule.at for rule in rules.down]
    ys = [end for rule in rules.down for end in (rule.start, rule.end)] + [rule.at for rule in rules.across]
    return Box(min(xs), min(ys), max(xs), max(ys))

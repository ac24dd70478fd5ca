"""Packs atoms into runs of at most `limit` tokens, with breaks chosen by content so that they fall in the same places after an edit."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from math import log

from semantic_memory.etl.split import Atom, Boundary

LEAST_FILL = 0.25
"""No break before a run is this full, so that even blocks of half a passage leave two places to choose from: with a single one, two
packings that are a block apart would never meet again."""
FILL_POWER = 3
_WEIGHT = {Boundary.BLOCK: 1.0, Boundary.SENTENCE: 0.25, Boundary.CLAUSE: 1 / 64, Boundary.WORD: 1 / 4096, Boundary.TOKEN: 1e-6}


def pack(atoms: Iterable[Atom], limit: int, *, gap: int = 0) -> Iterator[list[Atom]]:
    """Runs of consecutive atoms, in order, nothing left out; `gap` tokens join two blocks. An atom over the limit gets a run of its own.

    Every run but that of a document without text holds an atom with tokens.
    """
    run: list[Atom] = []
    total = 0
    for atom in atoms:
        if atom.opens and total >= limit * LEAST_FILL:
            yield run
            run, total = [], 0
        while total and total + _cost(atom, run, gap) > limit:
            cut = _best_break([*run, atom], limit)
            yield run[:cut]
            run = run[cut:]
            total = _total(run, gap)
        total += _cost(atom, run, gap) if total else atom.tokens
        run.append(atom)
    if run:
        yield run


def _cost(atom: Atom, run: Sequence[Atom], gap: int) -> int:
    return atom.tokens + (gap if atom.tokens and run[-1].block != atom.block else 0)


def _total(run: Sequence[Atom], gap: int) -> int:
    joints = sum(before.block != after.block and after.tokens > 0 for before, after in pairwise(run))
    return sum(atom.tokens for atom in run) + gap * joints


def _best_break(run: Sequence[Atom], limit: int) -> int:
    """Index of the atom to break before: a draw among all places, weighted by fill and boundary, that depends on nothing but the text.

    Each place gets an exponential waiting time from its hash (the smallest wins with a probability proportional to its weight), so two
    packings that see the same places nearly always choose the same one, wherever their runs began.
    """
    best, shortest = len(run) - 1, float("inf")
    filled = 0
    for index, atom in enumerate(run):
        fill = filled / limit
        if index and (fill >= LEAST_FILL or index == len(run) - 1):
            wait = -log((atom.mark + 1) / (1 << 32)) / (_WEIGHT[atom.boundary] * fill**FILL_POWER)
            if wait <= shortest:
                best, shortest = index, wait
        filled += atom.tokens
    return best

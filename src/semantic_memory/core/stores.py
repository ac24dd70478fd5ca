"""Which engines hold the passages: checked at the start, filled while serving, compared before anyone relies on them, repaired.

Every engine only replays the change log, so the one in use and the one to come differ in nothing but how far they have read.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from semantic_memory.core.access import Access, Role, local_access
from semantic_memory.core.agreement import COMPARISONS, LEAST_AGREEMENT
from semantic_memory.core.errors import ConfigurationError, ConflictError, InvalidInputError
from semantic_memory.core.indexing import Indexer, Turn
from semantic_memory.core.model import Change, IndexState
from semantic_memory.core.ports import Catalogue, Index

FIRST = "embedded"
"""Where the passages of a catalogue lie that is older than its registry of engines."""

SAMPLE = 50
"""Passages whose neighbours are compared after a move."""

OpenIndex: TypeAlias = Callable[[str, str], Index]
"""Opens an engine by kind ("vectors", "keywords") and adapter name."""
Progress: TypeAlias = Callable[[int, int], None]
"""Told the position and the head of the change log."""


@dataclass(frozen=True, slots=True)
class Engine:
    """One engine that holds, or held, the passages. `position` is None when it does not answer or is not asked."""

    kind: str
    name: str
    state: IndexState
    position: int | None
    head: int


@dataclass(frozen=True, slots=True)
class Moved:
    """What a move found: passages in both engines, and the share of neighbours in common."""

    kind: str
    name: str
    passages: int
    agreement: float
    is_active: bool


class Stores:
    """`names` are the adapters in use, by kind; `indexes` are they themselves."""

    def __init__(self, catalogue: Catalogue, names: Mapping[str, str], indexes: Mapping[str, Index], open_index: OpenIndex) -> None:
        self._catalogue = catalogue
        self._names = names
        self._indexes = indexes
        self._open_index = open_index

    async def open(self) -> None:
        """Takes the configured engines into use.

        Raises: ConfigurationError when the passages are in another engine and were not moved.
        """
        for kind, name in self._names.items():
            states = await self._catalogue.indexes.states(kind)
            filled = states or {FIRST: IndexState.ACTIVE}
            if name not in filled and await self._catalogue.changes.head():
                raise ConfigurationError(
                    f"the {kind} of this memory are in {_active(filled)!r}; fill {name!r} first, while that is still set: "
                    f"semantic-memory store move {'' if kind == 'vectors' else '--keywords '}--to {name}"
                )
            if states.get(name) is not IndexState.ACTIVE:  # a start writes only when something changed
                await self._catalogue.indexes.activate(kind, name)

    async def engines(self) -> list[Engine]:
        """Every engine in the registry, those in use with their positions."""
        head = await self._catalogue.changes.head()
        found: list[Engine] = []
        for kind, used in self._names.items():
            for name, state in (await self._catalogue.indexes.states(kind)).items():
                position = await self._indexes[kind].position() if name == used else None
                found.append(Engine(kind, name, state, position, head))
        return found

    async def move(self, kind: str, name: str, *, progress: Progress | None = None) -> Moved:
        """Fills the engine from the change log, compares it with the one in use, and lets the setting name it from then on.

        Nothing else stops meanwhile, and what is written later the engine reads when it is opened. Raises: ConflictError when the two
        do not agree; ConfigurationError when there is no such engine; BackendError.
        """
        self._check(kind)
        if name == self._names[kind]:
            return await self._compared(kind, name, self._indexes[kind])
        target = self._open_index(kind, name)
        try:
            await self._fill(kind, name, target, progress or _unheard)
            moved = await self._compared(kind, name, target)
        finally:
            await target.close()
        await self._catalogue.indexes.mark_ready(kind, name)
        return moved

    async def drop(self, kind: str, name: str) -> None:
        """Empties an engine that is no longer in use and forgets it. Raises: ConflictError for one that is."""
        self._check(kind)
        states = await self._catalogue.indexes.states(kind)
        if name == self._names[kind] or states.get(name) is IndexState.ACTIVE:
            raise ConflictError(f"{name!r} is in use; name another engine in the settings first")
        engine = self._open_index(kind, name)
        try:
            if not await engine.writable():
                raise ConflictError(f"another process has {name!r} open")
            await engine.reset()
        finally:
            await engine.close()
        await self._catalogue.indexes.forget(kind, name)

    async def rebuild(self, kind: str) -> None:
        """Empties the engine in use; it is filled again from the change log in the background."""
        self._check(kind)
        index = self._indexes[kind]
        if not await index.writable():
            raise ConflictError("another process writes this index; stop it, or rebuild from there")
        await index.reset()

    async def reconcile(self, *, access: Access | None = None) -> Mapping[str, int]:
        """Logs again what an engine lacks or has too much of, so that it is applied again; returns how many passages, by kind.

        For engines that lost some of their rows; one that lost all starts again by itself.
        """
        access = access or local_access()
        access.require(Role.ADMIN)
        expected = await self._catalogue.changes.passage_ids(access=access)
        repaired: dict[str, int] = {}
        for kind, index in self._indexes.items():
            held = await index.passage_ids(access=access)
            repaired[kind] = await self._catalogue.changes.repeat(expected ^ held, access=access) if expected != held else 0
        return repaired

    def _check(self, kind: str) -> None:
        if kind not in self._indexes:
            raise InvalidInputError(f"no index of kind {kind!r}; there are {', '.join(self._indexes)}")

    async def _fill(self, kind: str, name: str, target: Index, progress: Progress) -> None:
        turn = Turn(self._catalogue.leases, f"{kind} {name}")
        indexer = Indexer(self._catalogue.changes, {kind: target}, {kind: turn} if target.is_shared else {})
        try:
            await indexer.fill(kind, progress)
        finally:
            await indexer.end_turns()

    async def _compared(self, kind: str, name: str, target: Index) -> Moved:
        used = self._indexes[kind]
        sample = await self._sample()
        agreement = await COMPARISONS[kind](used, target, sample)
        if agreement < LEAST_AGREEMENT[kind]:
            raise ConflictError(f"{name!r} finds only {agreement:.0%} of what {self._names[kind]!r} finds; nothing was switched")
        passages = await self._counted(kind, name, target)
        active = (await self._catalogue.indexes.states(kind)).get(name) is IndexState.ACTIVE
        return Moved(kind, name, passages, agreement, active)

    async def _counted(self, kind: str, name: str, target: Index) -> int:
        """Passages held for every tenant. Raises: ConflictError unless they are the catalogue's."""
        count = 0
        for tenant in await self._catalogue.changes.tenants():
            access = Access(tenant=tenant, principal="store move", role=Role.ADMIN)
            held, expected = await target.passage_ids(access=access), await self._catalogue.changes.passage_ids(access=access)
            if held != expected and await target.position() >= await self._catalogue.changes.head():
                raise ConflictError(f"{name!r} lacks {len(expected - held)} {kind} and has {len(held - expected)} too many; try again")
            count += len(held)
        return count

    async def _sample(self) -> list[Change]:
        """Passages from all over the change log."""
        head = await self._catalogue.changes.head()
        starts = range(0, head, max(1, head // SAMPLE))
        found = [change for start in starts for change in await self._catalogue.changes.read(after=start, limit=1)]
        return [change for change in found if change.entry is not None]


def _active(states: Mapping[str, IndexState]) -> str:
    return next(name for name, state in states.items() if state is IndexState.ACTIVE)


def _unheard(position: int, head: int) -> None:
    """Nobody watches."""

"""Files within files: how much of them is opened, and where they lie meanwhile."""

import asyncio
import shutil
import tempfile
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from semantic_memory.core.errors import ExtractionLimitError
from semantic_memory.core.model import Member

DEEPEST = 3
"""An archive within an e-mail within an archive is opened; what lies deeper is only named."""

MAX_FILES = 20_000
MAX_BYTES = 2 * 1024**3
"""Of everything within one file, at any depth: archives of archives multiply."""

ABANDONED_S = 24 * 3600
"""Age after which a folder can only be what a killed process left."""


@dataclass(slots=True)
class Budget:
    files: int = MAX_FILES
    size_bytes: int = MAX_BYTES


@dataclass(frozen=True, slots=True)
class Room:
    """What may still be opened: so many levels, and a budget that all files within one file share."""

    budget: Budget
    levels: int = DEEPEST

    @classmethod
    def whole(cls) -> "Room":
        return cls(Budget())

    def inside(self, members: Sequence[Member]) -> "Room":
        """The room one level down, after these files. Raises: ExtractionLimitError when the budget is spent."""
        self.budget.files -= len(members)
        self.budget.size_bytes -= sum(Path(member.file).stat().st_size for member in members)
        if self.budget.files < 0 or self.budget.size_bytes < 0:
            raise ExtractionLimitError(f"the files within inflate to more than {MAX_FILES} files or {MAX_BYTES} bytes")
        return replace(self, levels=self.levels - 1)


@asynccontextmanager
async def scratch_folder(root: Path) -> AsyncGenerator[Path]:
    """A new empty folder below `root`, gone at the end."""
    folder = await asyncio.to_thread(_new_folder, root)
    try:
        yield folder
    finally:
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)


def _new_folder(root: Path) -> Path:
    root.mkdir(parents=True, exist_ok=True)
    for left in filter(_is_abandoned, list(root.iterdir())):
        shutil.rmtree(left, ignore_errors=True)
    return Path(tempfile.mkdtemp(dir=root))


def _is_abandoned(folder: Path) -> bool:
    try:
        return folder.stat().st_mtime < time.time() - ABANDONED_S
    except FileNotFoundError:  # somebody else is done with it
        return False

"""What the vector and the keyword engine share: collections made on first need, and the state beside them."""

import asyncio
import re
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any

from semantic_memory.store.remote.milvus import layout
from semantic_memory.store.remote.milvus.connection import Connection, Milvus
from semantic_memory.store.remote.milvus.errors import driver_errors, is_absent, translated
from semantic_memory.store.remote.milvus.layout import Layout

PAGE = 16_384
"""Rows of one answer at most: https://milvus.io/docs/limitations.md."""
HEXADECIMAL = "0123456789abcdef"


class MilvusEngine:
    name = "Milvus"
    batch = 512
    page = PAGE

    def __init__(self, connection: Connection, prefix: str) -> None:
        self.prefix = prefix
        self._connection = connection
        self._state = f"{prefix}_state"
        self._made: set[str] = set()
        self._making = asyncio.Lock()

    def errors(self) -> AbstractContextManager[None]:
        return translated()

    async def state(self) -> str | None:
        milvus = await self.milvus()
        rows = await milvus.query(self._state, 'id in ["state"]', ["text"], limit=1)
        return rows[0]["text"] if rows else None

    async def keep_state(self, state: str) -> None:
        await self.write(self._state, layout.state(), [{"id": "state", "text": state, "vector": [0.0, 1.0]}])

    async def clear(self) -> None:
        """The state goes first: whoever is stopped in between begins anew."""
        milvus = await self.milvus()
        for name in sorted(await self.collections(), key=lambda name: name != self._state):
            await milvus.drop(name)
        self._made.clear()

    async def close(self) -> None:
        await self._connection.close()

    async def milvus(self) -> Milvus:
        return await self._connection.milvus()

    async def collections(self) -> list[str]:
        """Those of this engine that there are."""
        ours = re.compile(rf"{re.escape(self.prefix)}_(state|[0-9a-f]+)")
        return [name for name in await (await self.milvus()).names() if ours.fullmatch(name)]

    async def write(self, name: str, how: Layout, rows: Sequence[Mapping[str, Any]]) -> None:
        """Into a collection that is made when it is missing, also when somebody has dropped it since."""
        milvus = await self.milvus()
        await self._make(milvus, name, how)
        try:
            await milvus.upsert(name, rows)
        except driver_errors() as error:
            if not is_absent(error):
                raise
            self._made.discard(name)
            await self._make(milvus, name, how)
            await milvus.upsert(name, rows)
        await milvus.settle(name)

    async def erase(self, name: str, row_ids: Sequence[str]) -> None:
        if row_ids:
            milvus = await self.milvus()
            await milvus.delete(name, row_ids)
            await milvus.settle(name)

    async def row_ids(self, name: str, beginning: str, where: str) -> list[str]:
        """Ids that begin with these digits; asked for with one digit more where there are too many for one answer."""
        milvus = await self.milvus()
        rows = await milvus.query(name, f'id like "{beginning}%" and {where}', ["id"], limit=self.page)
        if len(rows) < self.page:
            return [row["id"] for row in rows]
        return [row_id for digit in HEXADECIMAL for row_id in await self.row_ids(name, beginning + digit, where)]

    async def _make(self, milvus: Milvus, name: str, how: Layout) -> None:
        async with self._making:
            if name not in self._made:
                await milvus.make(name, how)
                self._made.add(name)

"""The queries each tenant asks most: a bounded record to warm caches from.

Counts by the Space-Saving algorithm (Metwally, Agrawal and El Abbadi, ICDT 2005): a new query takes the place and the count of the rarest,
so whatever is asked more than one time in `PER_TENANT` is in the record.
"""

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass

from semantic_memory.core.access import Access
from semantic_memory.core.filters import Filters

PER_TENANT = 100
TENANTS = 1_000
"""The tenants that asked last."""
LONGEST = 500
"""Longer queries are pasted texts, hardly ever asked twice."""


@dataclass(frozen=True, slots=True)
class HotQuery:
    """A search that was asked, and with whose reach."""

    access: Access
    query: str
    filters: Filters
    top_k: int


class HotQueries:
    """For one event loop; nothing of it leaves the process's memory."""

    def __init__(self) -> None:
        self._tenants: OrderedDict[str, dict[str, tuple[int, HotQuery]]] = OrderedDict()

    def note(self, asked: HotQuery) -> None:
        if len(asked.query) > LONGEST:
            return
        known = self._tenants.setdefault(asked.access.tenant, {})
        self._tenants.move_to_end(asked.access.tenant)
        key = repr((asked.query, asked.top_k, asked.access.collections, asked.filters))
        count = known[key][0] if key in known else self._make_room(known)
        known[key] = count + 1, asked
        while len(self._tenants) > TENANTS:
            self._tenants.popitem(last=False)

    def hottest(self, limit: int) -> Iterator[HotQuery]:
        """Up to `limit` of each tenant, most asked first."""
        for known in list(self._tenants.values()):
            for _, asked in sorted(known.values(), key=lambda one: -one[0])[:limit]:
                yield asked

    def forget(self, tenant: str) -> None:
        self._tenants.pop(tenant, None)

    @staticmethod
    def _make_room(known: dict[str, tuple[int, HotQuery]]) -> int:
        """The count a new query starts from."""
        if len(known) < PER_TENANT:
            return 0
        rarest = min(known, key=lambda key: known[key][0])
        return known.pop(rarest)[0]

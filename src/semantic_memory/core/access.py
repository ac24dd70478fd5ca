"""Who asks: the argument of every read and write."""

from dataclasses import dataclass
from enum import IntEnum

from semantic_memory.core.errors import ForbiddenError

DEFAULT_TENANT = "default"
DEFAULT_COLLECTION = "default"


class Role(IntEnum):
    """Additive: each role may do what the ones before it may."""

    READER = 1
    INGESTOR = 2
    ADMIN = 3

    @property
    def label(self) -> str:
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Access:
    """One principal's reach. `collections` None means every collection of the tenant."""

    tenant: str
    principal: str
    role: Role
    collections: frozenset[str] | None = None

    def require(self, role: Role) -> None:
        """Raises ForbiddenError when the principal's role is lower."""
        if self.role < role:
            raise ForbiddenError(f"this needs the role {role.label!r}; {self.principal!r} is {self.role.label!r}")

    def allows(self, collection: str) -> bool:
        return self.collections is None or collection in self.collections


def local_access() -> Access:
    """The operator of this machine: what the CLI and the library use unless told otherwise."""
    return Access(tenant=DEFAULT_TENANT, principal="local", role=Role.ADMIN)

"""Classes, their shards, and rows."""

import time
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import numpy as np


class RefusedError(Exception):
    """A REST answer other than 200; over gRPC the message alone is seen."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass(eq=False)
class Stored:
    id: UUID
    properties: dict[str, Any]
    vectors: dict[str, np.ndarray]
    written_ms: int = field(default_factory=lambda: time.time_ns() // 1_000_000)


@dataclass(eq=False)
class Class:
    """One with its shards, one per tenant, or "" without tenants."""

    schema: dict[str, Any]
    shards: dict[str, dict[UUID, Stored]] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return str(self.schema["class"])

    def property(self, name: str) -> dict[str, Any]:
        for known in self.schema["properties"]:
            if known["name"] == name:
                return known
        raise RefusedError(
            422,
            f"no such prop with name '{name}' found in class '{self.name}' in the schema. Check your schema",
        )

    def shard(self, tenant: str) -> dict[UUID, Stored]:
        has_tenants = self.schema["multiTenancyConfig"]["enabled"]
        if has_tenants and not tenant:
            raise RefusedError(422, f"class {self.name} has multi-tenancy enabled, but request was without tenant")
        if tenant and not has_tenants:
            raise RefusedError(422, f"class {self.name} has multi-tenancy disabled, but request was with tenant")
        if tenant not in self.shards:
            raise RefusedError(422, f'tenant not found: "{tenant}"')
        return self.shards[tenant]

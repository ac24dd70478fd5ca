"""What the routes share, made once per application and found through the request."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from semantic_memory.api.limits import Gate, TenantGates
from semantic_memory.api.metrics import Metrics
from semantic_memory.api.passwords import Passwords
from semantic_memory.api.security import Authenticator
from semantic_memory.api.throttle import LoginThrottle
from semantic_memory.api.tokens import Tokens
from semantic_memory.core.memory import Memory
from semantic_memory.core.settings import Settings


@dataclass(frozen=True, slots=True)
class Services:
    settings: Settings
    memory: Memory
    metrics: Metrics
    tokens: Tokens
    authenticator: Authenticator
    passwords: Passwords
    throttle: LoginThrottle
    searches: Gate
    uploads: Gate
    streams: TenantGates


async def _services(request: Request) -> Services:
    services: Services = request.app.state.services
    return services


FromApp = Annotated[Services, Depends(_services)]
"""Declare a parameter of this type to get them."""

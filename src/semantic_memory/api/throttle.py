"""Slows down the guessing of passwords, per account and per address, in this process."""

import math
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from typing import TypeAlias

from semantic_memory.core.errors import TooManyRequestsError

Key: TypeAlias = tuple[str, str]

WINDOW_S = 15 * 60
MAX_PER_ACCOUNT = 5
MAX_PER_ADDRESS = 30
"""Wrong passwords within the window; locks end by themselves, so nobody can be locked out for good."""

MAX_KEYS = 10_000
"""Bounds memory; the keys longest without a failure are forgotten first."""


class LoginThrottle:
    """Counts failed attempts; one under way counts as failed, so that a burst gets no more tries. `now` is a monotonic clock in seconds."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._attempts: OrderedDict[Key, deque[float]] = OrderedDict()

    def attempt(self, account: str, address: str) -> None:
        """Raises: TooManyRequestsError while either has failed too often, whatever the password."""
        limits = _limits(account, address)
        wait = max(self._wait(key, limit) for key, limit in limits)
        if wait > 0:
            raise TooManyRequestsError("too many failed logins; wait before the next one", retry_after_s=math.ceil(wait))
        for key, limit in limits:
            self._attempts.setdefault(key, deque(maxlen=limit)).append(self._now())
            self._attempts.move_to_end(key)
        while len(self._attempts) > MAX_KEYS:
            self._attempts.popitem(last=False)

    def succeeded(self, account: str, address: str) -> None:
        """Forgets the account's failures but only this attempt of the address: one good account must not cover for guessing others."""
        account_key, address_key = (key for key, _ in _limits(account, address))
        self._attempts.pop(account_key, None)
        if of_address := self._attempts.get(address_key):
            of_address.pop()

    def _wait(self, key: tuple[str, str], limit: int) -> float:
        """Seconds until fewer than `limit` failures lie within the window."""
        moments = self._attempts.get(key, deque())
        return moments[0] + WINDOW_S - self._now() if len(moments) == limit else 0.0


def _limits(account: str, address: str) -> tuple[tuple[Key, int], tuple[Key, int]]:
    return (("account", account.casefold()), MAX_PER_ACCOUNT), (("address", address), MAX_PER_ADDRESS)

"""A circuit breaker: a dependency that keeps failing is left alone for a while, so that nobody waits for it in vain.

Michael Nygard, Release It!, 2nd edition, "Circuit Breaker". Own code, because the libraries there are let every waiting call through
once the pause ends, or need a message bus around these forty lines.
"""

import time
from collections.abc import Callable

FAILURES = 5
"""Failures in a row that open it."""
PAUSE_S = 1.0
LONGEST_PAUSE_S = 15.0
"""The pause doubles with every trial that fails, up to here: so long after a recovery it may stay unnoticed."""


class Breaker:
    """Closed: calls go through. Open: none does, until a pause is over; then one goes through as a trial. For one event loop."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failures = 0
        self._pause_s = PAUSE_S
        self._next_trial = 0.0

    @property
    def is_open(self) -> bool:
        return self._failures >= FAILURES

    def admits(self) -> bool:
        """Whether a call may be made now. When open, a True is the trial: the next one comes after another pause."""
        if not self.is_open:
            return True
        if self._clock() < self._next_trial:
            return False
        self._next_trial = self._clock() + self._pause_s
        return True

    def succeeded(self) -> None:
        self._failures = 0
        self._pause_s = PAUSE_S

    def failed(self) -> None:
        self._failures += 1
        if self._failures > FAILURES:
            self._pause_s = min(2 * self._pause_s, LONGEST_PAUSE_S)
        if self.is_open:
            self._next_trial = self._clock() + self._pause_s

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

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        *,
        opens_after: int = FAILURES,
        pause_s: float = PAUSE_S,
        longest_pause_s: float = LONGEST_PAUSE_S,
    ) -> None:
        self._clock = clock
        self._opens_after = opens_after
        self._first_pause_s = pause_s
        self._longest_pause_s = longest_pause_s
        self._failures = 0
        self._pause_s = pause_s
        self._next_trial = 0.0
        self._on_trial = False

    @property
    def has_failed(self) -> bool:
        """Whether the last call did."""
        return self._failures > 0

    @property
    def is_open(self) -> bool:
        return self._failures >= self._opens_after

    def admits(self) -> bool:
        """Whether a call may be made now. When open, a True is the trial: the next one comes after another pause."""
        if not self.is_open:
            return True
        if self._clock() < self._next_trial:
            return False
        self._next_trial = self._clock() + self._pause_s
        self._on_trial = True
        return True

    def succeeded(self) -> None:
        self._failures = 0
        self._pause_s = self._first_pause_s
        self._on_trial = False

    def failed(self) -> None:
        """Calls that were under way when it opened change nothing more; only a failed trial prolongs the pause."""
        if self.is_open and not self._on_trial:
            return
        if self._on_trial:
            self._pause_s = min(2 * self._pause_s, self._longest_pause_s)
        self._on_trial = False
        self._failures += 1
        self._next_trial = self._clock() + self._pause_s

"""A dependency that keeps failing is left alone for a while."""

import pytest

from semantic_memory.core.breaker import FAILURES, LONGEST_PAUSE_S, PAUSE_S, Breaker


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def failing(clock: Clock, times: int) -> Breaker:
    breaker = Breaker(clock)
    for _ in range(times):
        breaker.failed()
    return breaker


def test_a_new_breaker_lets_every_call_through(clock: Clock) -> None:
    breaker = Breaker(clock)

    assert not breaker.is_open
    assert [breaker.admits() for _ in range(3)] == [True, True, True]


def test_it_opens_at_the_fifth_failure_in_a_row(clock: Clock) -> None:
    assert failing(clock, FAILURES - 1).admits()
    assert not failing(clock, FAILURES).admits()
    assert FAILURES == 5


def test_a_success_in_between_starts_the_count_anew(clock: Clock) -> None:
    breaker = failing(clock, FAILURES - 1)
    breaker.succeeded()
    breaker.failed()

    assert breaker.admits()


def test_no_call_goes_through_before_the_pause_is_over(clock: Clock) -> None:
    breaker = failing(clock, FAILURES)
    clock.now += PAUSE_S - 0.001

    assert not breaker.admits()


def test_after_the_pause_one_call_goes_through_as_a_trial(clock: Clock) -> None:
    breaker = failing(clock, FAILURES)
    clock.now += PAUSE_S

    assert [breaker.admits() for _ in range(3)] == [True, False, False]


def test_a_trial_that_never_reports_back_is_followed_by_another(clock: Clock) -> None:
    breaker = failing(clock, FAILURES)
    clock.now += PAUSE_S
    breaker.admits()
    clock.now += PAUSE_S

    assert breaker.admits()


def test_a_trial_that_succeeds_closes_it(clock: Clock) -> None:
    breaker = failing(clock, FAILURES)
    clock.now += PAUSE_S
    breaker.admits()
    breaker.succeeded()

    assert not breaker.is_open
    assert [breaker.admits() for _ in range(3)] == [True, True, True]


def test_the_pause_doubles_with_every_failed_trial_up_to_a_bound(clock: Clock) -> None:
    breaker, pauses = failing(clock, FAILURES), []
    for _ in range(7):
        pauses.append(pause_of(breaker, clock))
        breaker.failed()

    assert pauses == pytest.approx([1, 2, 4, 8, 15, 15, 15], abs=0.1)
    assert pauses[-1] == pytest.approx(LONGEST_PAUSE_S, abs=0.1)


def test_the_pause_is_short_again_after_a_recovery(clock: Clock) -> None:
    breaker = failing(clock, FAILURES + 3)
    breaker.succeeded()
    for _ in range(FAILURES):
        breaker.failed()

    assert pause_of(breaker, clock) == pytest.approx(PAUSE_S, abs=0.1)


def test_how_soon_it_opens_and_how_long_it_waits_can_be_told(clock: Clock) -> None:
    breaker = Breaker(clock, opens_after=1, pause_s=3, longest_pause_s=4)
    breaker.failed()
    pauses = [pause_of(breaker, clock)]
    breaker.failed()
    pauses.append(pause_of(breaker, clock))

    assert pauses == pytest.approx([3, 4], abs=0.1)


def pause_of(breaker: Breaker, clock: Clock) -> float:
    """Moves the clock on until a call is let through."""
    started = clock.now
    while not breaker.admits():
        clock.now += 0.05
    return clock.now - started

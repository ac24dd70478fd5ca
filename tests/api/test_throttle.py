"""Guessing passwords is slowed down (AUTH-05)."""

import pytest

from semantic_memory.api.throttle import MAX_KEYS, MAX_PER_ACCOUNT, MAX_PER_ADDRESS, WINDOW_S, LoginThrottle
from semantic_memory.core.errors import TooManyRequestsError


class Clock:
    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def throttle(clock: Clock) -> LoginThrottle:
    return LoginThrottle(clock)


def attempts(throttle: LoginThrottle, count: int, account: str = "ann", address: str = "1.2.3.4") -> None:
    for _ in range(count):
        throttle.attempt(account, address)


def test_auth_05_the_sixth_attempt_on_an_account_waits(throttle: LoginThrottle) -> None:
    attempts(throttle, MAX_PER_ACCOUNT)

    with pytest.raises(TooManyRequestsError) as caught:
        throttle.attempt("ann", "1.2.3.4")
    assert caught.value.retry_after_s == WINDOW_S


def test_auth_05_an_account_is_locked_for_every_address(throttle: LoginThrottle) -> None:
    attempts(throttle, MAX_PER_ACCOUNT)

    with pytest.raises(TooManyRequestsError):
        throttle.attempt("ann", "5.6.7.8")


def test_auth_05_many_accounts_from_one_address_wait_too(throttle: LoginThrottle) -> None:
    for number in range(MAX_PER_ADDRESS):
        throttle.attempt(f"user{number}", "1.2.3.4")

    with pytest.raises(TooManyRequestsError):
        throttle.attempt("another", "1.2.3.4")
    throttle.attempt("another", "5.6.7.8")


def test_auth_05_a_lock_ends_by_itself(throttle: LoginThrottle, clock: Clock) -> None:
    attempts(throttle, MAX_PER_ACCOUNT)
    clock.seconds += WINDOW_S

    throttle.attempt("ann", "1.2.3.4")


def test_refused_attempts_do_not_prolong_a_lock(throttle: LoginThrottle, clock: Clock) -> None:
    attempts(throttle, MAX_PER_ACCOUNT)
    clock.seconds += WINDOW_S - 10

    with pytest.raises(TooManyRequestsError) as caught:
        throttle.attempt("ann", "1.2.3.4")
    assert caught.value.retry_after_s == 10


def test_the_case_of_a_name_does_not_give_more_tries(throttle: LoginThrottle) -> None:
    attempts(throttle, MAX_PER_ACCOUNT, account="Ann")

    with pytest.raises(TooManyRequestsError):
        throttle.attempt("ANN", "1.2.3.4")


def test_a_right_password_clears_the_account(throttle: LoginThrottle) -> None:
    attempts(throttle, MAX_PER_ACCOUNT)
    throttle.succeeded("ann", "1.2.3.4")

    attempts(throttle, MAX_PER_ACCOUNT)


def test_a_right_password_does_not_clear_the_address(throttle: LoginThrottle) -> None:
    for number in range(MAX_PER_ADDRESS - 1):
        throttle.attempt(f"user{number}", "1.2.3.4")
    throttle.attempt("mine", "1.2.3.4")
    throttle.succeeded("mine", "1.2.3.4")
    throttle.attempt("another", "1.2.3.4")

    with pytest.raises(TooManyRequestsError):
        throttle.attempt("one more", "1.2.3.4")


def test_a_success_of_a_forgotten_attempt_changes_nothing(throttle: LoginThrottle) -> None:
    throttle.succeeded("ann", "1.2.3.4")

    attempts(throttle, MAX_PER_ACCOUNT)


def test_memory_stays_bounded(throttle: LoginThrottle) -> None:
    attempts(throttle, MAX_PER_ACCOUNT, account="forgotten", address="0.0.0.0")
    for number in range(MAX_KEYS):
        throttle.attempt(f"user{number}", f"address{number}")

    throttle.attempt("forgotten", "0.0.0.0")

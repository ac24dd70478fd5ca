"""Real processes on one Valkey: one of them makes a result, and it may die, or sleep, in the middle."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.servers.valkey import Valkey
from tests.store.cache.making import PREFIX, key

pytestmark = [pytest.mark.stores, pytest.mark.slow]

REPOSITORY = Path(__file__).parents[3]
Started = subprocess.Popen[str]
Start = Callable[..., Started]


@pytest.fixture
def start(valkey: Valkey) -> Iterator[Start]:
    """Starts a process and waits until it is ready."""
    started: list[Started] = []

    def start_process(name: str, *, calls: int = 1, takes_s: float = 0.3) -> Started:
        command = [sys.executable, "-m", "tests.store.cache.processes", valkey.url, str(calls), str(takes_s), name]
        process = subprocess.Popen(command, cwd=REPOSITORY, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        started.append(process)
        read(process, "ready")
        return process

    yield start_process
    for process in started:
        process.kill()
        process.communicate()


def read(process: Started, expected: str) -> None:
    assert process.stdout is not None
    assert process.stdout.readline().strip() == expected


def go(process: Started) -> None:
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()


def told(process: Started) -> dict[str, Any]:
    """What it says at its end."""
    *_, last = process.communicate(timeout=60)[0].splitlines()
    told: dict[str, Any] = json.loads(last)
    return told


def test_cache_01_500_equal_cold_calls_in_two_processes_make_the_result_once(start: Start) -> None:
    processes = [start(name, calls=250) for name in ("one", "other")]
    for process in processes:
        go(process)
    outcomes = [told(process) for process in processes]

    assert sum(outcome["times"] for outcome in outcomes) == 1
    assert outcomes[0]["values"] == outcomes[1]["values"]
    assert len(outcomes[0]["values"]) == 1


def test_cache_03_a_killed_maker_holds_nobody_up_longer_than_its_lease(start: Start) -> None:
    maker, waiter = start("maker", takes_s=60), start("waiter")
    go(maker)
    read(maker, "making")
    maker.kill()
    began = time.monotonic()
    go(waiter)
    outcome = told(waiter)

    assert outcome == {"times": 1, "values": ["waiter"], "late": 0}
    assert time.monotonic() - began < 6, "a lease of 5 s, 0.3 s of making, and the end of a process"


def test_cache_04_a_maker_that_slept_past_its_lease_does_not_overwrite_the_next_ones_result(start: Start, valkey: Valkey) -> None:
    sleeper, waiter = start("sleeper", takes_s=1), start("waiter")
    go(sleeper)
    read(sleeper, "making")
    sleeper.send_signal(signal.SIGSTOP)
    go(waiter)
    waited = told(waiter)
    kept = valkey.command("GET", PREFIX + key().name)
    sleeper.send_signal(signal.SIGCONT)
    slept = told(sleeper)

    assert waited == {"times": 1, "values": ["waiter"], "late": 0}
    assert slept == {"times": 1, "values": ["sleeper"], "late": 1}
    assert valkey.command("GET", PREFIX + key().name) == kept

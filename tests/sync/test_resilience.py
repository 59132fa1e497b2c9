"""The guard around a dependency: rate, breaker, short retries of reads."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.effects.kinds import RETRIES, Retries
from engine.errors import Ambiguous, OrdersError, Retryable, Terminal
from engine.words import Dependency
from sync.resilience import BreakerSettings, Guard, GuardSettings
from tests.sync.outside import Gates


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


BROKEN = Retryable("x.no_answer", "It gave no answer.")
SPEC = GuardSettings(calls_per_second=0, read_retries=Retries(3, 0.0, 0.0, 1.0))


def guarded(settings: GuardSettings = SPEC) -> tuple[Guard, Gates, Clock]:
    gates, clock = Gates(), Clock()
    return Guard("tiktok", settings, gates, clock=clock, chance=random.Random(5)), gates, clock


def raising(error: BaseException) -> Callable[[], Awaitable[str]]:
    async def call() -> str:
        raise error

    return call


async def fine() -> str:
    return "fine"


async def fails(guard: Guard, error: BaseException = BROKEN) -> None:
    with pytest.raises(type(error)):
        await guard.write(raising(error))


async def is_open(guard: Guard) -> bool:
    try:
        await guard.write(fine)
    except Retryable as error:
        return (error.code, error.postponed) == ("tiktok.paused", True)
    return False


def test_the_breaker_is_set_as_specified() -> None:
    breaker = BreakerSettings()
    assert (breaker.failure_threshold, breaker.monitoring_seconds, breaker.reset_seconds) == (10, 30, 60)


async def test_ten_failures_in_half_a_minute_open_the_breaker_and_tell_the_gate() -> None:
    guard, gates, _ = guarded()
    for _ in range(9):
        await fails(guard)
    assert not await is_open(guard)
    await fails(guard)
    assert await is_open(guard)
    assert gates.told == [("opened", "x.no_answer")]


async def test_failures_older_than_the_window_do_not_count() -> None:
    guard, gates, clock = guarded()
    for _ in range(9):
        await fails(guard)
    clock.now += 31
    await fails(guard)
    assert not await is_open(guard)
    assert gates.told == []


async def test_a_few_failures_among_many_successes_are_noise() -> None:
    guard, gates, _ = guarded()
    for _ in range(30):
        await fails(guard)
        await guard.write(fine)
        await guard.write(fine)
    assert gates.told == []


async def test_with_no_share_asked_for_only_the_count_matters() -> None:
    settings = GuardSettings(calls_per_second=0, breaker=BreakerSettings(3, 30, 60, failure_share=0.0))
    guard, gates, _ = guarded(settings)
    for _ in range(3):
        for _ in range(50):
            await guard.write(fine)
        await fails(guard)
    assert gates.told == [("opened", "x.no_answer")]


@pytest.mark.parametrize(
    "error",
    [
        Terminal("x.refused", "No."),
        Retryable("x.too_many_requests", "Slower.", postponed=True),
        ValueError("a bug of ours"),
    ],
)
async def test_an_answer_of_any_kind_shows_that_the_dependency_lives(error: Exception) -> None:
    guard, gates, _ = guarded()
    for _ in range(25):
        await fails(guard, error)
    assert gates.told == []


async def test_an_unclear_write_counts_as_a_failure() -> None:
    guard, gates, _ = guarded()
    for _ in range(10):
        await fails(guard, Ambiguous("x.no_answer", "Who knows."))
    assert gates.told == [("opened", "x.no_answer")]


async def opened() -> tuple[Guard, Gates, Clock]:
    guard, gates, clock = guarded()
    for _ in range(10):
        await fails(guard)
    gates.told.clear()
    return guard, gates, clock


async def test_an_open_breaker_says_when_to_come_back_and_calls_nobody() -> None:
    guard, _, clock = await opened()
    clock.now += 20
    called = False

    async def call() -> None:
        nonlocal called
        called = True

    with pytest.raises(Retryable) as refused:
        await guard.write(call)
    assert refused.value.retry_after_seconds == 40
    assert not called


async def test_after_the_reset_exactly_one_call_probes_while_the_others_wait() -> None:
    guard, gates, clock = await opened()
    clock.now += 61
    release = asyncio.Event()
    calls = 0

    async def probe() -> str:
        nonlocal calls
        calls += 1
        await release.wait()
        return "back"

    probing = asyncio.create_task(guard.write(probe))
    await asyncio.sleep(0)
    for _ in range(9):
        with pytest.raises(Retryable):
            await guard.write(probe)
    release.set()
    assert await probing == "back"
    assert calls == 1
    assert gates.told == [("closed", "tiktok")]
    assert await guard.write(fine) == "fine"


async def test_a_failed_probe_opens_the_breaker_for_another_reset() -> None:
    guard, gates, clock = await opened()
    clock.now += 61
    await fails(guard)
    clock.now += 59
    assert await is_open(guard)
    clock.now += 2
    assert not await is_open(guard)
    assert gates.told == [("opened", "x.no_answer"), ("closed", "tiktok")]


async def test_a_cancelled_probe_lets_the_next_call_probe() -> None:
    guard, gates, clock = await opened()
    clock.now += 61
    probing = asyncio.create_task(guard.write(asyncio.Event().wait))
    await asyncio.sleep(0)
    probing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await probing
    assert await guard.write(fine) == "fine"
    assert gates.told == [("closed", "tiktok")]


async def test_a_straggler_from_before_the_outage_neither_closes_nor_prolongs_it() -> None:
    guard, gates, clock = guarded()
    release = asyncio.Event()

    async def straggler() -> str:
        await release.wait()
        return "late"

    late = asyncio.create_task(guard.write(straggler))
    await asyncio.sleep(0)
    for _ in range(10):
        await fails(guard)
    release.set()
    assert await late == "late"
    assert await is_open(guard)
    clock.now += 61
    assert not await is_open(guard)
    assert gates.told == [("opened", "x.no_answer"), ("closed", "tiktok")]


async def test_a_gate_that_cannot_be_told_does_not_hide_what_the_call_said() -> None:
    class Unreachable(Gates):
        async def opened(self, *_: object) -> None:
            raise ConnectionError("no database")

    guard = Guard("tiktok", SPEC, Unreachable(), clock=Clock())
    for _ in range(10):
        await fails(guard)
    assert await is_open(guard)


async def test_a_write_is_tried_once() -> None:
    guard, _, _ = guarded()
    tries = 0

    async def call() -> None:
        nonlocal tries
        tries += 1
        raise BROKEN

    with pytest.raises(Retryable):
        await guard.write(call)
    assert tries == 1


@pytest.mark.parametrize(("error", "expected"), [(BROKEN, 3), (Terminal("x.refused", "No."), 1)])
async def test_a_read_is_repeated_only_while_it_may_work_later(error: OrdersError, expected: int) -> None:
    guard, _, _ = guarded()
    tries = 0

    async def call() -> None:
        nonlocal tries
        tries += 1
        raise error

    with pytest.raises(OrdersError) as failure:
        await guard.read(call)
    assert failure.value is error
    assert tries == expected


async def test_a_read_that_is_asked_to_wait_for_long_is_handed_back_at_once() -> None:
    guard, _, _ = guarded()
    tries = 0

    async def call() -> None:
        nonlocal tries
        tries += 1
        raise Retryable("x.too_many_requests", "Slower.", retry_after_seconds=3600, postponed=True)

    with pytest.raises(Retryable):
        await guard.read(call)
    assert tries == 1


async def test_a_used_up_rate_postpones_with_the_time_until_the_next_call() -> None:
    guard, gates, _ = guarded(GuardSettings(calls_per_second=3))
    for _ in range(3):
        await guard.write(fine, budget="shop A")
    with pytest.raises(Retryable) as refused:
        await guard.write(fine, budget="shop A")
    assert refused.value.code == "tiktok.rate_limited"
    assert refused.value.postponed
    assert refused.value.retry_after_seconds is not None
    assert 0 < refused.value.retry_after_seconds <= 1
    assert await guard.write(fine, budget="shop B") == "fine"
    assert gates.told == []


async def test_a_budget_may_have_a_rate_of_its_own() -> None:
    guard, _, _ = guarded(GuardSettings(calls_per_second=100, budgets={"lists": 1}))
    await guard.write(fine, budget="lists")
    with pytest.raises(Retryable):
        await guard.write(fine, budget="lists")
    assert await guard.write(fine) == "fine"


@given(attempt=st.integers(1, 10_000), at_least=st.none() | st.floats(0, 1000), seed=st.integers())
def test_a_wait_stays_between_what_was_asked_for_and_the_maximum(
    attempt: int, at_least: float | None, seed: int
) -> None:
    wait = RETRIES[Dependency.TIKTOK].delay_seconds(attempt, at_least=at_least, chance=random.Random(seed))
    assert (at_least or 0.0) <= wait <= max(30.0, at_least or 0.0)


def test_the_ceiling_of_the_wait_doubles_until_the_maximum() -> None:
    class Highest(random.Random):
        def uniform(self, a: float, b: float) -> float:
            return b

    waits = [RETRIES[Dependency.TIKTOK].delay_seconds(attempt, chance=Highest()) for attempt in range(1, 8)]
    assert waits == [1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0]

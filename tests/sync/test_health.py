"""How a dependency is doing: counted from its calls, told without asking it anything."""

from __future__ import annotations

import asyncio

import pytest

from engine.errors import Ambiguous, OrdersError, Retryable, Terminal
from engine.ports.outcomes import Done, Failed, NoticeSent, Outcome, Postponed, Unsure
from engine.words import EffectKind
from sync.health import Health
from sync.reports import guard_report, health_report
from sync.resilience import BreakerSettings, Guard, GuardSettings
from sync.watching import watched
from tests.sync.outside import Gates
from tests.sync.recorded_desk import RecordedDesk, claim_of


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def made(threshold: int = 100) -> tuple[Guard, Clock]:
    clock = Clock()
    settings = GuardSettings(calls_per_second=0, breaker=BreakerSettings(failure_threshold=threshold))
    return Guard("carrier", settings, Gates(), clock=clock), clock


async def call(guard: Guard, clock: Clock, seconds: float = 0.1, error: OrdersError | None = None) -> None:
    async def work() -> None:
        clock.now += seconds
        if error is not None:
            raise error

    if error is None:
        await guard.write(work)
    else:
        with pytest.raises(type(error)):
            await guard.write(work)


async def test_calls_failures_and_latency_are_counted() -> None:
    guard, clock = made()
    for _ in range(18):
        await call(guard, clock)
    await call(guard, clock, 2.0)
    await call(guard, clock, 2.0, Retryable("carrier.no_answer", "EasyPost gave no answer."))
    clock.now += 5
    report = guard_report(guard)
    assert (report.calls, report.failures, report.failure_code) == (20, 1, "carrier.no_answer")
    assert report.p95_seconds == pytest.approx(2.0)
    assert (report.failing_for, report.failure_ago, report.success_ago) == (5.0, 5.0, 7.0)
    await call(guard, clock)
    after = guard_report(guard)
    assert after.failing_for is None
    assert (after.failures, after.failure) == (1, "EasyPost gave no answer.")


async def test_a_refusal_shows_that_the_other_side_is_well_and_an_unsure_end_that_it_is_not() -> None:
    guard, clock = made()
    await call(guard, clock, error=Terminal("carrier.bad_address", "The address is wrong."))
    assert guard_report(guard).failures == 0
    await call(guard, clock, error=Ambiguous("carrier.lost", "The answer was lost."))
    assert guard_report(guard).failures == 1


async def test_a_wait_the_other_side_asks_for_is_no_failure() -> None:
    guard, clock = made()
    slow_down = Retryable("tiktok.rate_limited", "Too many.", retry_after_seconds=30.0, postponed=True)
    await call(guard, clock, error=slow_down)
    report = guard_report(guard)
    assert report.failures == 0
    assert report.limited_seconds == pytest.approx(30.0)
    clock.now += 31
    assert guard_report(guard).limited_seconds == 0.0


async def test_a_dependency_that_is_left_alone_says_for_how_long() -> None:
    guard, clock = made(threshold=2)
    broken = Retryable("carrier.no_answer", "EasyPost gave no answer.")
    for _ in range(2):
        await call(guard, clock, error=broken)
    clock.now += 10
    assert guard_report(guard).left_alone_seconds == 50.0
    assert guard_report(guard).calls == 2


async def test_a_cancelled_call_is_neither() -> None:
    guard, _ = made()

    async def hang() -> None:
        await asyncio.sleep(3600)

    task = asyncio.create_task(guard.write(hang))
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    report = guard_report(guard)
    assert (report.calls, report.failures, report.success_ago, report.failing_for) == (1, 0, None, None)


async def test_what_comes_of_notices_is_counted_by_their_outcomes() -> None:
    clock = Clock()
    health = Health(clock)
    outcomes: list[Outcome] = [
        Done(NoticeSent("<1@x>")),
        Failed("notice.refused", "The recipient is unknown."),
        Postponed("notice.away", "The mail server is away.", 5.0),
        Postponed("notice.quiet", "It is night there.", 60.0, burns_attempt=False),
        Unsure("notice.lost", "The answer was lost."),
    ]
    claims = [claim_of(EffectKind.NOTICE) for _ in outcomes]

    async def handler(batch: object, desk: object) -> None:
        for claim, outcome in zip(claims, outcomes, strict=True):
            await desk.settle(claim, outcome)  # type: ignore[attr-defined]

    desk = RecordedDesk()
    await watched(handler, health)(claims, desk)
    report = health_report("notices", health)
    assert (report.calls, report.failures, report.failure_code) == (5, 2, "notice.lost")
    assert report.limited_seconds == 60.0
    assert list(desk.outcomes.values()) == outcomes

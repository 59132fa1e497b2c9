"""The schedule: every tick is due at once, none runs beside itself, and a broken one is told and goes on."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest
import structlog

from sync.schedule import Tick, keep_in_step, make_schedule


@asynccontextmanager
async def ticking(*ticks: Tick) -> AsyncIterator[None]:
    schedule = make_schedule(list(ticks))
    schedule.start()
    try:
        yield
    finally:
        schedule.shutdown(wait=False)
        await asyncio.sleep(0)


async def until(reached: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not reached():
            await asyncio.sleep(0.005)


async def test_every_tick_is_due_at_once_however_seldom_it_comes() -> None:
    seen: list[str] = []

    async def hourly() -> None:
        seen.append("hourly")

    async def daily() -> None:
        seen.append("daily")

    async with ticking(Tick("hourly", 3600, hourly), Tick("daily", 86_400, daily, jitter_seconds=600)):
        await until(lambda: sorted(seen) == ["daily", "hourly"])


async def test_a_tick_comes_again_and_again() -> None:
    seen: list[None] = []

    async def often() -> None:
        seen.append(None)

    async with ticking(Tick("often", 0.02, often)):
        await until(lambda: len(seen) >= 3)


async def test_after_the_clock_was_set_back_a_day_every_tick_is_due_at_once() -> None:
    seen: list[None] = []

    async def often() -> None:
        seen.append(None)

    set_by, stopping = [0.0], asyncio.Event()
    schedule = make_schedule([Tick("often", 0.02, often)])
    schedule.start()
    keeping = asyncio.create_task(
        keep_in_step(schedule, stopping, look_seconds=0.01, wall=lambda: time.time() + set_by[0])
    )
    await until(lambda: len(seen) >= 2)
    schedule.get_jobs()[0].modify(next_run_time=datetime.now(UTC) + timedelta(days=1))
    waiting = len(seen)
    set_by[0] = -86_400.0
    await until(lambda: len(seen) >= waiting + 2)
    stopping.set()
    await keeping
    schedule.shutdown(wait=False)


async def test_a_tick_that_still_runs_is_not_started_a_second_time() -> None:
    at_once = most = started = 0

    async def slow() -> None:
        nonlocal at_once, most, started
        at_once, started = at_once + 1, started + 1
        most = max(most, at_once)
        try:
            await asyncio.sleep(0.1)
        finally:
            at_once -= 1

    async with ticking(Tick("slow", 0.02, slow)):
        await until(lambda: started >= 3)
    await until(lambda: at_once == 0)
    assert most == 1


async def test_a_tick_that_breaks_is_told_by_name_and_comes_again_and_the_others_never_notice() -> None:
    seen: list[str] = []

    async def broken() -> None:
        seen.append("broken")
        raise ValueError("a mistake of ours")

    async def sound() -> None:
        seen.append("sound")

    with structlog.testing.capture_logs() as told:
        async with ticking(Tick("broken", 0.02, broken), Tick("sound", 0.02, sound)):
            await until(lambda: seen.count("broken") >= 2 and seen.count("sound") >= 2)
    events = [event for event in told if event["event"] == "tick_failed"]
    assert {(event["tick"], event["error"]) for event in events} == {("broken", "ValueError")}


async def test_a_tick_without_its_database_is_told_in_a_word() -> None:
    async def away() -> None:
        raise ConnectionRefusedError("the database is away")

    with structlog.testing.capture_logs() as told:
        async with ticking(Tick("away", 0.02, away)):
            await until(lambda: bool(told))
    assert told[0] == {"event": "database_away", "tick": "away", "log_level": "warning"}


async def test_a_tick_that_the_end_cuts_off_is_not_told_as_broken() -> None:
    started = asyncio.Event()

    async def endless() -> None:
        started.set()
        await asyncio.Event().wait()

    with structlog.testing.capture_logs() as told:
        async with ticking(Tick("endless", 60, endless)):
            await started.wait()
        await asyncio.sleep(0.05)
    assert told == []


@pytest.fixture(autouse=True)
def _quiet_library(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL, logger="apscheduler")

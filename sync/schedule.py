"""The schedule: which tick, how often. APScheduler only fires ticks; everything that is due is a row in the database."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog
from apscheduler.events import EVENT_JOB_ERROR, JobExecutionEvent
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from engine.database.loss import is_lost

_SET_SECONDS = 1.0
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Tick:
    """One periodic job. `jitter_seconds` keeps many daemons from ticking together."""

    name: str
    every_seconds: float
    run: Callable[[], Awaitable[object]]
    jitter_seconds: float = 0.0


def make_schedule(ticks: list[Tick]) -> AsyncIOScheduler:
    """A scheduler with these ticks, each due at once; a tick that is still running is not started again."""
    scheduler = AsyncIOScheduler(
        timezone=UTC, job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
    )
    scheduler.add_listener(_report, EVENT_JOB_ERROR)
    for tick in ticks:
        scheduler.add_job(
            tick.run,
            "interval",
            seconds=tick.every_seconds,
            jitter=tick.jitter_seconds or None,
            id=tick.name,
            next_run_time=datetime.now(UTC),
        )
    return scheduler


async def keep_in_step(
    scheduler: AsyncIOScheduler,
    stopping: asyncio.Event,
    *,
    look_seconds: float = 0.5,
    wall: Callable[[], float] | None = None,
) -> None:
    """Let every tick be due at once when this machine's clock was set.

    The scheduler's times are times of day: after a clock that was set back it would wait for them, and the heart stand still.
    """
    wall = wall or time.time
    ahead = wall() - time.monotonic()
    while not stopping.is_set():
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stopping.wait(), look_seconds)
        seen = wall() - time.monotonic()
        if abs(seen - ahead) > _SET_SECONDS:
            _log.warning("clock_set", seconds=round(seen - ahead))
            for job in scheduler.get_jobs():
                job.modify(next_run_time=datetime.now(UTC))
        ahead = seen


def _report(event: JobExecutionEvent) -> None:
    if isinstance(event.exception, asyncio.CancelledError):
        return  # cut off by the end of the daemon, which is no failure
    if is_lost(event.exception):
        _log.warning("database_away", tick=event.job_id)
        return
    _log.error("tick_failed", tick=event.job_id, error=type(event.exception).__name__, exc_info=event.exception)

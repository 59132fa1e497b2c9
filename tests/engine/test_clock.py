"""The database's time between two looks at it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from engine.clock import DatabaseClock

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def test_it_goes_on_with_the_monotonic_clock_whatever_the_machine_says_of_the_day() -> None:
    ticks = [100.0]
    clock = DatabaseClock(monotonic=lambda: ticks[0], wall=lambda: 86_400.0)
    assert clock.seconds() == 86_400.0
    clock.learn(NOON)
    ticks[0] += 90.0
    assert clock.now() == NOON + timedelta(seconds=90)
    assert clock.seconds() == NOON.timestamp() + 90.0
    clock.learn(NOON + timedelta(seconds=89))
    assert clock.now() == NOON + timedelta(seconds=89)

"""When it is quiet for a person, in the person's own zone, also on the nights when the clocks change."""

from __future__ import annotations

from datetime import UTC, datetime, time

import pytest

from engine.errors import Refused
from engine.notices.quiet_hours import QuietHours

NIGHT = QuietHours(time(22), time(7), "Europe/Berlin")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "over"),
    [
        ("2026-03-02 20:59", None),
        ("2026-03-02 21:00", "2026-03-03 06:00"),
        ("2026-03-03 05:59", "2026-03-03 06:00"),
        ("2026-03-03 06:00", None),
        ("2026-03-28 22:00", "2026-03-29 05:00"),
        ("2026-10-24 21:00", "2026-10-25 06:00"),
    ],
)
def test_a_night_begins_and_ends_by_the_persons_clock(now: str, over: str | None) -> None:
    assert NIGHT.over_at(at(now)) == (at(over) if over else None)


def test_hours_of_one_day_do_not_reach_into_the_next() -> None:
    lunch = QuietHours(time(12), time(13, 30), "America/Los_Angeles")
    assert lunch.over_at(at("2026-03-02 20:00")) == at("2026-03-02 21:30")
    assert lunch.over_at(at("2026-03-02 21:30")) is None
    assert lunch.over_at(at("2026-03-02 19:59")) is None


def test_what_is_stored_comes_back() -> None:
    assert QuietHours.read(NIGHT.document()) == NIGHT


@pytest.mark.parametrize(
    ("begin", "end", "zone", "code"),
    [
        (time(22), time(7), "Europe/Atlantis", "notices.unknown_zone"),
        (time(22), time(7), "", "notices.unknown_zone"),
        (time(7), time(7), "UTC", "notices.quiet_for_ever"),
    ],
)
def test_hours_that_cannot_be_are_refused(begin: time, end: time, zone: str, code: str) -> None:
    with pytest.raises(Refused) as refused:
        QuietHours(begin, end, zone)
    assert refused.value.code == code

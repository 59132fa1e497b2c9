"""The internal target: the last cut-off of a working day before the channel's ship-by, in the location's own zone."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.orders.deadlines import Calendar, target_ship_by

WEEK = frozenset({1, 2, 3, 4, 5})
SEATTLE = ZoneInfo("America/Los_Angeles")
BERLIN = ZoneInfo("Europe/Berlin")


def calendar(
    cut_off: str = "15:00", days: frozenset[int] = WEEK, holidays: tuple[str, ...] = (), zone: ZoneInfo = BERLIN
) -> Calendar:
    return Calendar(time.fromisoformat(cut_off), days, frozenset(map(date.fromisoformat, holidays)), zone)


def local(text: str, zone: ZoneInfo = BERLIN) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone)


@pytest.mark.parametrize(
    ("ship_by", "house", "target"),
    [
        pytest.param("2026-03-04 23:59", calendar(), "2026-03-04 15:00", id="the same day's cut-off"),
        pytest.param("2026-03-04 15:00", calendar(), "2026-03-04 15:00", id="the cut-off itself"),
        pytest.param("2026-03-04 14:59", calendar(), "2026-03-03 15:00", id="a minute too early for today's"),
        pytest.param("2026-03-08 12:00", calendar(), "2026-03-06 15:00", id="a Sunday goes back to Friday"),
        pytest.param("2026-03-09 09:00", calendar(), "2026-03-06 15:00", id="Monday morning goes back to Friday"),
        pytest.param(
            "2026-12-28 09:00",
            calendar(holidays=("2026-12-24", "2026-12-25")),
            "2026-12-23 15:00",
            id="holidays and a weekend in a row",
        ),
        pytest.param(
            "2026-03-08 12:00", calendar(days=frozenset({6, 7})), "2026-03-07 15:00", id="a house that works weekends"
        ),
        # Germany put its clocks forward at 02:00 on 29 March 2026 and back at 03:00 on 25 October.
        pytest.param("2026-03-30 15:00", calendar(), "2026-03-30 15:00", id="after the clocks went forward"),
        pytest.param("2026-10-26 14:00", calendar(), "2026-10-23 15:00", id="across the clocks going back"),
    ],
)
def test_a_target_is_the_last_cut_off_of_a_working_day(ship_by: str, house: Calendar, target: str) -> None:
    assert target_ship_by(local(ship_by), house) == local(target)


def test_a_cut_off_in_the_skipped_hour_and_in_the_repeated_hour_is_an_instant() -> None:
    every_day = calendar("02:30", frozenset(range(1, 8)))
    skipped = target_ship_by(datetime(2026, 3, 29, 12, tzinfo=UTC), every_day)
    assert skipped == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
    repeated = target_ship_by(datetime(2026, 10, 25, 12, tzinfo=UTC), every_day)
    assert repeated == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


def test_the_zone_is_the_location_s_own() -> None:
    ship_by = datetime(2026, 3, 5, 1, 0, tzinfo=UTC)  # still Wednesday afternoon in Seattle, Thursday night in Berlin
    assert target_ship_by(ship_by, calendar(zone=SEATTLE)) == local("2026-03-04 15:00", SEATTLE)
    assert target_ship_by(ship_by, calendar()) == local("2026-03-04 15:00")


def test_without_a_calendar_or_a_ship_by_nothing_moves() -> None:
    ship_by = datetime(2026, 3, 8, 12, tzinfo=UTC)
    assert target_ship_by(ship_by, None) == ship_by
    assert target_ship_by(None, calendar()) is None
    assert Calendar.read({}, "Europe/Berlin") is None
    closed_all_year = calendar(days=frozenset())
    assert target_ship_by(ship_by, closed_all_year) == ship_by


def test_a_calendar_is_stored_and_read_back() -> None:
    house = calendar("14:30", holidays=("2026-12-25", "2026-01-01"), zone=SEATTLE)
    stored = {"cut_off": "14:30", "working_days": [1, 2, 3, 4, 5], "holidays": ["2026-01-01", "2026-12-25"]}
    assert house.document() == stored
    assert Calendar.read(stored, "America/Los_Angeles") == house


FIVE_YEARS_MINUTES = 5 * 365 * 24 * 60


@given(
    minutes=st.integers(0, FIVE_YEARS_MINUTES),
    cut_off=st.times(),
    days=st.frozensets(st.integers(1, 7), min_size=1),
    zone=st.sampled_from([BERLIN, SEATTLE, ZoneInfo("Australia/Lord_Howe"), ZoneInfo("Asia/Kathmandu")]),
)
def test_a_target_is_never_later_and_always_on_a_working_day(
    minutes: int, cut_off: time, days: frozenset[int], zone: ZoneInfo
) -> None:
    ship_by = datetime(2025, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    house = Calendar(cut_off.replace(tzinfo=None), days, frozenset(), zone)
    target = target_ship_by(ship_by, house)
    assert target is not None
    assert target <= ship_by
    assert (ship_by - target).days <= 7
    assert house.works_on(target.astimezone(zone).date())

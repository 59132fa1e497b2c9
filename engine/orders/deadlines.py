"""The house's own deadline: the channel's ship-by moved to the last cut-off of a working day before it. Earlier, never later."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

_LONGEST_REST_DAYS = 60
"""A house that rests longer has no cut-off that would help: its calendar moves nothing."""


@dataclass(frozen=True, slots=True)
class Calendar:
    """When a location hands parcels over, in its own zone."""

    cut_off: time
    working_days: frozenset[int]
    """ISO weekdays: Monday is 1."""
    holidays: frozenset[date]
    zone: ZoneInfo

    @classmethod
    def read(cls, stored: Mapping[str, Any], zone: str) -> Calendar | None:
        """From the stored document; None where a location has no calendar."""
        if not stored:
            return None
        return cls(
            time.fromisoformat(stored["cut_off"]),
            frozenset(stored["working_days"]),
            frozenset(date.fromisoformat(day) for day in stored.get("holidays", ())),
            ZoneInfo(zone),
        )

    def document(self) -> dict[str, Any]:
        """What is stored; the zone is a column of its own."""
        return {
            "cut_off": self.cut_off.isoformat("minutes"),
            "working_days": sorted(self.working_days),
            "holidays": [day.isoformat() for day in sorted(self.holidays)],
        }

    def works_on(self, day: date) -> bool:
        return day.isoweekday() in self.working_days and day not in self.holidays


def target_ship_by(ship_by: datetime | None, calendar: Calendar | None) -> datetime | None:
    """The last cut-off of a working day that is not after `ship_by`; `ship_by` itself where no calendar says otherwise."""
    if ship_by is None or calendar is None:
        return ship_by
    day = ship_by.astimezone(calendar.zone).date()
    for _ in range(_LONGEST_REST_DAYS):
        # A cut-off in the hour that a clock change skips or repeats is compared as the instant it is.
        cut_off = datetime.combine(day, calendar.cut_off, calendar.zone).astimezone(UTC)
        if calendar.works_on(day) and cut_off <= ship_by:
            return cut_off
        day -= timedelta(days=1)
    return ship_by

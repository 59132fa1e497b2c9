"""When a person is not to be disturbed, in the person's own zone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from engine.errors import Refused


@dataclass(frozen=True, slots=True)
class QuietHours:
    """Every day from `begin` until `end`, which may lie past midnight. Raises Refused for a zone that there is not."""

    begin: time
    end: time
    zone: str

    def __post_init__(self) -> None:
        try:
            ZoneInfo(self.zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise Refused(
                "notices.unknown_zone", f"There is no time zone {self.zone!r}; write one like Europe/Berlin."
            ) from None
        if self.begin == self.end:
            raise Refused("notices.quiet_for_ever", "Quiet hours that begin when they end never end; give two times.")

    def over_at(self, now: datetime) -> datetime | None:
        """When the quiet hours end that hold now; None when it is not quiet."""
        zone = ZoneInfo(self.zone)
        local = now.astimezone(zone)
        for days in (-1, 0):  # last night's may still last
            day = local.date() + timedelta(days=days)
            begin = datetime.combine(day, self.begin, zone)
            end = datetime.combine(day + timedelta(days=self.end < self.begin), self.end, zone)
            # Across zones and clock changes only UTC compares rightly.
            if begin.astimezone(UTC) <= now < end.astimezone(UTC):
                return end.astimezone(UTC)
        return None

    def document(self) -> dict[str, str]:
        """As `notice_preferences.quiet_hours` keeps it."""
        return {"begin": f"{self.begin:%H:%M}", "end": f"{self.end:%H:%M}", "zone": self.zone}

    @classmethod
    def read(cls, stored: Mapping[str, Any]) -> QuietHours:
        """From what is stored."""
        return cls(
            time.fromisoformat(str(stored["begin"])), time.fromisoformat(str(stored["end"])), str(stored["zone"])
        )

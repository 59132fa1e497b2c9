"""The weather of the world, set behind the services' backs: its clock, outages, rate limits; all of it journalled."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from sync.simulator.journal import Entry

SERVICES = ("tiktok", "easypost", "inventory")
HOUR_SECONDS = 3600.0


class Outage(StrEnum):
    """How a service is down: the connection is cut, nothing is ever answered, or a gateway answers for it."""

    REFUSE = "refuse"
    HANG = "hang"
    GATEWAY = "502"


class RetryAfter(StrEnum):
    """How a throttled caller is told when to come back."""

    SECONDS = "seconds"
    DATE = "date"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Limits:
    """How much may be asked for; 0 is no limit. TikTok counts by app, shop and API, and a test shop's hour by shop."""

    tiktok_per_second: float = 0.0
    tiktok_per_hour: float = 0.0
    easypost_lists_per_second: float = 0.0
    retry_after: str = RetryAfter.SECONDS
    retry_after_seconds: float = 1.0


NO_LIMITS = Limits()


class Excess(StrEnum):
    """Which limit a call goes beyond."""

    SECOND = "second"
    HOUR = "hour"


@dataclass(slots=True)
class _Window:
    started_at: float = 0.0
    calls: int = 0

    def takes(self, now: float, length: float, limit: float) -> bool:
        if not self.started_at <= now < self.started_at + length:
            self.started_at, self.calls = now, 0
        self.calls += 1
        return self.calls <= limit


@dataclass(slots=True)
class Conditions:
    """What holds now; `ahead_seconds` is how far the world's clock was put forward, `skew_seconds` how fast TikTok's runs."""

    ahead_seconds: float = 0.0
    skew_seconds: float = 0.0
    limits: Limits = NO_LIMITS
    monotonic: Callable[[], float] = time.monotonic
    _outages: dict[str, tuple[float, Outage]] = field(default_factory=dict)
    _windows: dict[tuple[str, ...], _Window] = field(default_factory=dict)

    def outage(self, service: str, now: float) -> Outage | None:
        """Return how a service is down at that time of the world, None when it is not."""
        until, how = self._outages.get(service, (0.0, Outage.REFUSE))
        return how if now < until else None

    def out_until(self, now: float) -> dict[str, float]:
        """Return until when each service that is down stays so."""
        return {service: until for service, (until, _) in self._outages.items() if now < until}

    def tiktok_time(self) -> float:
        """Return unix seconds by TikTok's own clock, which signatures are compared with."""
        return time.time() + self.skew_seconds

    def excess(self, operation: str, caller: tuple[str, str], now: float) -> Excess | None:
        """Count a call of (app, shop) and return the limit it goes beyond, if any."""
        limits = self.limits
        if operation.startswith("tiktok."):
            if limits.tiktok_per_second and not self._takes((*caller, operation), limits.tiktok_per_second):
                return Excess.SECOND
            if limits.tiktok_per_hour and not self._takes_hourly(caller, now):
                return Excess.HOUR
        elif limits.easypost_lists_per_second and operation.startswith("easypost.") and operation.endswith(".list"):
            return None if self._takes((operation,), limits.easypost_lists_per_second) else Excess.SECOND
        return None

    def apply_advanced(self, entry: Entry) -> None:
        """Put the world's clock forward."""
        self.ahead_seconds += entry["seconds"]

    def apply_skew(self, entry: Entry) -> None:
        """Let TikTok's own clock be off."""
        self.skew_seconds = entry["seconds"]

    def apply_outage(self, entry: Entry) -> None:
        """Take a service down for a time; 0 seconds end it."""
        self._outages[entry["service"]] = (entry["at"] + entry["seconds"], Outage(entry["how"]))

    def apply_limits(self, entry: Entry) -> None:
        """Put other limits in force."""
        limits = Limits(**entry["limits"])
        self.limits = limits if limits != NO_LIMITS else NO_LIMITS
        self._windows.clear()

    def as_json(self) -> dict[str, Any]:
        """Return the conditions as plain JSON values."""
        return {
            "ahead_seconds": self.ahead_seconds,
            "skew_seconds": self.skew_seconds,
            "outages": {service: [until, how.value] for service, (until, how) in self._outages.items()},
        }

    def _takes(self, key: tuple[str, ...], limit: float) -> bool:
        return self._windows.setdefault(key, _Window()).takes(self.monotonic(), 1.0, limit)

    def _takes_hourly(self, caller: tuple[str, str], now: float) -> bool:
        window = self._windows.setdefault((*caller, "hour"), _Window())
        return window.takes(now, HOUR_SECONDS, self.limits.tiktok_per_hour)

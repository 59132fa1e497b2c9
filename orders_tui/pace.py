"""How often something that is asked several times a second is really read."""

from __future__ import annotations

from datetime import datetime, timedelta


class Pace:
    """Due at once, then again when so long has gone by since the last time."""

    def __init__(self, seconds: float) -> None:
        self._rest = timedelta(seconds=seconds)
        self._next: datetime | None = None

    def due(self, now: datetime) -> bool:
        """Whether it is time; saying yes begins the next wait."""
        if self._next is not None and now < self._next:
            return False
        self._next = now + self._rest
        return True

    def hurry(self) -> None:
        """The next time is now."""
        self._next = None

"""When the console looks at the database again: soon after a hint, now and then without one, and never more often than the line bears."""

from __future__ import annotations

import time
from collections.abc import Callable

LOOK_ANYWAY_SECONDS = 2.0
"""Deadlines come nearer and daemons die without a hint, and a hint may be lost."""

SETTLE_SECONDS = 0.04
"""What came in is told first and what was made of it a moment later: one look is for both."""


class Looking:
    """Asked by a timer and by every hint. While hints cannot be heard it is time at every turn of the timer."""

    def __init__(self, every_seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.hearing = False
        """Whether hints are heard; else changes are looked for."""
        self._every = every_seconds
        self._clock = clock
        self._hinted_at: float | None = clock() - SETTLE_SECONDS
        self._looked_at = clock() - every_seconds

    def hint(self) -> None:
        """Something may look different now."""
        if self._hinted_at is None:
            self._hinted_at = self._clock()

    def looks(self) -> None:
        """It is being looked now."""
        self._hinted_at = None
        self._looked_at = self._clock()

    def wait_seconds(self) -> float:
        """How long it is until the next look; nothing when it is time."""
        due = self._looked_at + self._every
        if self.hearing:
            hinted = self._hinted_at
            due = self._looked_at + LOOK_ANYWAY_SECONDS if hinted is None else max(due, hinted + SETTLE_SECONDS)
        return max(0.0, due - self._clock())

"""When the console looks at the database again: soon after a hint, now and then without one, and never more often than the line bears."""

from __future__ import annotations

import time
from collections.abc import Callable

LOOK_ANYWAY_SECONDS = 2.0
"""Deadlines come nearer and daemons die without a hint, and a hint may be lost."""

SETTLE_SECONDS = 0.04
"""What came in is told first and what was made of it a moment later: one look is for both."""


SHARE = 8
"""A look is followed by so many times its own length without one, within `every_seconds`: what costs little may come soon again."""

SOONEST_SECONDS = 0.1


class Looking:
    """Asked by a timer and by every hint. While hints cannot be heard it is time at every turn of the timer.

    `soonest_seconds` lie between two looks that cost nearly nothing, `every_seconds` between two that take long, as they do while
    the engine is busy.
    """

    def __init__(
        self,
        every_seconds: float,
        clock: Callable[[], float] = time.monotonic,
        *,
        soonest_seconds: float = SOONEST_SECONDS,
    ) -> None:
        self.hearing = False
        """Whether hints are heard; else changes are looked for."""
        self._every = every_seconds
        self._soonest = min(soonest_seconds, every_seconds)
        self._rest = every_seconds
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
        self._rest = self._every

    def looked(self) -> None:
        """The look is over."""
        took = self._clock() - self._looked_at
        self._rest = min(max(SHARE * took, self._soonest), self._every)

    def wait_seconds(self) -> float:
        """How long it is until the next look; nothing when it is time."""
        due = self._looked_at + self._every
        if self.hearing:
            hinted, rested = self._hinted_at, self._looked_at + self._rest
            due = self._looked_at + LOOK_ANYWAY_SECONDS if hinted is None else max(rested, hinted + SETTLE_SECONDS)
        return max(0.0, due - self._clock())

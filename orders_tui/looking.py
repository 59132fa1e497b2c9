"""When the console looks at the database again: soon after a hint, now and then without one, and never more often than the line bears."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

LOOK_ANYWAY_SECONDS = 2.0
"""Deadlines come nearer and daemons die without a hint, and a hint may be lost."""


class Looking:
    """Asked by a timer and by every hint. While hints cannot be heard it is time at every turn of the timer."""

    def __init__(self, every_seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.hearing = False
        """Whether hints are heard; else changes are looked for."""
        self._every = every_seconds
        self._clock = clock
        self._hinted = True
        # A hint that something came is soon followed by one that it was worked: both are looked at at once, but never more in a second
        # than one look every so often would be.
        self._looked_at: deque[float] = deque([clock() - 1.0], maxlen=max(1, round(1.0 / every_seconds)))

    def hint(self) -> None:
        """Something may look different now."""
        self._hinted = True

    def looks(self) -> None:
        """It is being looked now."""
        self._hinted = False
        self._looked_at.append(self._clock())

    def wait_seconds(self) -> float:
        """How long it is until the next look; nothing when it is time."""
        now, last = self._clock(), self._looked_at[-1]
        if not self.hearing:
            return max(0.0, last + self._every - now)
        if not self._hinted:
            return max(0.0, last + LOOK_ANYWAY_SECONDS - now)
        full = self._looked_at[0] + 1.0 if len(self._looked_at) == self._looked_at.maxlen else last
        return max(0.0, full - now, last + self._every / 4 - now)

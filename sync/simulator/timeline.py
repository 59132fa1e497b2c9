"""What happens by the clock alone: planned ahead, done lazily when somebody looks."""

from collections.abc import Callable
from heapq import heappop, heappush
from itertools import count

Change = Callable[[float], None]


class Timeline:
    """Changes due at a time, done in order of time when the clock is read; no task waits for any of them."""

    def __init__(self) -> None:
        self._due: list[tuple[float, int, Change]] = []
        self._tie = count()

    def plan(self, at: float, change: Change) -> None:
        """Do `change(at)` once the clock, unix seconds, has reached `at`."""
        heappush(self._due, (at, next(self._tie), change))

    def advance(self, now: float) -> None:
        """Do everything due by `now`, oldest first, each told the time it was due."""
        due = self._due
        while due and due[0][0] <= now:
            at, _, change = heappop(due)
            change(at)

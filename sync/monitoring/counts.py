"""Counters and histograms of one process: numbers in dictionaries, read when somebody scrapes.

One loop writes them, so there is no lock: a count costs a fraction of a microsecond, for it stands where orders are worked. Labels come
from closed sets (a kind, an outcome, a route's pattern), never from what somebody sent.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

Labels = tuple[str, ...]

CALL_SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
"""Where the buckets of a request or a call end."""
WORK_SECONDS: Final = (0.1, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 900.0, 3600.0)
"""Of what may wait for others: an effect from when it was meant, a webhook from when it was sent."""


@dataclass(frozen=True, slots=True)
class Counter:
    """A number for each set of labels, that only rises."""

    name: str
    says: str
    labels: Labels
    values: dict[Labels, int] = field(default_factory=dict)

    def begin(self, sets: Iterable[Labels]) -> None:
        """Let these stand at 0 from the start, so that the first one is seen as a rise."""
        for labels in sets:
            self.values.setdefault(labels, 0)

    def add(self, *labels: str, number: int = 1) -> None:
        """So many more."""
        self.values[labels] = self.values.get(labels, 0) + number

    def total(self, *first: str) -> int:
        """The sum over all sets of labels that begin so."""
        return sum(value for labels, value in self.values.items() if labels[: len(first)] == first)


@dataclass(slots=True)
class Spread:
    """How often each span of time was met; the last bucket has no end."""

    buckets: list[int]
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Histogram:
    """Times, for each set of labels."""

    name: str
    says: str
    labels: Labels
    bounds: Sequence[float]
    values: dict[Labels, Spread] = field(default_factory=dict)

    def observe(self, seconds: float, *labels: str) -> None:
        """One more, of so long; what a clock that was set makes negative counts as nothing."""
        spread = self.values.get(labels)
        if spread is None:
            spread = self.values[labels] = Spread([0] * (len(self.bounds) + 1))
        spread.buckets[bisect_left(self.bounds, seconds)] += 1
        spread.seconds += max(seconds, 0.0)

"""How one dependency is doing, counted as its calls are made. Nothing here waits or writes: a round reads it every few seconds."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Literal

Told = Callable[[Literal["ok", "failed", "limited"], float], None]
"""How a call ended, and after how many seconds."""

_LATEST = 256
"""So many of the latest calls are what latency is told from."""


class Health:
    """The numbers of one process and dependency; moments are the given clock's."""

    __slots__ = (
        "_clock",
        "_latencies",
        "_tell",
        "calls",
        "failing_since",
        "failure_code",
        "failure_sentence",
        "failures",
        "last_failure",
        "last_success",
        "limited_until",
    )

    def __init__(self, clock: Callable[[], float], tell: Told = lambda _outcome, _seconds: None) -> None:
        self._clock = clock
        self._tell = tell
        self._latencies: deque[float] = deque(maxlen=_LATEST)
        self.calls = 0
        self.failures = 0
        self.last_success: float | None = None
        self.last_failure: float | None = None
        self.failing_since: float | None = None
        """When the first of the failures came that no success has followed."""
        self.failure_code = ""
        self.failure_sentence = ""
        self.limited_until: float | None = None

    def begin(self) -> float:
        """A call is made. Answers when, for how it ends."""
        self.calls += 1
        return self._clock()

    def succeeded(self, began: float) -> None:
        """The other side answered, whatever it said of the thing that was asked."""
        self._tell("ok", self._answered(began))

    def failed(self, began: float, code: str, sentence: str) -> None:
        """The other side did not do what it is there for."""
        self.last_failure = now = self._clock()
        self.failures += 1
        self.failing_since = self.failing_since or now
        self.failure_code, self.failure_sentence = code, sentence
        self._latencies.append(now - began)
        self._tell("failed", now - began)

    def limited(self, began: float, seconds: float) -> None:
        """The other side is well and asks us to wait."""
        self._tell("limited", self._answered(began))
        self.held_back(seconds)

    def _answered(self, began: float) -> float:
        self.last_success = now = self._clock()
        self.failing_since = None
        self._latencies.append(now - began)
        return now - began

    def held_back(self, seconds: float) -> None:
        """A call was not made: the rate is used up for so long."""
        self.limited_until = max(self.limited_until or 0.0, self._clock() + seconds)

    def p95_seconds(self) -> float | None:
        """The time that 95 of 100 of the latest calls stayed under; None before the first."""
        if not self._latencies:
            return None
        ordered = sorted(self._latencies)
        return ordered[min(len(ordered) * 95 // 100, len(ordered) - 1)]

    def ago(self, moment: float | None) -> float | None:
        """How many seconds ago that was."""
        return None if moment is None else max(self._clock() - moment, 0.0)

    def limited_seconds(self) -> float:
        """For how many seconds more the rate is used up."""
        return 0.0 if self.limited_until is None else max(self.limited_until - self._clock(), 0.0)

"""How often a thing is tried and how far apart the tries are: the specification's `retry_config`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

LONGEST_DELAY_SECONDS = 3600.0
"""No wait between two tries grows beyond this, however often it is doubled."""


class Backoff(StrEnum):
    """How the wait grows from try to try."""

    LINEAR = "linear"
    EXPONENTIAL = "exponential"


@dataclass(frozen=True, slots=True)
class Retry:
    """`base_delay_seconds` is the wait after the first try; linear adds as much each time, exponential doubles it."""

    max_attempts: int
    backoff_strategy: Backoff
    base_delay_seconds: float

    def ceiling_seconds(self, attempt: int) -> float:
        """The longest wait after try number `attempt` (from 1)."""
        growth = float(attempt) if self.backoff_strategy is Backoff.LINEAR else 2.0 ** min(attempt - 1, 30)
        return min(LONGEST_DELAY_SECONDS, self.base_delay_seconds * growth)

    def document(self) -> dict[str, Any]:
        """As it is stored, in the specification's words."""
        return {
            "max_attempts": self.max_attempts,
            "backoff_strategy": self.backoff_strategy.value,
            "base_delay": self.base_delay_seconds,
        }

    @classmethod
    def read(cls, stored: Mapping[str, Any] | None) -> Retry | None:
        """From what is stored; None where nothing is."""
        if stored is None:
            return None
        return cls(stored["max_attempts"], Backoff(stored["backoff_strategy"]), float(stored["base_delay"]))

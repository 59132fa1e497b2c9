"""What the ledger must know of each kind of effect: whom it talks to, how long a claim is trusted, how often it is tried.

The specification's retry tables are the defaults: workflowActions for carriers and notices, tiktokAPI for TikTok,
inventoryOperations for an inventory service. Its `maxAttempts` are
tries of one call. A label takes two that cost something, the shipment and its purchase; so an effect that reaches its checkpoint has its
tries anew (`ledger.checkpoint`), rather than twice as many from the start.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from engine.words import Backoff, Dependency, EffectKind


@dataclass(frozen=True, slots=True)
class Retries:
    """How often a thing is tried, and the longest wait after each try: base · multiplier^(try-1), or base · try; never above the most."""

    max_attempts: int
    base_delay_seconds: float
    max_delay_seconds: float
    multiplier: float
    linear: bool = False

    def ceiling_seconds(self, attempt: int) -> float:
        """The longest wait after try number `attempt` (from 1); the wait itself is drawn below it."""
        # The exponent is capped so that what has waited for weeks does not overflow a float.
        growth = attempt if self.linear else self.multiplier ** min(attempt - 1, 64)
        return min(self.max_delay_seconds, self.base_delay_seconds * growth)

    def delay_seconds(
        self, attempt: int, *, at_least: float | None = None, chance: random.Random | None = None
    ) -> float:
        """The wait after try number `attempt`, full jitter; `at_least` is the other side's Retry-After."""
        return max((chance or random).uniform(0.0, self.ceiling_seconds(attempt)), at_least or 0.0)

    def document(self) -> dict[str, Any]:
        """As an action's `retry_config` is stored, in the specification's words; delays in seconds."""
        return {
            "max_attempts": self.max_attempts,
            "backoff_strategy": Backoff.LINEAR if self.linear else Backoff.EXPONENTIAL,
            "base_delay": self.base_delay_seconds,
            "max_delay": self.max_delay_seconds,
        }

    @classmethod
    def read(cls, retry: Mapping[str, Any]) -> Retries:
        """From an action's `retry_config`."""
        return cls(
            max_attempts=int(retry["max_attempts"]),
            base_delay_seconds=float(retry["base_delay"]),
            max_delay_seconds=float(retry.get("max_delay", _LONGEST_OWN_DELAY_SECONDS)),
            multiplier=2.0,
            linear=retry["backoff_strategy"] == Backoff.LINEAR,
        )


@dataclass(frozen=True, slots=True)
class Budget:
    """How long a claim is trusted, and how its tries are counted and spaced."""

    lease_seconds: float
    retries: Retries

    @property
    def max_attempts(self) -> int:
        return self.retries.max_attempts

    def with_own(self, retry: Mapping[str, Any] | None) -> Budget:
        """This budget with the `retry_config` of the action that meant the effect, where it has one."""
        return replace(self, retries=Retries.read(retry)) if retry else self


Budgets = Mapping[EffectKind, Budget]

_LONGEST_OWN_DELAY_SECONDS = 3600.0

DIGEST_SECONDS: Final = 60
"""Notices that would come in bursts are gathered for this long and sent as one."""

DEPENDENCY_OF: Final = {
    EffectKind.BUY_LABEL: Dependency.CARRIER,
    EffectKind.VOID_LABEL: Dependency.CARRIER,
    EffectKind.SHIP_PACKAGE: Dependency.TIKTOK,
    EffectKind.UPDATE_TRACKING: Dependency.TIKTOK,
    EffectKind.CANCEL_ORDER: Dependency.TIKTOK,
    EffectKind.ANSWER_CANCELLATION: Dependency.TIKTOK,
    EffectKind.ANSWER_RETURN: Dependency.TIKTOK,
    EffectKind.SPLIT_ORDER: Dependency.TIKTOK,
    EffectKind.COMBINE_PACKAGES: Dependency.TIKTOK,
    EffectKind.UNCOMBINE_PACKAGE: Dependency.TIKTOK,
    EffectKind.RESERVE_STOCK: Dependency.INVENTORY,
    EffectKind.RELEASE_STOCK: Dependency.INVENTORY,
    EffectKind.ADJUST_STOCK: Dependency.INVENTORY,
    EffectKind.NOTICE: Dependency.NOTICES,
}

_LEASE_SECONDS: Final = {
    Dependency.CARRIER: 120.0,
    Dependency.TIKTOK: 60.0,
    Dependency.INVENTORY: 60.0,
    Dependency.NOTICES: 60.0,
}

RETRIES: Final = {
    Dependency.TIKTOK: Retries(5, 1.0, 30.0, 2.0),
    Dependency.CARRIER: Retries(3, 2.0, 60.0, 1.5),
    Dependency.INVENTORY: Retries(2, 0.5, 5.0, 2.0),
    Dependency.NOTICES: Retries(3, 2.0, 60.0, 1.5),
}


def budgets_of(retries: Mapping[Dependency, Retries]) -> Budgets:
    """The budget of every kind; dependencies that are not named keep the specification's."""
    known = RETRIES | dict(retries)
    return {kind: Budget(_LEASE_SECONDS[whom], known[whom]) for kind, whom in DEPENDENCY_OF.items()}


BUDGETS: Final = budgets_of({})
"""The budgets where nothing else is configured."""

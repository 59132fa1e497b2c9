"""What the ledger must know of each kind of effect."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from engine.words import Dependency, EffectKind


@dataclass(frozen=True, slots=True)
class Budget:
    """How long a claim is trusted, and how failures are spaced: delay = base · multiplier^(attempt-1), capped, full jitter."""

    lease_seconds: float
    max_attempts: int
    base_delay_seconds: float
    max_delay_seconds: float
    multiplier: float


DIGEST_SECONDS: Final = 60
"""Notices that would come in bursts are gathered for this long and sent as one."""

DEPENDENCY_OF: Final = {
    EffectKind.BUY_LABEL: Dependency.CARRIER,
    EffectKind.VOID_LABEL: Dependency.CARRIER,
    EffectKind.SHIP_PACKAGE: Dependency.TIKTOK,
    EffectKind.UPDATE_TRACKING: Dependency.TIKTOK,
    EffectKind.CANCEL_ORDER: Dependency.TIKTOK,
    EffectKind.NOTICE: Dependency.NOTICES,
}

# The specification's tables: workflowActions for carriers and notices, tiktokAPI for TikTok.
BUDGETS: Final = {
    EffectKind.BUY_LABEL: Budget(120, 6, 2.0, 60.0, 1.5),
    EffectKind.VOID_LABEL: Budget(120, 6, 2.0, 60.0, 1.5),
    EffectKind.SHIP_PACKAGE: Budget(60, 8, 1.0, 30.0, 2.0),
    EffectKind.UPDATE_TRACKING: Budget(60, 8, 1.0, 30.0, 2.0),
    EffectKind.CANCEL_ORDER: Budget(60, 8, 1.0, 30.0, 2.0),
    EffectKind.NOTICE: Budget(60, 6, 2.0, 60.0, 1.5),
}

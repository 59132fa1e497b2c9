"""Which notices are urgent and which gather before they leave."""

from __future__ import annotations

from typing import Final

from engine.words import Audience

URGENT: Final = frozenset({"alert", "alert_critical", "grant_revoked", "grant_ending", "oversold"})
"""These pass quiet hours, and wait for no others."""

_GATHERED_ALREADY: Final = frozenset({"pick_list", "failure", "low_stock"})
"""What the engine itself gathers by the minute."""

GATHERING_SECONDS: Final = 60.0
"""A staff notice waits so long for others of its kind to the same target, and all leave as one message."""


def gathering_seconds(template: str, audience: str) -> float:
    """How long a notice waits for others like it; a customer's never does."""
    if audience == Audience.CUSTOMER or template in URGENT or template in _GATHERED_ALREADY:
        return 0.0
    return GATHERING_SECONDS

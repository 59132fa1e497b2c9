"""How long things are kept unless somebody says otherwise."""

from __future__ import annotations

from dataclasses import dataclass

FOR_EVER = 0
"""As a number of days: nothing is forgotten."""

KEY_GRACE_SECONDS = 3600.0
"""So long after it was retired a data key is deleted at the earliest."""


@dataclass(frozen=True, slots=True)
class Policy:
    """Days after which a closed order's person is forgotten, and what came and went for it is cleared; `FOR_EVER` keeps it."""

    orders_days: int
    payloads_days: int


KEPT = Policy(orders_days=FOR_EVER, payloads_days=90)

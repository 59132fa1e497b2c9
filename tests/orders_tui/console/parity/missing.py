"""Actions that have no case yet. It only shrinks: an action that has a case may not stand here."""

from __future__ import annotations

MISSING: frozenset[str] = frozenset(
    {
        "go.activity",
        "activity.undo",
        "activity.stop",
        "activity.previous",
        "activity.next",
        "activity.copy",
        "activity.continue",
        "failed.mend",
        "failed.open",
        "failed.retry",
        "failed.retry_group",
        "failed.show",
        "orders.copy",
        "orders.retry",
    }
)

"""Actions that have no case yet. It only shrinks: an action that has a case may not stand here."""

from __future__ import annotations

MISSING: frozenset[str] = frozenset(
    {
        "orders.buy_label",
        "orders.combine",
        "orders.skip",
        "orders.uncombine",
        "report.export",
        "report.go_on",
        "report.show",
    }
)

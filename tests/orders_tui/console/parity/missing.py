"""Actions that have no case yet. It only shrinks: an action that has a case may not stand here."""

from __future__ import annotations

MISSING: frozenset[str] = frozenset(
    {
        "report.export",
        "report.show",
    }
)

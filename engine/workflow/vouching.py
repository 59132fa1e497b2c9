"""What nobody's word stands in for when a step is passed over."""

from __future__ import annotations

NEVER_SKIPPED = frozenset(
    {
        "reserve_stock",
        "update_inventory",
        "release_stock",
        "create_shipping_label",
        "void_label",
        "void_effects",
        "rearm_effects",
        "mark_shipped",
        "mark_delivered",
        "finalize_order",
        "close_cancelled",
        "log_failure_reason",
    }
)
"""Nobody's word stands in for these: a label, stock and the order's own end are there or they are not."""

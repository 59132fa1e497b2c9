"""What happened to an order since a screen read it: who, what and when, in one sentence for the person whose write was refused."""

from __future__ import annotations

from datetime import UTC
from typing import Any, Final

from engine.audit.words import did, who
from engine.identifiers import OrderId
from engine.orders.plain_text import plain

CHANGED_MEANWHILE: Final = "order.changed_meanwhile"

# Each version has its link in the audit, so the newest so many are what the screen has not seen. Index: audit_log_pkey.
_UNSEEN = """
SELECT o.order_number, a.action, a.actor, a.source, a.created_at
FROM orders o
CROSS JOIN LATERAL (
    SELECT action, actor, source, created_at, sequence FROM audit_log WHERE subject = o.id
    ORDER BY sequence DESC LIMIT greatest(o.version - $2, 1)) a
WHERE o.id = $1 ORDER BY a.sequence DESC
"""


async def what_changed(connection: Any, order_id: OrderId, seen_version: int) -> str:
    """The newest change by a person since that version, else the newest of all, and how many more there were."""
    rows = await connection.fetch(_UNSEEN, order_id, seen_version)
    if not rows:
        return "The order changed while it was on your screen. Look at it again, then decide."
    told = next((row for row in rows if row["source"] == "user"), rows[0])
    more = {0: "", 1: " (and one more change)"}.get(len(rows) - 1, f" (and {len(rows) - 1} more changes)")
    at = f"{told['created_at'].astimezone(UTC):%H:%M} UTC"
    return (
        f"Order {plain(told['order_number'])} changed while it was on your screen: "
        f"{plain(who(told['actor']))} {did(told['action'])} at {at}{more}. Look at it again, then decide."
    )

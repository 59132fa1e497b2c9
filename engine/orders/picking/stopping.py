"""Why an order must not go on in anybody's hands: the one list that picking and packing ask."""

from __future__ import annotations

STOPPED = """CASE
    WHEN o.order_status = 'cancelled' THEN 'cancelled'
    WHEN o.workflow_status IN ('shipped', 'completed') THEN 'shipped'
    WHEN w.order_id IS NULL THEN 'closed'
    WHEN o.cancel_requested THEN 'cancel_requested'
    WHEN EXISTS (SELECT FROM holds h WHERE h.order_id = o.id AND h.released_at IS NULL) THEN 'held'
    WHEN o.workflow_status = 'failed' THEN 'failed'
    WHEN w.waiting_for = 'paused' THEN 'paused'
    WHEN o.workflow_status NOT IN ('inventory_reserved', 'ready_to_ship') THEN 'not_reserved'
    ELSE '' END"""
"""A column over `orders o` and its `work w`, which may be missing: empty while the order may be picked and packed."""

WORDS = {
    "cancelled": "cancelled",
    "shipped": "shipped",
    "closed": "closed",
    "cancel_requested": "cancellation asked for",
    "held": "on hold",
    "failed": "failed",
    "paused": "paused",
    "not_reserved": "nothing reserved",
}
"""Each stop in two words."""

_SENTENCES = {
    "cancelled": "{order} is CANCELLED: do not ship it. Put its goods back.",
    "shipped": "{order} has left the house already.",
    "closed": "{order} is closed: there is nothing to ship.",
    "cancel_requested": "The buyer of {order} asks to CANCEL it: do not ship it. Set it aside until somebody has answered, or put it back.",
    "held": "{order} is ON HOLD: do not ship it. Set it aside until it is released, or put it back.",
    "failed": "{order} FAILED: do not ship it. The Failed screen says what to do.",
    "paused": "{order} is PAUSED by a person: do not ship it.",
    "not_reserved": "Nothing is reserved for {order}: there is nothing to pick or to pack.",
}


def stop_sentence(code: str, order_number: str) -> str:
    """The stop as one sentence for whoever holds the goods."""
    return _SENTENCES[code].format(order=f"Order {order_number}")

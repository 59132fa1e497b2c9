"""Orders that get no paper, each with the reason: what is cancelled or stopped must not be picked, packed or labelled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from engine.identifiers import OrderId
from engine.orders.picking.stopping import STOPPED
from engine.orders.plain_text import plain

# Index: the primary key; holds by order.
_STANDING = f"""
SELECT o.id, o.order_number, {STOPPED} AS stopped
FROM orders o LEFT JOIN work w ON w.order_id = o.id WHERE o.id = ANY($1::uuid[])
"""  # noqa: S608

# What is closed or not reserved may still have parcels with labels: the parcels say what there is.
_SENTENCES = {
    "cancelled": "It is cancelled: put its goods back.",
    "shipped": "It left the house.",
    "cancel_requested": "The buyer asks to cancel it: answer that first.",
    "held": "It is on hold: release it first.",
    "failed": "It failed: the Failed screen says what to do.",
    "paused": "It is paused: let it go on first.",
}


@dataclass(frozen=True, slots=True)
class LeftOut:
    """What was asked for and is not on the paper; `sentence` says why."""

    order_number: str
    sentence: str
    order_id: OrderId | None = None


async def stopped(connection: Any, order_ids: Sequence[OrderId]) -> tuple[dict[OrderId, str], dict[OrderId, LeftOut]]:
    """The numbers of these orders, and those of them that nothing is printed for."""
    numbers: dict[OrderId, str] = {}
    left_out: dict[OrderId, LeftOut] = {}
    for row in await connection.fetch(_STANDING, list(order_ids)):
        order_id, number = OrderId(row["id"]), plain(row["order_number"])
        numbers[order_id] = number
        if sentence := _SENTENCES.get(row["stopped"]):
            left_out[order_id] = LeftOut(number, sentence, order_id)
    return numbers, left_out

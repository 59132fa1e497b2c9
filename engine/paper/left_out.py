"""Orders that get no paper, each with the reason: what is cancelled or stopped must not be picked, packed or labelled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from engine.identifiers import OrderId
from engine.orders.plain_text import plain

# Index: the primary key; holds by order.
_STANDING = """
SELECT o.id, o.order_number, o.order_status, o.cancel_requested,
       EXISTS (SELECT FROM holds h WHERE h.order_id = o.id AND h.released_at IS NULL) AS held
FROM orders o WHERE o.id = ANY($1::uuid[])
"""


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
        if sentence := _why_stopped(row):
            left_out[order_id] = LeftOut(number, sentence, order_id)
    return numbers, left_out


def _why_stopped(row: Any) -> str:
    if row["order_status"] == "cancelled":
        return "It is cancelled: put its goods back."
    if row["cancel_requested"]:
        return "The buyer asks to cancel it: answer that first."
    if row["held"]:
        return "It is on hold: release it first."
    return ""

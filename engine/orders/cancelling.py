"""Cancelling orders by hand: stock goes back, labels go back to the carrier, TikTok is told; whatever has left the house is refused.

TikTok's own cancellation takes the same way through the machine, without anybody asking for it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from engine.actors import Actor
from engine.identifiers import OrderId
from engine.orders.status import fire
from engine.orders.views import ChangeOutcome
from engine.words import CancelReason
from engine.workflow.advance import Push

if TYPE_CHECKING:
    from engine.database.connection import Database

WORDS: Mapping[CancelReason, str] = {
    CancelReason.OUT_OF_STOCK: "out of stock",
    CancelReason.WRONG_PRICE: "wrong price",
    CancelReason.UNDELIVERABLE: "the address cannot be delivered to",
    CancelReason.BUYER_ASKED: "the buyer asked for it",
}


async def cancel(
    database: Database,
    order_ids: Sequence[OrderId],
    *,
    because: CancelReason,
    actor: Actor,
    note: str = "",
    expected_versions: Mapping[OrderId, int] | None = None,
    write: bool = True,
) -> list[ChangeOutcome]:
    """Cancel these orders, all that allow it, in one transaction; the others say why not. `write` False only asks."""
    reason = f"{WORDS[because]}: {note}" if note else WORDS[because]
    versions = expected_versions or {}
    pushes = {
        order_id: Push(
            "cancel", actor, reason, by_person=True, expected_version=versions.get(order_id), because=because
        )
        for order_id in order_ids
    }
    return await fire(database, pushes, write=write)

"""Cancelling orders by hand: stock goes back, labels go back to the carrier, TikTok is told; whatever has left the house is refused.

TikTok's own cancellation takes the same way through the machine, without anybody asking for it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from engine.actors import Actor
from engine.identifiers import OrderId
from engine.orders.status import fire_part
from engine.orders.views import ChangeOutcome
from engine.privacy.cipher import Vault
from engine.words import CancelReason, OrderStatus
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
    because: CancelReason | None = None,
    actor: Actor,
    note: str = "",
    expected_versions: Mapping[OrderId, int] | None = None,
    write: bool = True,
) -> list[ChangeOutcome]:
    """Cancel these orders, all that allow it, in one transaction; the others say why not. `write` False only asks."""
    return await database.run(
        lambda connection: cancel_part(
            connection,
            database.vault,
            order_ids,
            because=because,
            actor=actor,
            note=note,
            expected_versions=expected_versions or {},
            write=write,
        )
    )


async def cancel_part(
    connection: Any,
    vault: Vault,
    order_ids: Sequence[OrderId],
    *,
    because: CancelReason | None,
    actor: Actor,
    note: str,
    expected_versions: Mapping[OrderId, int],
    write: bool = True,
) -> list[ChangeOutcome]:
    """`cancel` in a transaction of the caller. TikTok is told `because`, or what the order itself suggests."""
    reason = ": ".join(words for words in (WORDS[because] if because else "", note) if words)
    pushes = {
        order_id: Push(
            "cancel", actor, reason, by_person=True, expected_version=expected_versions.get(order_id), because=because
        )
        for order_id in order_ids
    }
    outcomes = await fire_part(connection, vault, order_ids, pushes, write=write)
    return [
        replace(outcome, code="cancel.unchanged", sentence=f"Order {outcome.order_number} is cancelled already.")
        if outcome.refused and outcome.before is OrderStatus.CANCELLED
        else outcome
        for outcome in outcomes
    ]

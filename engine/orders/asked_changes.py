"""A status asked for together with who is not to be told of it, in one transaction or not at all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from engine.actors import Actor
from engine.effects import ledger
from engine.errors import Refused
from engine.identifiers import OrderId
from engine.orders.status import change_part
from engine.orders.views import ChangeOutcome
from engine.privacy.cipher import Vault
from engine.words import OrderStatus

# What this transaction meant to send: rows it wrote carry its own time. Index: effects_order_index.
_TIKTOK_IS_TOLD = """
SELECT EXISTS (SELECT FROM effects WHERE order_id = $1 AND dependency = 'tiktok' AND state = 'intent' AND created_at = now())
"""
_UNSAID = """
UPDATE effects SET state = 'voided', head = false, settled_at = now()
WHERE order_id = $1 AND kind = 'notice' AND state = 'intent' AND created_at = now() AND request ->> 'audience' = 'customer'
"""


@dataclass(frozen=True, slots=True)
class Told:
    """Who is told of a change beside the order itself."""

    customer: bool = True
    tiktok: bool = True


async def change_and_tell(
    connection: Any,
    vault: Vault,
    order_id: OrderId,
    status: OrderStatus,
    *,
    actor: Actor,
    reason: str,
    told: Told,
) -> ChangeOutcome:
    """Change the order's status in the caller's transaction; without `told.customer` the buyer's notices of it are taken back.

    Raises Refused where TikTok would have to be told and must not: the two are kept in step, and an order that was shipped or
    cancelled at TikTok moves by itself.
    """
    [outcome] = await change_part(connection, vault, [order_id], status, actor, reason, {})
    if outcome.refused:
        return outcome
    if not told.tiktok and await connection.fetchval(_TIKTOK_IS_TOLD, order_id):
        raise Refused(
            "status.tiktok_is_told",
            f"Order {outcome.order_number} cannot become {status.value} without TikTok being told: change it there, and it "
            "follows by itself, or leave sync_to_tiktok out.",
        )
    if not told.customer:
        await connection.execute(_UNSAID, order_id)
        await ledger.next_heads(connection, [order_id])
    return outcome

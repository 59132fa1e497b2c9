"""Single units of an order cancelled by the seller, where the market allows it: for being out of stock, and nothing else.

Nothing changes here until TikTok says that the units are cancelled; then what was made ready shrinks with them, as for any other unit.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from engine.actors import Actor
from engine.database.locks import lock_work
from engine.effects import ledger
from engine.effects.kinds import DEPENDENCY_OF
from engine.errors import NotFound, Refused
from engine.identifiers import OrderId, ShopId, new_id
from engine.orders.markets import market_of
from engine.orders.marking import mark
from engine.words import CancelReason, EffectKind
from engine.workflow.plan import NewEffect

if TYPE_CHECKING:
    from engine.database.connection import Database

_ORDER = """
SELECT o.order_number, o.shop_id, s.region,
       (SELECT count(*) FROM effects e WHERE e.order_id = o.id AND e.dependency = 'tiktok' AND e.kind = 'cancel_order') AS earlier,
       EXISTS (SELECT FROM effects e WHERE e.order_id = o.id AND e.kind = 'cancel_order' AND e.state IN ('intent', 'sent', 'ambiguous'))
         AS under_way
FROM orders o JOIN shops s ON s.id = o.shop_id WHERE o.id = $1
"""

# Units that TikTok has not arranged and that are in no parcel it knows of.
_UNITS = """
SELECT u.tiktok_line_id, i.product_sku FROM order_item_units u JOIN order_items i ON i.id = u.order_item_id
WHERE u.order_id = $1 AND NOT u.elsewhere AND u.channel_status IN ('UNPAID', 'ON_HOLD', 'AWAITING_SHIPMENT', 'PARTIALLY_SHIPPING')
  AND NOT EXISTS (SELECT FROM packages p JOIN package_items c
                    ON c.package_id = p.id AND c.order_id = u.order_id AND c.order_item_id = u.order_item_id
                  WHERE (u.package_id = p.id OR u.package_id IS NULL) AND p.told_at IS NOT NULL AND p.state NOT IN ('voided', 'voiding'))
ORDER BY u.tiktok_line_id DESC
"""


async def cancel_units(
    database: Database, order_id: OrderId, parts: Sequence[tuple[str, int]], *, actor: Actor, note: str = ""
) -> list[str]:
    """Ask TikTok to cancel so many of each SKU. Answers TikTok's ids of the units. Raises NotFound, Refused."""

    async def run(connection: Any) -> list[str]:
        if not await lock_work(connection, [order_id]):
            raise Refused("order.closed", "That order is closed, or not worked here: none of it can be cancelled.")
        row = await connection.fetchrow(_ORDER, order_id)
        number = row["order_number"]
        if not market_of(row["region"]).partial_cancel:
            raise Refused(
                "cancel.whole_only",
                f"Order {number}: in this market TikTok cancels whole orders only; cancel all of it.",
            )
        if row["under_way"]:
            raise Refused(
                "cancel.under_way", f"Order {number}: TikTok is being told of a cancellation; wait for its answer."
            )
        lines = _chosen(number, await connection.fetch(_UNITS, order_id), parts)
        kind = EffectKind.CANCEL_ORDER
        effect = NewEffect(
            effect_id=new_id(),
            key=f"cancel_units:{order_id}:{row['earlier'] + 1}",
            kind=kind,
            dependency=DEPENDENCY_OF[kind],
            order_id=order_id,
            shop_id=ShopId(row["shop_id"]),
            package_id=None,
            ahead=0,
            delay_seconds=0.0,
            provider_reference="",
            request={"reason": CancelReason.OUT_OF_STOCK.value, "lines": ",".join(lines)},
        )
        await ledger.intend(connection, [effect])
        told = {"parts": dict(parts), "reason": CancelReason.OUT_OF_STOCK.value, "note": note}
        await mark(connection, database.vault, "order.units_cancelled", actor, {order_id: told})
        return lines

    return await database.run(run)


def _chosen(number: str, units: Sequence[Any], parts: Sequence[tuple[str, int]]) -> list[str]:
    chosen: list[str] = []
    for sku, quantity in parts:
        mine = [unit["tiktok_line_id"] for unit in units if unit["product_sku"] == sku]
        if not mine:
            raise NotFound("cancel.unknown_item", f"Order {number} has no {sku} that waits for shipment.")
        if not 1 <= quantity <= len(mine):
            raise Refused(
                "cancel.quantity",
                f"Order {number} has {len(mine)} of {sku} that wait for shipment: cancel 1 to {len(mine)}.",
            )
        chosen += mine[:quantity]
    if len(set(chosen)) == len(units):
        raise Refused("cancel.everything", f"Order {number}: that is all of it; cancel the order.")
    return sorted(set(chosen))

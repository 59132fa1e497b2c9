"""A return or a refund that the seller opens for a buyer: opened once under the effect's key, known here when TikTok tells of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from engine.actors import Actor
from engine.database.locks import lock_for_result
from engine.effects import ledger
from engine.effects.kinds import DEPENDENCY_OF
from engine.errors import NotFound, Refused
from engine.identifiers import OrderId, ShopId, new_id
from engine.orders.marking import mark
from engine.orders.plain_text import plain
from engine.words import EffectKind
from engine.workflow.plan import NewEffect

if TYPE_CHECKING:
    from engine.database.connection import Database

_ORDER = """
SELECT o.order_number, o.shop_id, o.channel_status, o.tiktok_order_id,
       (SELECT count(*) FROM effects e WHERE e.order_id = o.id AND e.key LIKE 'open_return:%') AS earlier,
       EXISTS (SELECT FROM effects e WHERE e.order_id = o.id AND e.key LIKE 'open_return:%'
               AND e.state IN ('intent', 'sent', 'ambiguous')) AS under_way
FROM orders o WHERE o.id = $1
"""
_UNITS = """
SELECT u.tiktok_line_id, i.product_sku FROM order_item_units u JOIN order_items i ON i.id = u.order_item_id
WHERE u.order_id = $1 AND u.channel_status <> 'CANCELLED' ORDER BY u.tiktok_line_id
"""
_ON_ITS_WAY = frozenset({"AWAITING_COLLECTION", "IN_TRANSIT", "DELIVERED"})


class ReturnKind(StrEnum):
    """What the seller gives: the money, or the money for the goods."""

    REFUND = "REFUND"
    RETURN_AND_REFUND = "RETURN_AND_REFUND"


@dataclass(frozen=True, slots=True)
class Wanted:
    """A return as it would be opened."""

    shop_id: ShopId
    tiktok_order_id: str
    order_number: str
    tiktok_line_ids: tuple[str, ...]


async def wanted_return(database: Database, order_id: OrderId, parts: Sequence[tuple[str, int]]) -> Wanted:
    """What a return of so many of each SKU, or of everything, would be about. Raises NotFound, Refused."""
    wanted, _ = await _wanted(database.pool, order_id, parts)
    return wanted


async def open_return(
    database: Database,
    order_id: OrderId,
    kind: ReturnKind,
    reason: str,
    parts: Sequence[tuple[str, int]] = (),
    *,
    actor: Actor,
) -> Wanted:
    """Mean to open a return, for a reason by TikTok's name. Raises NotFound, Refused; then nothing has changed."""
    if not (named := plain(reason)):
        raise Refused("return.no_reason", "A return needs a reason, by TikTok's name for it.")

    async def run(connection: Any) -> Wanted:
        await lock_for_result(connection, [order_id])
        wanted, row = await _wanted(connection, order_id, parts)
        if row["under_way"]:
            raise Refused(
                "return.under_way", f"Order {wanted.order_number}: a return is being opened; wait for TikTok's answer."
            )
        effect = NewEffect(
            effect_id=new_id(),
            key=f"open_return:{order_id}:{row['earlier'] + 1}",
            kind=EffectKind.ANSWER_RETURN,
            dependency=DEPENDENCY_OF[EffectKind.ANSWER_RETURN],
            order_id=order_id,
            shop_id=wanted.shop_id,
            package_id=None,
            ahead=0,
            delay_seconds=0.0,
            provider_reference="",
            request={"open": kind.value, "reason": named, "lines": ",".join(wanted.tiktok_line_ids)},
        )
        await ledger.intend(connection, [effect])
        told = {"kind": kind.value, "reason": named, "units": len(wanted.tiktok_line_ids)}
        await mark(connection, database.vault, "order.return_opened", actor, {order_id: told})
        return wanted

    return await database.run(run)


async def _wanted(connection: Any, order_id: OrderId, parts: Sequence[tuple[str, int]]) -> tuple[Wanted, Any]:
    row = await connection.fetchrow(_ORDER, order_id)
    if row is None:
        raise NotFound("order.not_found", f"There is no order {order_id}.")
    number = plain(row["order_number"])
    if row["channel_status"] not in _ON_ITS_WAY:
        raise Refused(
            "return.too_early",
            f"Order {number} is not on its way, or closed: a return cannot be opened; cancel it instead.",
        )
    units = await connection.fetch(_UNITS, order_id)
    chosen = [] if parts else [unit["tiktok_line_id"] for unit in units]
    for sku, quantity in parts:
        mine = [unit["tiktok_line_id"] for unit in units if unit["product_sku"] == sku]
        if not 1 <= quantity <= len(mine):
            raise Refused(
                "return.quantity", f"Order {number} has {len(mine)} of {sku}, so {quantity} cannot come back."
            )
        chosen += mine[:quantity]
    return Wanted(ShopId(row["shop_id"]), row["tiktok_order_id"], number, tuple(sorted(set(chosen)))), row

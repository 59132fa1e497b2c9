"""An order that goes on with what is there of it: its planned parcels make way, and what was picked of it stays picked."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from engine.errors import Refused
from engine.identifiers import OrderId
from engine.orders.picking.lines import settle_lines

_PARCELS = """
SELECT p.id, p.state, c.order_id, EXISTS (SELECT FROM packages one WHERE one.combined_into = p.id) AS shared
FROM packages p JOIN (SELECT DISTINCT package_id, order_id FROM package_items WHERE order_id = ANY($1::uuid[])) c ON c.package_id = p.id
WHERE p.state NOT IN ('voided', 'combined') ORDER BY p.id FOR NO KEY UPDATE OF p
"""
_DROP = "UPDATE packages SET state = 'voided', version = version + 1, updated_at = now() WHERE id = ANY($1::uuid[])"

# Units in hand move from the reservation that was given back to the one that took its place.
_CARRY = """
WITH old AS (
    SELECT r.id, r.order_item_id, r.product_id, r.picked, r.picked_by, r.picked_at FROM stock_reservations r
    WHERE r.order_id = $1 AND r.state = 'released' AND r.picked > 0
), new AS (
    SELECT r.id, o.id AS old_id, least(r.quantity, o.picked) AS units, o.picked_by, o.picked_at
    FROM stock_reservations r JOIN old o ON o.order_item_id = r.order_item_id AND o.product_id = r.product_id
    WHERE r.order_id = $1 AND r.state = 'active' AND r.picked = 0
), taken AS (
    UPDATE stock_reservations r SET picked = n.units, picked_by = n.picked_by, picked_at = n.picked_at FROM new n WHERE r.id = n.id
)
UPDATE stock_reservations r SET picked = r.picked - n.units FROM new n WHERE r.id = n.old_id
"""


async def drop_planned(connection: Any, order_ids: Collection[OrderId], numbers: Mapping[OrderId, str]) -> None:
    """Take away the parcels planned for these orders, which go on in other ones. Raises Refused where one has its label or is shared."""
    rows = await connection.fetch(_PARCELS, list(order_ids)) if order_ids else []
    for row in rows:
        number = numbers[OrderId(row["order_id"])]
        if row["shared"]:
            raise Refused(
                "split.combined",
                f"Order {number} travels in a combined parcel: take that apart, then ship what is there.",
            )
        if row["state"] != "planned":
            raise Refused(
                "parcel.label_bought",
                f"Order {number} has its label: void it first, then ship what is there; or let the order wait.",
            )
    await connection.execute(_DROP, [row["id"] for row in rows])


async def carry_over(connection: Any, order_id: OrderId) -> None:
    """What was picked of an order stays picked although its goods were reserved anew; lines that are whole by it are picked."""
    await connection.execute(_CARRY, order_id)
    await settle_lines(connection, [order_id])

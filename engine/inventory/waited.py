"""Which orders wait for stock of what: those that cannot be given a line's units where they ship from, as things lie now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from engine.identifiers import OrderId

LACKING = """
SELECT need.order_id, need.product_id, need.location_id, need.units, need.ship_by
FROM (SELECT o.id AS order_id, coalesce(m.id, p.id) AS product_id, coalesce(p.location_id, s.location_id) AS location_id,
             sum((i.quantity - i.cancelled_quantity - i.shipped_quantity) * coalesce(part.quantity, 1))::int AS units,
             min(o.expected_ship_date) AS ship_by
      FROM work w JOIN orders o ON o.id = w.order_id JOIN shops s ON s.id = o.shop_id
      JOIN order_items i ON i.order_id = o.id AND i.quantity > i.cancelled_quantity + i.shipped_quantity
      LEFT JOIN product_aliases a ON a.user_id = o.user_id AND a.sku = i.product_sku
      JOIN products p ON p.user_id = o.user_id AND p.sku = coalesce(a.product_sku, i.product_sku)
      LEFT JOIN LATERAL jsonb_to_recordset(p.components) AS part(sku text, quantity int) ON true
      LEFT JOIN products m ON m.user_id = p.user_id AND m.sku = part.sku
      WHERE w.waiting_for = 'stock' GROUP BY 1, 2, 3) need
LEFT JOIN stock_levels l ON l.product_id = need.product_id AND l.location_id = need.location_id
WHERE need.units > coalesce(l.on_hand - l.reserved - l.held, 0)
"""
"""A query: order, product, location, units and ship-by; a kit lacks its components. Index: work_waiting_index; it costs what waits."""

_WAITED = f"""
SELECT product_id, location_id, count(*)::int AS orders, sum(units)::int AS units, min(ship_by) AS nearest
FROM ({LACKING}) lacking GROUP BY product_id, location_id
"""  # noqa: S608

Shelf = tuple[UUID, UUID]
"""A product and a location."""


@dataclass(frozen=True, slots=True)
class Waited:
    """How many orders wait for a product at a location, for how many units, and until when at best."""

    orders: int
    units: int
    nearest: datetime | None


async def waiting_orders(connection: Any, product_id: UUID) -> list[OrderId]:
    """The orders that wait for a product, the nearest ship-by first."""
    rows = await connection.fetch(f"{LACKING} AND need.product_id = $1 ORDER BY need.ship_by NULLS LAST", product_id)
    return [OrderId(order_id) for order_id in dict.fromkeys(row["order_id"] for row in rows)]


async def waited_for(connection: Any) -> Mapping[Shelf, Waited]:
    """Everything that orders wait for."""
    return {
        (row["product_id"], row["location_id"]): Waited(row["orders"], row["units"], row["nearest"])
        for row in await connection.fetch(_WAITED)
    }

"""What is in stock: the lines of the stock list, and which units an order is short of."""

from __future__ import annotations

import re

from engine.database.connection import Connection, Database
from engine.identifiers import OrderId
from engine.orders.plain_text import plain
from engine.orders.views import StockRow

_NAME_WORD = re.compile(r"\w+")

# Purpose: stock by SKU. $1 beginning of a SKU in any case (empty: all), $2 name words, $3 how many lines. A kit has no level of its
# own: as many of it are free at a location as its scarcest component allows.
_STOCK = """
SELECT p.sku, p.name, coalesce(l.code, k.code, '') AS location, coalesce(s.on_hand, 0) AS on_hand,
       coalesce(s.reserved, 0) AS reserved, coalesce(s.held, 0) AS held,
       coalesce(k.available, s.on_hand - s.reserved - s.held, 0) AS available, p.weight_grams
  FROM products p LEFT JOIN stock_levels s ON s.product_id = p.id AND p.components IS NULL
  LEFT JOIN locations l ON l.id = s.location_id
  LEFT JOIN LATERAL (
    SELECT place.code, min(coalesce(c.on_hand - c.reserved - c.held, 0) / part.quantity) AS available
      FROM jsonb_to_recordset(p.components) AS part(sku text, quantity int)
     CROSS JOIN locations place
      LEFT JOIN products m ON m.user_id = p.user_id AND m.sku = part.sku
      LEFT JOIN stock_levels c ON c.product_id = m.id AND c.location_id = place.id
     GROUP BY place.code HAVING bool_or(c.product_id IS NOT NULL)) k ON true
 WHERE $1 = '' OR starts_with(lower(p.sku), lower($1))
    OR $2 <> '' AND to_tsvector('simple', p.name) @@ to_tsquery('simple', $2)
 ORDER BY p.sku, location LIMIT $3
"""

# Purpose: what one order lacks where its items ship from, beside what it has reserved already; of a kit, its components.
_SHORT = """
SELECT wanted.sku, wanted.quantity - coalesce(s.on_hand - s.reserved - s.held, 0) AS missing
  FROM (SELECT part.sku, part.id AS product_id, coalesce(p.location_id, shops.location_id) AS location_id,
               sum((i.quantity - i.cancelled_quantity - i.shipped_quantity) * part.per_unit - coalesce(r.quantity, 0)) AS quantity
          FROM order_items i JOIN orders o ON o.id = i.order_id JOIN shops ON shops.id = o.shop_id
          JOIN products p ON p.id = i.product_id
         CROSS JOIN LATERAL (
            SELECT p.sku, p.id, 1 AS per_unit WHERE p.components IS NULL
             UNION ALL
            SELECT m.sku, m.id, c.quantity FROM jsonb_to_recordset(p.components) AS c(sku text, quantity int)
              JOIN products m ON m.user_id = p.user_id AND m.sku = c.sku) part
          LEFT JOIN LATERAL (SELECT sum(r.quantity) AS quantity FROM stock_reservations r
                              WHERE r.order_item_id = i.id AND r.product_id = part.id AND r.state = 'active') r ON true
         WHERE i.order_id = $1 GROUP BY part.sku, part.id, coalesce(p.location_id, shops.location_id)) wanted
  LEFT JOIN stock_levels s ON s.product_id = wanted.product_id AND s.location_id = wanted.location_id
 WHERE wanted.quantity > coalesce(s.on_hand - s.reserved - s.held, 0)
 ORDER BY wanted.sku
"""


async def stock(database: Database, search: str, *, limit: int) -> list[StockRow]:
    """Stock lines by SKU; `search` is the beginning of a SKU or words of a product's name."""
    names = " & ".join(f"{word}:*" for word in _NAME_WORD.findall(search.casefold()))
    records = await database.pool.fetch(_STOCK, search.strip(), names, limit)
    return [
        StockRow(
            sku=plain(record["sku"]),
            name=plain(record["name"]),
            location=plain(record["location"]),
            on_hand=record["on_hand"],
            reserved=record["reserved"],
            held=record["held"],
            available=record["available"],
            weight_grams=record["weight_grams"],
        )
        for record in records
    ]


async def short_of(connection: Connection, order_id: OrderId) -> list[tuple[str, int]]:
    """The SKUs this order cannot be given now, and by how many units each is short."""
    return [(plain(record["sku"]), int(record["missing"])) for record in await connection.fetch(_SHORT, order_id)]

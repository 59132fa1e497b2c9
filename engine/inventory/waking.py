"""Orders that wait for stock: woken when there may be some for them, and asked after before anybody else takes it.

Whoever finds an order short holds the level until the order is parked as waiting. So a caller who holds the level sees every order that
waits for it; a work row that is locked at that moment belongs to somebody who has yet to read the level.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any
from uuid import UUID

from engine.inventory.catalogue import joined_products

# Whose order lines may take these products: their own SKUs, those mapped to them, and those of the kits that contain them.
# Index: work_waiting_index.
_WAITING = """
WITH freed AS (
    SELECT user_id, sku FROM products WHERE id = ANY($1::uuid[])
), named AS (
    SELECT user_id, sku FROM freed
    UNION
    SELECT k.user_id, k.sku FROM products k
    JOIN freed ON k.user_id = freed.user_id AND k.components @> jsonb_build_array(jsonb_build_object('sku', freed.sku))
), known_as AS (
    SELECT sku FROM named
    UNION
    SELECT a.sku FROM product_aliases a JOIN named ON a.user_id = named.user_id AND a.product_sku = named.sku
)
SELECT w.order_id FROM work w JOIN order_items i ON i.order_id = w.order_id
WHERE w.waiting_for = 'stock' AND i.product_sku IN (SELECT sku FROM known_as)
ORDER BY w.order_id FOR UPDATE OF w
"""

_WAKE = f"UPDATE work SET ready = true WHERE order_id IN ({_WAITING})"  # noqa: S608

_WAKE_FREE = f"UPDATE work SET ready = true WHERE order_id IN ({_WAITING} SKIP LOCKED)"  # noqa: S608

_AWAITED = f"""
SELECT DISTINCT coalesce(m.id, p.id) AS product_id
FROM work w JOIN orders o ON o.id = w.order_id JOIN order_items i ON i.order_id = w.order_id
{joined_products("o.user_id", "i.product_sku")}
LEFT JOIN LATERAL jsonb_to_recordset(p.components) AS c(sku text) ON true
LEFT JOIN products m ON m.user_id = p.user_id AND m.sku = c.sku
WHERE w.waiting_for = 'stock' AND coalesce(m.id, p.id) = ANY($1::uuid[])
"""  # noqa: S608

BACKLOG = "EXISTS (SELECT FROM work WHERE waiting_for = 'stock')"
"""Whether any order waits for stock, as a column. Index: work_waiting_index."""


async def wake_waiting(connection: Any, products: Collection[UUID]) -> None:
    """Have the runner look at every order that waits for these products, the oldest first. The caller holds no level yet."""
    await connection.execute(_WAKE, list(products))


async def wake_late(connection: Any, products: Collection[UUID]) -> None:
    """The same by a caller who holds the levels: nobody is awaited."""
    await connection.execute(_WAKE_FREE, list(products))


async def awaited(connection: Any, products: Collection[UUID]) -> set[UUID]:
    """Those of these products that an order waits for: what there is of them is not the next one's to take."""
    return {row["product_id"] for row in await connection.fetch(_AWAITED, list(products))}

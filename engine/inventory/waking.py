"""Waking orders that wait for stock, when there may be some for them."""

from __future__ import annotations

from typing import Any

from engine.identifiers import UserId

# Whose order lines may take this product: its own, those of its aliases, and those of the kits that contain it.
_WAITING = """
SELECT w.order_id FROM work w JOIN order_items i ON i.order_id = w.order_id
WHERE w.waiting_for = 'stock' AND i.product_sku IN (
    WITH wanted AS (
        SELECT $2::text AS sku UNION ALL
        SELECT k.sku FROM products k
        WHERE k.user_id = $1 AND k.components @> jsonb_build_array(jsonb_build_object('sku', $2::text))
    )
    SELECT sku FROM wanted UNION ALL
    SELECT a.sku FROM product_aliases a JOIN wanted ON a.user_id = $1 AND a.product_sku = wanted.sku)
ORDER BY w.order_id FOR UPDATE OF w
"""

_WAKE = f"UPDATE work SET ready = true WHERE order_id IN ({_WAITING})"  # noqa: S608

_WAKE_THE_LATE = f"UPDATE work SET ready = true WHERE order_id IN ({_WAITING} SKIP LOCKED)"  # noqa: S608


async def wake_waiting(connection: Any, owner: UserId, sku: str) -> None:
    """Have the runner look at every order that waits for this product; it takes the oldest first."""
    await connection.execute(_WAKE, owner, sku)


async def wake_late(connection: Any, owner: UserId, sku: str) -> None:
    """The same for orders found short while the caller waited for the level.

    Whoever holds a work row now has yet to read the level, so none is awaited.
    """
    await connection.execute(_WAKE_THE_LATE, owner, sku)

"""What follows a mend: the orders that failed for what has been corrected go on by themselves, as the person's own retry.

The mark is written in the transaction of the mend itself, so that no crash lies between the two; the runner does the rest, in batches.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from engine.actors import Actor
from engine.database.locks import lock_work, make_ready
from engine.identifiers import OrderId, UserId
from engine.words import ChangeSource

PRODUCT_CODES = ("missing_weight", "unmapped_sku", "customs_missing")
ADDRESS_CODES = ("bad_address",)

# Index: failures_open_index by fingerprint; order_items_order_index.
_FOR_PRODUCTS = """
SELECT DISTINCT f.order_id
FROM failures f JOIN orders o ON o.id = f.order_id
WHERE f.resolved_at IS NULL AND o.user_id = $1 AND f.code = ANY($3::text[])
  AND (f.fingerprint IN (SELECT code || ':' || sku FROM unnest($3::text[]) code, unnest($2::text[]) sku)
       OR EXISTS (SELECT FROM order_items i WHERE i.order_id = f.order_id AND i.product_sku = ANY($2::text[])))
"""

_MARK = """
UPDATE failures SET retry_at = now(), retry_by = $2, retry_reason = $3
WHERE order_id = ANY($1::uuid[]) AND resolved_at IS NULL AND ($4::text[] IS NULL OR code = ANY($4))
RETURNING order_id
"""


async def waiting_for_products(connection: Any, owner: UserId, skus: Collection[str]) -> list[OrderId]:
    """The failed orders that these products of the creator may set going again, their work locked: called before the products are."""
    rows = await connection.fetch(_FOR_PRODUCTS, owner, list(skus), list(PRODUCT_CODES))
    order_ids = [OrderId(row["order_id"]) for row in rows]
    if order_ids:
        await lock_work(connection, order_ids)
    return order_ids


async def mended(
    connection: Any, order_ids: Collection[OrderId], actor: Actor, reason: str, codes: Collection[str] | None = None
) -> int:
    """Send these orders, whose work the caller holds, on from where they failed. Answers how many had failed for one of `codes`."""
    if not order_ids:
        return 0
    by = actor.name if actor.source is ChangeSource.USER else None
    rows = await connection.fetch(_MARK, list(order_ids), by, reason, None if codes is None else list(codes))
    going = [OrderId(row["order_id"]) for row in rows]
    if going:
        await make_ready(connection, going)
    return len(going)

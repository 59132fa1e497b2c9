"""The only order in which rows are locked, everywhere:

    work → waves → orders → holds → effects → packages → stock → inserts → rules

Rows of one table are locked sorted by key. A work row is the mutex of an open order: whoever moves an order holds it, so an open
order's own row needs no lock of its own before it is written. A closed order has no work row and is locked itself. New rows under keys
that nobody else can write (an order's history, lines, movements) wait for nothing and may come earlier; stock, which all orders of a
product share, is best locked last. Claims take work and effects with SKIP LOCKED and never wait. A bulk change claims its part that way
before anything else, and counts in its batch's row last of all. `Database.run` repeats a transaction that lost a race all the same.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any
from uuid import UUID

from engine.identifiers import LocationId, OrderId, PackageId, ProductId

_WORK = "SELECT order_id FROM work WHERE order_id = ANY($1::uuid[]) ORDER BY order_id FOR UPDATE"

_WORK_OF_PACKAGES = """
SELECT order_id FROM work WHERE order_id = ANY(ARRAY(
    SELECT * FROM unnest($1::uuid[]) UNION SELECT order_id FROM package_items WHERE package_id = ANY($2::uuid[])))
ORDER BY order_id FOR UPDATE
"""

_ORDERS = "SELECT id FROM orders WHERE id = ANY($1::uuid[]) ORDER BY id FOR NO KEY UPDATE"

_AVAILABLE = """
SELECT product_id, location_id, on_hand - reserved - held AS available
FROM stock_levels
WHERE (product_id, location_id) IN (SELECT * FROM unnest($1::uuid[], $2::uuid[]))
"""

_STOCK = f"{_AVAILABLE} ORDER BY product_id, location_id FOR NO KEY UPDATE"


async def lock_work(connection: Any, order_ids: Collection[OrderId]) -> set[OrderId]:
    """Lock the work rows of these orders; closed orders have none and are absent from the answer."""
    rows = await connection.fetch(_WORK, list(order_ids))
    return {OrderId(row["order_id"]) for row in rows}


async def lock_for_result(
    connection: Any, order_ids: Collection[OrderId], package_ids: Collection[PackageId] = ()
) -> list[OrderId]:
    """Lock orders that a result from outside belongs to, whether they are still open or not.

    Answers the open ones, with all that share one of these packages.
    """
    rows = await connection.fetch(_WORK_OF_PACKAGES, list(order_ids), list(package_ids))
    locked = [OrderId(row["order_id"]) for row in rows]
    if closed := sorted(set(order_ids).difference(locked)):
        await connection.fetch(_ORDERS, closed)
    return locked


async def lock_stock(connection: Any, keys: Collection[tuple[ProductId, LocationId]]) -> dict[tuple[UUID, UUID], int]:
    """Lock these stock levels, sorted, so that batches which share products never wait in a circle. Answers what is available."""
    ordered = sorted(keys)
    rows = await connection.fetch(_STOCK, [key[0] for key in ordered], [key[1] for key in ordered])
    return {(row["product_id"], row["location_id"]): row["available"] for row in rows}


async def read_stock(connection: Any, keys: Collection[tuple[ProductId, LocationId]]) -> dict[tuple[UUID, UUID], int]:
    """What is available of these without locking it: good enough while there is plenty."""
    rows = await connection.fetch(_AVAILABLE, [key[0] for key in keys], [key[1] for key in keys])
    return {(row["product_id"], row["location_id"]): row["available"] for row in rows}


async def make_ready(connection: Any, order_ids: Collection[OrderId]) -> None:
    """Leave these orders, whose work rows the caller holds, to the runner."""
    await connection.execute("UPDATE work SET ready = true WHERE order_id = ANY($1::uuid[])", list(order_ids))

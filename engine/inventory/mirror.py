"""The ledger as the mirror of an inventory service: what the service has free is what may be promised here.

The service's number is what others may have, so it leaves out what it keeps for our orders. On hand here is therefore what it has free
and what it has agreed to keep for orders of ours; a difference is a movement with its own reason, and is never hidden. A product about
which something is still to be told is left alone until it has been.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from engine.actors import SYSTEM
from engine.database.connection import Connection
from engine.identifiers import LocationId, OrderId, ProductId, new_id
from engine.inventory.booking import Booking, Place, book, lock_levels
from engine.inventory.waking import wake_late, wake_waiting
from engine.ports.facts import ServiceLevel
from engine.ports.requests import StockItem, StockRequest
from engine.words import StockReason

if TYPE_CHECKING:
    from engine.database.connection import Database

LEASE = "inventory_service"

USED = "SELECT EXISTS (SELECT FROM shops WHERE policies ->> 'inventory' = 'service' AND state <> 'disconnected')"

# Products of creators whose shops follow a service, each with what the service has agreed to keep for orders of ours.
_TOLD = """
SELECT p.id AS product_id, l.id AS location_id, p.sku, d.available,
       (SELECT coalesce(sum(r.quantity), 0)::int FROM stock_reservations r
        WHERE r.product_id = p.id AND r.location_id = l.id AND r.state = 'active'
          AND (SELECT e.state FROM effects e WHERE e.order_id = r.order_id AND e.kind = 'reserve_stock'
               ORDER BY e.sequence DESC LIMIT 1) = 'done') AS kept
FROM unnest($1::text[], $2::text[], $3::int[]) AS d(sku, location, available)
JOIN locations l ON l.code = d.location
JOIN products p ON p.sku = d.sku AND p.components IS NULL
     AND p.user_id IN (SELECT user_id FROM shops WHERE policies ->> 'inventory' = 'service')
WHERE NOT $4 OR NOT EXISTS (
    SELECT FROM effects e JOIN stock_reservations r ON r.order_id = e.order_id
    WHERE e.kind IN ('reserve_stock', 'release_stock', 'adjust_stock') AND e.state IN ('intent', 'sent', 'ambiguous')
      AND r.product_id = p.id)
"""

_REQUESTS = """
SELECT o.id, o.tiktok_order_id FROM orders o WHERE o.id = ANY($1::uuid[])
"""

_RESERVED = """
SELECT r.order_id, p.sku, l.code, sum(r.quantity)::int AS quantity
FROM stock_reservations r JOIN products p ON p.id = r.product_id JOIN locations l ON l.id = r.location_id
WHERE r.order_id = ANY($1::uuid[]) AND r.state = 'active' GROUP BY r.order_id, p.sku, l.code ORDER BY p.sku, l.code
"""

_TAKEN = """
SELECT m.order_id, p.sku, l.code, -m.delta_on_hand AS quantity, m.idempotency_key
FROM stock_reservations r
JOIN stock_movements m ON m.idempotency_key = 'consume:' || r.id
JOIN products p ON p.id = m.product_id JOIN locations l ON l.id = m.location_id
WHERE r.order_id = ANY($1::uuid[]) AND r.state = 'consumed' AND m.delta_on_hand < 0 ORDER BY m.id
"""


async def read_requests(database: Database, order_ids: Sequence[OrderId]) -> dict[OrderId, StockRequest]:
    """What the service is to know of these orders now."""
    ids = list(order_ids)
    names = {row["id"]: row["tiktok_order_id"] for row in await database.pool.fetch(_REQUESTS, ids)}
    reserved: dict[Any, list[StockItem]] = {}
    for row in await database.pool.fetch(_RESERVED, ids):
        reserved.setdefault(row["order_id"], []).append(StockItem(row["sku"], row["code"], row["quantity"]))
    taken: dict[Any, list[StockItem]] = {}
    for row in await database.pool.fetch(_TAKEN, ids):
        item = StockItem(row["sku"], row["code"], row["quantity"], row["idempotency_key"])
        taken.setdefault(row["order_id"], []).append(item)
    return {
        OrderId(key): StockRequest(name or str(key), tuple(reserved.get(key, ())), tuple(taken.get(key, ())))
        for key, name in names.items()
    }


async def reflect(database: Database, levels: Sequence[ServiceLevel]) -> int:
    """Bring the ledger to what the service says, leaving out what is still being told. Answers how many levels differed."""

    async def write(connection: Connection) -> int:
        products = {row["product_id"] for row in await _told(connection, levels, settled=True)}
        await wake_waiting(connection, products)
        return await _correct(connection, levels, settled=True)

    return await database.run(write)


async def correct(connection: Connection, levels: Sequence[ServiceLevel]) -> None:
    """The same of what a refusal named, in the transaction that settles it: the order must not find its units again at once."""
    await _correct(connection, levels, settled=False)


async def _correct(connection: Connection, levels: Sequence[ServiceLevel], *, settled: bool) -> int:
    rows = await _told(connection, levels, settled=settled)
    places = {Place(ProductId(row["product_id"]), LocationId(row["location_id"]), row["sku"]): row for row in rows}
    if not places:
        return 0
    held = await lock_levels(connection, list(places))
    rows = await _told(connection, levels, settled=settled)  # again, now that nothing moves
    bookings = []
    for row in rows:
        place = Place(ProductId(row["product_id"]), LocationId(row["location_id"]), row["sku"])
        level = held.get(place)
        if level is None:
            continue
        on_hand = max(row["available"] + row["kept"], level.reserved + level.held)
        if on_hand != level.on_hand:
            key = f"service:{new_id()}"
            delta = on_hand - level.on_hand
            bookings.append(Booking(place, "adjust", StockReason.INVENTORY_SERVICE, key, on_hand=delta))
    await book(connection, bookings, SYSTEM)
    if more := {booking.place.product_id for booking in bookings if booking.on_hand > 0}:
        await wake_late(connection, more)
    return len(bookings)


async def _told(connection: Connection, levels: Sequence[ServiceLevel], *, settled: bool) -> list[Any]:
    rows: list[Any] = await connection.fetch(
        _TOLD,
        [level.sku for level in levels],
        [level.location for level in levels],
        [level.available for level in levels],
        settled,
    )
    return rows

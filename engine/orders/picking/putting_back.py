"""Goods in somebody's hands that are not to be shipped, and their way back to the bin.

The ledger has them on the shelf again as soon as their order gives them back; what is booked here is that they really lie there, or that
they are damaged. An order that stands still and is still open is to be picked anew once its goods are back.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from engine.actors import Actor
from engine.database.locks import lock_work
from engine.errors import NotFound, Refused
from engine.identifiers import OrderId, ProductId, new_id
from engine.inventory.booking import Booking, Place, find_location
from engine.inventory.ledger import book_differences
from engine.orders.marking import mark
from engine.orders.picking.lines import reopen_lines
from engine.orders.picking.stopping import STOPPED, WORDS
from engine.orders.picking.views import GoingBack
from engine.orders.picking.walk import bin_key
from engine.words import StockReason
from engine.workflow.advance import advance

if TYPE_CHECKING:
    from engine.database.connection import Database

_MOST = 1000
"""More lines than any house has in its hands; putting some back shows the next ones."""

# Released: all that was picked. Active: what is more than the order still wants, or with $n all of it.
_ROWS = f"""
WITH going AS MATERIALIZED (SELECT * FROM stock_reservations r WHERE {{which}} LIMIT {_MOST})
SELECT r.id, r.order_id, r.order_item_id, r.product_id, r.location_id, r.state, p.sku, p.name, p.bin, l.code AS location, r.picked_by,
       o.order_number, r.picked - CASE WHEN r.state = 'active' AND NOT {{whole}} THEN r.quantity ELSE 0 END AS units, {STOPPED} AS stopped
FROM going r
JOIN products p ON p.id = r.product_id JOIN locations l ON l.id = r.location_id
JOIN orders o ON o.id = r.order_id LEFT JOIN work w ON w.order_id = o.id
ORDER BY r.id
"""  # noqa: S608
_TO_BE = "(r.state = 'released' AND r.picked > 0 OR r.state = 'active' AND r.picked > r.quantity)"

# Index: stock_reservations_going_back_index.
_ALL = _ROWS.format(whole="false", which=f"{_TO_BE} AND ($1::uuid IS NULL OR r.location_id = $1)")
# Index: stock_reservations_order_index.
_OF_ORDER = _ROWS.format(whole="false", which=f"{_TO_BE} AND r.order_id = $1")
_WHOLE_ORDER = _ROWS.format(
    whole="true", which="r.state IN ('released', 'active') AND r.picked > 0 AND r.order_id = $1"
)

_LOCK = "SELECT order_number FROM orders WHERE id = $1 FOR NO KEY UPDATE"
_BACK = """
UPDATE stock_reservations r SET picked = r.picked - d.units, held_by = NULL, held_at = NULL
FROM unnest($1::uuid[], $2::int[]) AS d(id, units) WHERE r.id = d.id
"""
_UNPACK = """
UPDATE packages SET packed_at = NULL, packed_by = NULL, station = '', version = version + 1, updated_at = now()
WHERE id IN (SELECT package_id FROM package_items WHERE order_id = $1) AND packed_at IS NOT NULL
  AND left_at IS NULL AND handed_over_at IS NULL AND first_scan_at IS NULL
"""
_GONE = """
SELECT EXISTS (SELECT FROM package_items c JOIN packages p ON p.id = c.package_id
               WHERE c.order_id = $1 AND p.state NOT IN ('voided', 'combined')
                 AND (p.left_at IS NOT NULL OR p.handed_over_at IS NOT NULL OR p.first_scan_at IS NOT NULL))
"""


async def going_back(database: Database, location_code: str | None = None) -> list[GoingBack]:
    """All that is to be put back, by bin: of one location, or of all. Raises NotFound for an unknown location."""
    location = await find_location(database.pool, location_code) if location_code else None
    return _by_bin(await database.pool.fetch(_ALL, location))


async def goods_of(connection: Any, order_id: OrderId) -> list[GoingBack]:
    """All of an order that is in somebody's hands, should it go back whole."""
    return _by_bin(await connection.fetch(_WHOLE_ORDER, order_id))


async def put_back(
    database: Database, order_id: OrderId, *, actor: Actor, damaged: Counter[str] | None = None
) -> list[GoingBack]:
    """Say that an order's goods are back in their bins: what is too many, or all of it where the order stands still.

    `damaged` are units, by SKU, that cannot be sold: they are written off. Raises NotFound, Refused.
    """
    spoilt = Counter(damaged or {})

    async def write(connection: Any) -> list[GoingBack]:
        await lock_work(connection, [order_id])
        number = await connection.fetchval(_LOCK, order_id)
        if number is None:
            raise NotFound("order.not_found", f"There is no order {order_id}.")
        rows = await connection.fetch(_OF_ORDER, order_id)
        whole = not rows
        if whole:
            rows = await connection.fetch(_WHOLE_ORDER, order_id)
            if rows and not rows[0]["stopped"]:
                raise Refused(
                    "pick.not_stopped",
                    f"Order {number} is to be shipped: take back what was picked by mistake, or cancel or hold the order first.",
                )
            if rows and await connection.fetchval(_GONE, order_id):
                raise Refused(
                    "parcel.left", f"A parcel of order {number} has left the house: nothing of it can be put back."
                )
        if not rows:
            raise Refused("pick.nothing_back", f"Nothing of order {number} is to be put back.")
        units = Counter[str]()
        for row in rows:
            units[row["sku"]] += row["units"]
        for sku, count in spoilt.items():
            if not 0 < count <= units[sku]:
                raise Refused(
                    "pick.damaged",
                    f"{count} of {sku} cannot be damaged: {units[sku]} of it go back from order {number}.",
                )
        await connection.execute(_BACK, [row["id"] for row in rows], [row["units"] for row in rows])
        if whole:
            await reopen_lines(connection, [row["order_item_id"] for row in rows if row["state"] == "active"])
            await connection.execute(_UNPACK, order_id)
        told: dict[str, Any] = {"units": dict(units)}
        if spoilt:
            told["damaged"] = spoilt.total()
        await mark(connection, database.vault, "pick.put_back", actor, {order_id: told})
        await advance(connection, database.vault, [order_id])
        if spoilt:
            await _write_off(connection, database, rows, spoilt, actor)
        return _by_bin(rows)

    return await database.run(write)


async def _write_off(connection: Any, database: Database, rows: list[Any], spoilt: Counter[str], actor: Actor) -> None:
    places = {row["sku"]: Place(ProductId(row["product_id"]), row["location_id"], row["sku"]) for row in rows}
    bookings = [
        Booking(places[sku], "adjust", StockReason.DAMAGED, f"putback:{new_id()}", on_hand=-count)
        for sku, count in sorted(spoilt.items())
    ]
    await book_differences(connection, database.vault, bookings, actor=actor, force=False)


def _by_bin(rows: Iterable[Any]) -> list[GoingBack]:
    goods = [_view(row) for row in rows]
    return sorted(goods, key=lambda each: (each.location, bin_key(each.bin), each.sku, each.order_number))


def _view(row: Any) -> GoingBack:
    why = WORDS.get(row["stopped"], "") or ("given back" if row["state"] == "released" else "fewer units")
    return GoingBack(
        OrderId(row["order_id"]),
        row["order_number"],
        row["sku"],
        row["name"],
        row["bin"],
        row["location"],
        row["units"],
        row["picked_by"] or "",
        why,
    )

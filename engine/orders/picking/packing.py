"""A parcel packed by somebody at a station, or unpacked again. What is stopped is never packed."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from engine.actors import Actor
from engine.errors import Refused
from engine.identifiers import OrderId, PackageId
from engine.orders.parcels.rows import lock_parcels, unworkable
from engine.orders.picking.lines import write_down
from engine.orders.picking.parcels import read_parcel
from engine.orders.picking.views import ParcelAtHand
from engine.orders.plain_text import plain

if TYPE_CHECKING:
    from engine.database.connection import Database

_PACK = """
UPDATE packages SET packed_at = now(), packed_by = $2, station = $3, version = version + 1, updated_at = now() WHERE id = $1
"""
_UNPACK = """
UPDATE packages SET packed_at = NULL, packed_by = NULL, station = '', version = version + 1, updated_at = now() WHERE id = $1
"""

# A line is packed once each parcel that has some of it is.
_ITEMS = """
UPDATE order_items i SET fulfillment_status = d.status::fulfillment_status_enum, updated_at = now()
FROM (SELECT c.order_item_id, CASE WHEN bool_and(p.packed_at IS NOT NULL OR p.left_at IS NOT NULL) THEN 'packed' ELSE 'picked' END AS status
      FROM package_items c JOIN packages p ON p.id = c.package_id AND p.state NOT IN ('voided', 'combined')
      WHERE c.order_item_id IN (SELECT order_item_id FROM package_items WHERE package_id = $1) GROUP BY c.order_item_id) d
WHERE i.id = d.order_item_id AND i.fulfillment_status IN ('reserved', 'picked', 'packed') AND i.fulfillment_status::text <> d.status
"""

_CONTENTS = """
SELECT c.order_id, i.product_sku AS sku, sum(c.quantity)::int AS quantity
FROM package_items c JOIN order_items i ON i.id = c.order_item_id WHERE c.package_id = $1 GROUP BY 1, 2 ORDER BY 1, 2
"""


async def pack(database: Database, package_id: PackageId, *, actor: Actor, station: str = "") -> ParcelAtHand:
    """Say that a parcel is packed, by whom and where; its label is there, or comes.

    Raises NotFound; Refused with the alarm where its order must not go on, where something of it is not picked, or twice.
    """

    async def write(connection: Any) -> None:
        await lock_parcels(connection, [package_id])
        parcel = await read_parcel(connection, database.vault, package_id)
        if parcel.stop:
            raise Refused(f"pack.{parcel.code}", parcel.stop)
        if parcel.packed_at is not None:
            raise Refused("pack.already", f"The parcel is packed already, by {plain(parcel.packed_by)}{_at(parcel)}.")
        place = plain(station)[:60]
        await connection.execute(_PACK, package_id, actor.name, place)
        await connection.execute(_ITEMS, package_id)
        told = await _told(connection, package_id)
        await write_down(
            connection,
            database.vault,
            "parcel.packed",
            actor,
            {order_id: {**units, "station": place} for order_id, units in told.items()},
        )

    await database.run(write)
    async with database.pool.acquire() as connection:
        return await read_parcel(connection, database.vault, package_id)


async def unpack(database: Database, package_id: PackageId, *, actor: Actor) -> None:
    """Take back that a parcel is packed. Raises NotFound, or Refused when it is not, or has left the house."""

    async def write(connection: Any) -> None:
        [parcel] = await lock_parcels(connection, [package_id])
        if refusal := unworkable(parcel):
            raise refusal
        if (await read_parcel(connection, database.vault, package_id)).packed_at is None:
            raise Refused("pack.not_packed", f"The parcel of {parcel.name} is not packed.")
        await connection.execute(_UNPACK, package_id)
        await connection.execute(_ITEMS, package_id)
        await write_down(connection, database.vault, "parcel.unpacked", actor, await _told(connection, package_id))

    await database.run(write)


async def _told(connection: Any, package_id: PackageId) -> dict[OrderId, dict[str, Any]]:
    units: dict[OrderId, Counter[str]] = {}
    for row in await connection.fetch(_CONTENTS, package_id):
        units.setdefault(OrderId(row["order_id"]), Counter())[row["sku"]] += row["quantity"]
    return {order_id: {"units": dict(count)} for order_id, count in units.items()}


def _at(parcel: ParcelAtHand) -> str:
    return f" at {plain(parcel.station)}" if parcel.station else ""

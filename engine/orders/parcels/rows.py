"""Packages as a person names them and asks something of them: locked with every order in them, refused where they are beyond it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from engine.database.locks import lock_work
from engine.errors import NotFound, OrdersError, Refused
from engine.identifiers import ItemId, LocationId, OrderId, PackageId, ShopId

if TYPE_CHECKING:
    from engine.database.connection import Database

_ORDERS = "SELECT DISTINCT order_id FROM package_items WHERE package_id = ANY($1::uuid[])"

_PARCELS = """
SELECT p.id, p.shop_id, p.location_id, p.state, p.generation, p.provider, p.shipment_reference, p.tracking_number, p.handed_over_at,
       p.first_scan_at,
       p.delivered_at, p.left_at, p.backordered, c.orders, c.numbers, c.waiting, c.held
FROM packages p
JOIN LATERAL (
    SELECT array_agg(o.id ORDER BY o.id) AS orders, array_agg(o.order_number ORDER BY o.id) AS numbers,
           bool_and(k.order_id IS NOT NULL) AS waiting,
           bool_or(EXISTS (SELECT FROM holds h WHERE h.order_id = o.id AND h.released_at IS NULL)) AS held
    FROM (SELECT DISTINCT order_id FROM package_items WHERE package_id = p.id) i
    JOIN orders o ON o.id = i.order_id LEFT JOIN work k ON k.order_id = o.id) c ON true
WHERE p.id = ANY($1::uuid[]) ORDER BY p.id FOR NO KEY UPDATE OF p
"""

_LIVE = """
SELECT DISTINCT p.id FROM package_items c JOIN packages p ON p.id = c.package_id
WHERE c.order_id = $1 AND p.state NOT IN ('voided', 'combined') ORDER BY p.id
"""

_ITEMS = """
SELECT id, product_sku, quantity - cancelled_quantity - shipped_quantity AS units FROM order_items WHERE order_id = $1 ORDER BY id
"""

# An effect is under way once a worker has claimed it; this also keeps it from being claimed before the caller is done.
_EFFECTS = """
SELECT package_id, kind = 'buy_label' AS buys, state, lease_until FROM effects
WHERE order_id = ANY($1::uuid[]) AND package_id = ANY($2::uuid[]) AND kind <> 'void_label' ORDER BY id FOR UPDATE
"""


@dataclass(frozen=True, slots=True)
class Parcel:
    """One package as a person's request sees it, locked."""

    package_id: PackageId
    shop_id: ShopId
    location_id: LocationId
    state: str
    generation: int
    provider: str
    """Who sold its label; empty while it has none."""
    shipment_reference: str
    tracking_number: str
    left_house: datetime | None
    backordered: bool
    orders: tuple[OrderId, ...]
    name: str
    """Of which order or orders it is, in words."""
    open: bool
    held: bool
    label_under_way: bool
    telling_under_way: bool


async def live_parcels(database: Database, order_id: OrderId) -> list[PackageId]:
    """The packages an order is in now: its own, or the combined one."""
    return [PackageId(row["id"]) for row in await database.pool.fetch(_LIVE, order_id)]


async def parts_by_sku(
    database: Database, order_id: OrderId, wanted: Sequence[tuple[str, int]]
) -> list[tuple[ItemId, int]]:
    """The lines of an order that have so many of each SKU between them. Raises NotFound, Refused."""
    rows = await database.pool.fetch(_ITEMS, order_id)
    parts: list[tuple[ItemId, int]] = []
    for sku, quantity in wanted:
        lines = [row for row in rows if row["product_sku"] == sku]
        if not lines:
            raise NotFound("split.unknown_item", f"The order has no {sku}.")
        left = quantity
        for row in lines:
            units = min(left, row["units"])
            if units > 0:
                parts.append((ItemId(row["id"]), units))
                left -= units
        if left or quantity < 1:
            raise Refused(
                "split.quantity", f"The order has no {quantity} of {sku} to move: look at what is in its parcels."
            )
    return parts


async def lock_parcels(connection: Any, package_ids: Sequence[PackageId]) -> list[Parcel]:
    """These packages, in the order given, with all their orders held. Raises NotFound for the first that there is not."""
    wanted = list(dict.fromkeys(package_ids))
    orders = sorted(OrderId(row["order_id"]) for row in await connection.fetch(_ORDERS, wanted))
    await lock_work(connection, orders)
    under_way = _under_way(await connection.fetch(_EFFECTS, orders, wanted))
    found = {row["id"]: _parcel(row, under_way) for row in await connection.fetch(_PARCELS, wanted)}
    for package_id in wanted:
        if package_id not in found:
            raise NotFound("parcel.unknown", f"There is no parcel {package_id}.")
    return [found[package_id] for package_id in wanted]


def unworkable(parcel: Parcel) -> OrdersError | None:
    """Why nothing may be changed of a parcel any more; None while something may."""
    if parcel.state == "combined":
        return Refused("parcel.combined", f"The parcel of {parcel.name} travels in a combined one: ask it of that.")
    if not parcel.open:
        return Refused("order.closed", f"{parcel.name.capitalize()} is closed, or not worked here.")
    if parcel.state in {"voided", "delivered"}:
        return Refused("parcel.closed", f"The parcel of {parcel.name} is {parcel.state}.")
    if parcel.left_house:
        return Refused("parcel.left", f"The parcel of {parcel.name} has left the house.")
    return None


def _under_way(rows: Collection[Any]) -> set[Any]:
    return {
        (row["package_id"], row["buys"])
        for row in rows
        if row["state"] in {"sent", "ambiguous"} or (row["state"] == "intent" and row["lease_until"] is not None)
    }


def _parcel(row: Any, under_way: set[Any]) -> Parcel:
    numbers = row["numbers"]
    return Parcel(
        package_id=PackageId(row["id"]),
        shop_id=ShopId(row["shop_id"]),
        location_id=LocationId(row["location_id"]),
        state=row["state"],
        generation=row["generation"],
        provider=row["provider"],
        shipment_reference=row["shipment_reference"],
        tracking_number=row["tracking_number"],
        left_house=row["left_at"] or row["handed_over_at"] or row["first_scan_at"] or row["delivered_at"],
        backordered=row["backordered"],
        orders=tuple(OrderId(order_id) for order_id in row["orders"]),
        name=f"order {numbers[0]}" if len(numbers) == 1 else f"orders {', '.join(numbers)}",
        open=row["waiting"],
        held=row["held"],
        label_under_way=(row["id"], True) in under_way,
        telling_under_way=(row["id"], False) in under_way,
    )

"""Packing slips: what lies in a parcel, for which orders, and whom it goes to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from engine.errors import Refused
from engine.identifiers import OrderId, PackageId
from engine.orders.opening import open_address
from engine.orders.plain_text import plain
from engine.paper.left_out import LeftOut, stopped
from engine.ports.facts import Address

if TYPE_CHECKING:
    from engine.database.connection import Database

MOST_SLIPS = 2000
"""The most parcels that one document takes."""

_PARCELS_OF = """
SELECT c.order_id, p.id FROM package_items c JOIN packages p ON p.id = c.package_id
WHERE c.order_id = ANY($1::uuid[]) AND p.state NOT IN ('voided', 'combined') GROUP BY c.order_id, p.id ORDER BY p.id
"""

_ORDERS_OF = "SELECT DISTINCT order_id FROM package_items WHERE package_id = ANY($1::uuid[])"

# Purpose: the parcels as their slips show them, one row for each line; index: package_items_pkey.
_CONTENTS = """
SELECT p.id AS package_id, p.carrier, p.service, p.tracking_number, p.backordered, s.name AS shop, l.name AS location,
       l.address AS ship_from, o.id AS order_id, o.order_number, o.order_date, o.order_kind, o.shipping_address, o.currency,
       i.product_sku AS sku, i.product_name AS name, coalesce(i.variant_name, '') AS variant, c.quantity AS units, i.unit_price
FROM package_items c
JOIN packages p ON p.id = c.package_id
JOIN orders o ON o.id = c.order_id
JOIN order_items i ON i.id = c.order_item_id
JOIN shops s ON s.id = p.shop_id
JOIN locations l ON l.id = p.location_id
WHERE p.id = ANY($1::uuid[]) ORDER BY p.id, o.order_number, i.id
"""


@dataclass(frozen=True, slots=True)
class SlipItem:
    """So many of a SKU."""

    sku: str
    name: str
    units: int
    unit_price: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class SlipOrder:
    """What of one order lies in the parcel."""

    order_number: str
    ordered_on: str
    gift: bool
    items: tuple[SlipItem, ...]


@dataclass(frozen=True, slots=True)
class PackingSlip:
    """One parcel's slip. The address is personal; it is on the paper and nowhere else."""

    package_id: PackageId
    shop: str
    ship_from: tuple[str, ...]
    ship_to: tuple[str, ...] = field(repr=False)
    """Empty when TikTok does not show the address."""
    carrier: str
    tracking_number: str
    waits_for_stock: bool
    orders: tuple[SlipOrder, ...]

    @property
    def units(self) -> int:
        return sum(item.units for order in self.orders for item in order.items)


@dataclass(frozen=True, slots=True)
class Slips:
    """The slips that were asked for, in that order, and what has none."""

    slips: tuple[PackingSlip, ...]
    left_out: tuple[LeftOut, ...]


async def slips_of_orders(database: Database, order_ids: Sequence[OrderId]) -> Slips:
    """A slip for each parcel of these orders, of a combined one once. Raises Refused for too many."""
    async with database.pool.acquire() as connection:
        numbers, left_out = await stopped(connection, order_ids)
        going = [order_id for order_id in order_ids if order_id in numbers and order_id not in left_out]
        parcels: dict[OrderId, list[PackageId]] = {}
        for row in await connection.fetch(_PARCELS_OF, going):
            parcels.setdefault(OrderId(row["order_id"]), []).append(PackageId(row["id"]))
        for order_id in going:
            if order_id not in parcels:
                left_out[order_id] = LeftOut(
                    numbers[order_id], "It has no parcel yet: it gets one when its stock is reserved.", order_id
                )
        package_ids = list(dict.fromkeys(each for order_id in going for each in parcels.get(order_id, ())))
        if len(package_ids) > MOST_SLIPS:
            raise Refused(
                "slips.too_many",
                f"These are {len(package_ids):,} packing slips, and one document takes {MOST_SLIPS:,}: print them wave by wave.",
            )
        found = await _read(connection, database, package_ids)
        return Slips(
            tuple(found[each] for each in package_ids if each in found),
            tuple(left_out[order_id] for order_id in order_ids if order_id in left_out),
        )


async def slips_of_packages(database: Database, package_ids: Sequence[PackageId]) -> Slips:
    """A slip for each of these parcels; one with a stopped order in it is left out."""
    async with database.pool.acquire() as connection:
        order_ids = [OrderId(row["order_id"]) for row in await connection.fetch(_ORDERS_OF, list(package_ids))]
        _, left_out = await stopped(connection, order_ids)
        stopped_numbers = {each.order_number for each in left_out.values()}
        found = await _read(connection, database, package_ids)
        going = [each for each in package_ids if each in found and not stopped_numbers & _numbers(found[each])]
        return Slips(tuple(found[each] for each in going), tuple(left_out.values()))


def _numbers(slip: PackingSlip) -> set[str]:
    return {order.order_number for order in slip.orders}


async def _read(connection: Any, database: Database, package_ids: Sequence[PackageId]) -> dict[PackageId, PackingSlip]:
    rows: dict[PackageId, list[Any]] = {}
    for row in await connection.fetch(_CONTENTS, list(package_ids)):
        rows.setdefault(PackageId(row["package_id"]), []).append(row)
    return {package_id: _slip(database, package_id, lines) for package_id, lines in rows.items()}


def _slip(database: Database, package_id: PackageId, rows: Sequence[Any]) -> PackingSlip:
    first = rows[0]
    orders: dict[str, list[Any]] = {}
    for row in rows:
        orders.setdefault(row["order_number"], []).append(row)
    address = open_address(database.vault, OrderId(first["order_id"]), first["shipping_address"])
    sender = Address(**first["ship_from"]) if first["ship_from"] else None
    return PackingSlip(
        package_id=package_id,
        shop=plain(first["shop"]),
        ship_from=address_lines(sender) if sender else (plain(first["location"]),),
        ship_to=address_lines(address) if address else (),
        carrier=plain(f"{first['carrier']} {first['service']}"),
        tracking_number=plain(first["tracking_number"]),
        waits_for_stock=first["backordered"],
        orders=tuple(
            SlipOrder(
                order_number=plain(number),
                ordered_on=f"{lines[0]['order_date']:%Y-%m-%d}",
                gift=lines[0]["order_kind"] == "gift",
                items=tuple(
                    SlipItem(
                        plain(line["sku"]),
                        plain(f"{line['name']}, {line['variant']}" if line["variant"] else line["name"]),
                        line["units"],
                        line["unit_price"],
                        line["currency"],
                    )
                    for line in lines
                ),
            )
            for number, lines in orders.items()
        ),
    )


def address_lines(address: Address) -> tuple[str, ...]:
    """An address as it is written on paper."""
    town = " ".join(part for part in (address.city, address.state, address.postal_code) if part)
    lines = (address.name, address.line1, address.line2, town, address.country)
    return tuple(plain(line) for line in lines if plain(line))

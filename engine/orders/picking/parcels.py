"""A parcel at a packing station: which one a scanned code means, what is in it, and what stops it there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from engine.errors import NotFound, Refused
from engine.identifiers import OrderId, PackageId
from engine.orders.opening import open_address
from engine.orders.picking.putting_back import goods_of
from engine.orders.picking.stopping import STOPPED, stop_sentence
from engine.orders.picking.views import ParcelAtHand, ParcelPart
from engine.orders.picking.walk import bin_key
from engine.orders.plain_text import plain
from engine.orders.search import as_uuid, find
from engine.privacy.cipher import Vault

if TYPE_CHECKING:
    from engine.database.connection import Database

# The package that a code names by itself: its label's number, TikTok's id, ours.
_BY_CODE = """
SELECT p.id FROM packages p WHERE p.tracking_number = ANY($1::text[]) AND p.tracking_number <> '' AND p.state <> 'combined'
UNION ALL
SELECT p.id FROM packages p WHERE p.tiktok_package_id = ANY($1::text[]) AND p.tiktok_package_id <> '' AND p.state <> 'combined'
UNION ALL
SELECT p.id FROM packages p WHERE p.id = $2
LIMIT 1
"""

_OF_ORDER = """
SELECT DISTINCT p.id, p.packed_at IS NOT NULL AS packed, p.tracking_number, p.backordered
FROM package_items c JOIN packages p ON p.id = c.package_id
WHERE c.order_id = $1 AND p.state NOT IN ('voided', 'combined') ORDER BY p.id
"""

_PACKAGE = """
SELECT p.id, p.state, p.provider, p.tracking_number, p.packed_at, p.packed_by, p.station, p.backordered, p.label_address,
       coalesce(p.left_at, p.handed_over_at, p.first_scan_at, p.delivered_at) AS left_house,
       EXISTS (SELECT FROM effects e WHERE e.key = 'label:' || p.id || ':' || p.generation AND e.state IN ('intent', 'sent', 'ambiguous'))
         AS label_wanted
FROM packages p WHERE p.id = $1
"""

_ORDERS = f"""
SELECT o.id, o.order_number, o.shipping_address, {STOPPED} AS stopped
FROM (SELECT DISTINCT order_id FROM package_items WHERE package_id = $1) c JOIN orders o ON o.id = c.order_id
LEFT JOIN work w ON w.order_id = o.id ORDER BY o.id
"""  # noqa: S608

_ORDER = f"""
SELECT o.id, o.order_number, {STOPPED} AS stopped FROM orders o LEFT JOIN work w ON w.order_id = o.id WHERE o.id = $1
"""  # noqa: S608

# What a packer holds in hand: of a kit its components, as they were reserved.
_PARTS = """
SELECT coalesce(p.sku, i.product_sku) AS sku, coalesce(p.name, i.product_name) AS name, coalesce(p.barcodes, '{}') AS barcodes,
       coalesce(p.bin, '') AS bin, sum(c.quantity * coalesce(r.per_unit, 1))::int AS quantity,
       array_agg(DISTINCT r.picked_by) FILTER (WHERE r.picked > 0) AS picked_by,
       sum(CASE WHEN k.state = 'open' THEN greatest(c.quantity * r.per_unit - greatest(r.picked - packed.units * r.per_unit, 0), 0)
                ELSE 0 END)::int AS lacking
FROM package_items c
JOIN order_items i ON i.id = c.order_item_id
LEFT JOIN pick_lines k ON k.order_item_id = c.order_item_id
CROSS JOIN LATERAL (
    SELECT coalesce(sum(x.quantity), 0) AS units FROM package_items x JOIN packages y ON y.id = x.package_id
    WHERE x.order_id = c.order_id AND x.order_item_id = c.order_item_id AND x.package_id <> c.package_id
      AND y.packed_at IS NOT NULL AND y.left_at IS NULL
      AND y.state NOT IN ('voided', 'combined')) packed
LEFT JOIN stock_reservations r ON r.order_item_id = c.order_item_id AND r.state = 'active'
LEFT JOIN products p ON p.id = r.product_id
WHERE c.package_id = $1 GROUP BY 1, 2, 3, 4
"""


async def parcel_at_hand(database: Database, text: str) -> ParcelAtHand:
    """The parcel that a code means at a packing station, and whether it may be packed. Raises NotFound, Refused for several."""
    async with database.pool.acquire() as connection:
        typed = " ".join(text.replace("\x00", "").split())
        package_id = await connection.fetchval(_BY_CODE, list({typed, typed.upper()}), as_uuid(typed))
        if package_id is not None:
            return await read_parcel(connection, database.vault, PackageId(package_id))
        order_id = await find(connection, text)
        if order_id is None:
            raise NotFound("parcel.unknown_code", f"{plain(text)!r} is no order and no parcel that is known here.")
        return await parcel_of_order(connection, database.vault, order_id)


async def parcel_of_order(connection: Any, vault: Vault, order_id: OrderId) -> ParcelAtHand:
    """The one parcel of an order that is to be packed now. Raises Refused where there are several."""
    order = await connection.fetchrow(_ORDER, order_id)
    if order["stopped"] in {"cancelled", "shipped", "closed", "not_reserved"}:
        return await _stopped(connection, order, order["stopped"])
    found = [row for row in await connection.fetch(_OF_ORDER, order_id) if not row["backordered"]]
    if not found:
        if order["stopped"]:
            return await _stopped(connection, order, order["stopped"])
        sentence = f"Order {order['order_number']} is not picked yet: it has no parcel."
        return ParcelAtHand(None, order_id, (order["order_number"],), (), sentence, "not_picked")
    unpacked = [row for row in found if not row["packed"]] or found
    if len(unpacked) > 1:
        numbers = ", ".join(row["tracking_number"] or str(row["id"]) for row in unpacked)
        raise Refused(
            "parcel.several",
            f"Order {order['order_number']} is in {len(unpacked)} parcels: scan the label of the one in hand ({numbers}).",
        )
    return await read_parcel(connection, vault, PackageId(unpacked[0]["id"]))


async def read_parcel(connection: Any, vault: Vault, package_id: PackageId) -> ParcelAtHand:
    """One parcel as a packer sees it. Raises NotFound."""
    row = await connection.fetchrow(_PACKAGE, package_id)
    if row is None:
        raise NotFound("parcel.unknown", f"There is no parcel {package_id}.")
    orders = await connection.fetch(_ORDERS, package_id)
    parts = sorted(await connection.fetch(_PARTS, package_id), key=lambda part: (bin_key(part["bin"]), part["sku"]))
    stopped = next((order for order in orders if order["stopped"]), None)
    sentence, code = ("", "") if stopped is None else _stop_of(stopped)
    if not code:
        sentence, code = _not_now(vault, row, orders, parts)
    alarming = stopped if stopped is not None else orders[0]
    back = await goods_of(connection, OrderId(alarming["id"])) if code else []
    return ParcelAtHand(
        package_id=package_id,
        order_id=OrderId(alarming["id"]),
        order_numbers=tuple(order["order_number"] for order in orders),
        parts=tuple(ParcelPart(part["sku"], part["name"], part["quantity"], tuple(part["barcodes"])) for part in parts),
        stop=sentence,
        code=code,
        going_back=tuple(back),
        label=row["tracking_number"] if row["state"] in {"labelled", "told", "in_transit", "delivered"} else "",
        label_wanted=row["label_wanted"],
        packed_by=row["packed_by"] or "",
        packed_at=row["packed_at"],
        station=row["station"],
        picked_by=tuple(sorted({name for part in parts for name in part["picked_by"] or () if name})),
    )


def _stop_of(order: Any) -> tuple[str, str]:
    return stop_sentence(order["stopped"], order["order_number"]), order["stopped"]


def _not_now(vault: Vault, row: Any, orders: Sequence[Any], parts: Sequence[Any]) -> tuple[str, str]:
    """Why this parcel of orders that may go on is not to be packed now, and what kind of reason that is."""
    name = f"order {orders[0]['order_number']}"
    if row["left_house"] is not None:
        return f"The parcel of {name} has left the house.", "left"
    if row["state"] in {"voided", "combined"}:
        return f"This parcel of {name} is none any more: scan the order.", "closed"
    if row["backordered"]:
        return f"This parcel of {name} waits for its stock.", "waits"
    if address_changed(vault, row, orders[0]):
        return (
            f"The address of {name} CHANGED after its label was bought: do not ship it. Void the label and buy another.",
            "address_changed",
        )
    lacking = [(part["lacking"], part["sku"]) for part in parts if part["lacking"]]
    if lacking:
        missing = ", ".join(f"{count} {plain(sku)}" for count, sku in lacking)
        return f"The parcel of {name} is not picked whole: {missing} missing.", "not_picked"
    if row["state"] == "voiding":
        return f"The label of {name} is being given back: wait for the next one.", "voiding"
    return "", ""


def address_changed(vault: Vault, row: Any, order: Any) -> bool:
    """Whether the label has another address than the order. TikTok's own labels are TikTok's to address."""
    if row["state"] not in {"labelled", "told"} or row["provider"] == "tiktok" or row["label_address"] is None:
        return False
    then = open_address(vault, order["id"], row["label_address"])
    now = open_address(vault, order["id"], order["shipping_address"])
    return then is not None and now is not None and then != now


async def _stopped(connection: Any, order: Any, code: str) -> ParcelAtHand:
    order_id = OrderId(order["id"])
    goods = tuple(await goods_of(connection, order_id))
    sentence = stop_sentence(code, order["order_number"])
    return ParcelAtHand(None, order_id, (order["order_number"],), (), sentence, code, goods)

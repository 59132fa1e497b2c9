"""Several orders of one buyer in one parcel, and the way back while its label is not bought.

Each order keeps its own record, its own package (in state `combined`) and its own history; what the shared package's label, telling
and tracking bring moves them all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine.actors import Actor
from engine.database.locks import lock_work
from engine.database.rows import insert_rows
from engine.effects import ledger
from engine.errors import NotFound, Refused
from engine.identifiers import LocationId, OrderId, PackageId, new_id
from engine.orders.marking import mark
from engine.orders.opening import open_address
from engine.orders.parcels.arranging import tell_combined, tell_uncombined
from engine.privacy.cipher import MASK, Vault
from engine.words import WorkflowState
from engine.workflow.advance import advance
from engine.workflow.explain import state_words
from engine.workflow.facts import ImportMode, OrderFacts
from engine.workflow.reading import read_facts
from engine.workflow.writing_combined import restore

if TYPE_CHECKING:
    from engine.database.connection import Database

MOST_ORDERS = 20
"""As many orders as TikTok takes under one tracking number."""

_RECIPIENTS = """
SELECT id, order_number, shipping_type, delivery_option_id, shipping_address, masked FROM orders WHERE id = ANY($1::uuid[])
"""

# A purchase is under way once a worker has claimed it.
_LABELS_UNDER_WAY = """
SELECT package_id FROM (
    SELECT e.package_id, e.state, e.lease_until FROM packages p JOIN effects e ON e.key = 'label:' || p.id || ':' || p.generation
    WHERE p.id = ANY($1::uuid[]) FOR UPDATE OF e) e
WHERE state IN ('sent', 'ambiguous') OR state = 'intent' AND lease_until IS NOT NULL
"""

_COMBINE = """
UPDATE packages SET state = 'combined', combined_into = $2, version = version + 1, updated_at = now() WHERE id = ANY($1::uuid[])
"""

_SHARED = """
SELECT p.id, p.state, p.generation, array_agg(DISTINCT c.order_id) AS orders
FROM packages p JOIN package_items c ON c.package_id = p.id
WHERE p.id = $1 AND EXISTS (SELECT FROM packages one WHERE one.combined_into = p.id) GROUP BY p.id
"""

_END = "UPDATE packages SET state = 'voided', version = version + 1, updated_at = now() WHERE id = $1"


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether one order may go into the shared parcel; `sentence` says why not."""

    order_id: OrderId
    order_number: str
    code: str = ""
    sentence: str = ""


@dataclass(frozen=True, slots=True)
class Combination:
    """The shared package, if every order may go into it and it was asked for; else the reasons, and nothing changed."""

    package_id: PackageId | None
    verdicts: tuple[Verdict, ...]

    @property
    def refused(self) -> bool:
        return any(verdict.code for verdict in self.verdicts)


async def combine(
    database: Database, order_ids: Sequence[OrderId], *, actor: Actor, reason: str = "", write: bool = True
) -> Combination:
    """Put these orders into one parcel, or say of each why it cannot be. With `write` False nothing is done: a preview."""
    wanted = list(dict.fromkeys(order_ids))
    if len(wanted) < 2:
        raise Refused("combine.too_few", "One order alone is not combined: name two or more of one buyer.")
    if len(wanted) > MOST_ORDERS:
        raise Refused(
            "combine.too_many", f"TikTok takes at most {MOST_ORDERS} orders in one parcel, not {len(wanted)}."
        )

    async def run(connection: Any) -> Combination:
        await lock_work(connection, sorted(wanted))
        found = {order.order_id: order for order in await read_facts(connection, database.vault, wanted)}
        verdicts = await _judge(connection, database.vault, wanted, found)
        if not write or any(verdict.code for verdict in verdicts):
            return Combination(None, tuple(verdicts))
        orders = [found[order_id] for order_id in wanted]
        package_id = await _write(connection, database.vault, orders, actor, reason)
        await advance(connection, database.vault, sorted(wanted))
        return Combination(package_id, tuple(verdicts))

    return await database.run(run)


async def uncombine(database: Database, package_id: PackageId, *, actor: Actor, reason: str = "") -> list[OrderId]:
    """Give each order of a shared package its own one back. Raises NotFound, or Refused once the label is bought or being bought."""

    async def run(connection: Any) -> list[OrderId]:
        seen = await connection.fetchrow(_SHARED, package_id)
        if seen is None:
            raise NotFound("parcel.not_combined", "That parcel is not a combined one.")
        await lock_work(connection, sorted(seen["orders"]))
        under_way = await connection.fetch(_LABELS_UNDER_WAY, [package_id])
        shared = await connection.fetchrow(_SHARED, package_id)
        if shared is None:
            raise Refused("parcel.changed_meanwhile", "That parcel was taken apart meanwhile.")
        if shared["state"] != "planned":
            raise Refused(
                "parcel.label_bought", "The combined parcel has its label: void it first, then take it apart."
            )
        if under_way:
            raise Refused(
                "parcel.label_under_way",
                "The combined parcel's label is being bought: wait for it, then void it first.",
            )
        orders = sorted(OrderId(order_id) for order_id in shared["orders"])
        await ledger.void_labels(connection, [package_id])
        await restore(connection, [package_id])
        await connection.execute(_END, package_id)
        await ledger.next_heads(connection, orders)
        told = {"package": str(package_id), "reason": reason}
        await mark(connection, database.vault, "parcel.uncombined", actor, dict.fromkeys(orders, told))
        await tell_uncombined(connection, orders, package_id)
        await advance(connection, database.vault, orders)
        return orders

    return await database.run(run)


async def _judge(
    connection: Any, vault: Vault, wanted: Sequence[OrderId], found: dict[OrderId, OrderFacts]
) -> list[Verdict]:
    rows = {row["id"]: row for row in await connection.fetch(_RECIPIENTS, list(wanted))}
    packages = [package.package_id for order in found.values() for package in order.packages]
    under_way = {row["package_id"] for row in await connection.fetch(_LABELS_UNDER_WAY, packages)}
    addresses = {key: _recipient(vault, row) for key, row in rows.items()}
    first = next((key for key in wanted if key in found), None)
    verdicts = []
    for order_id in wanted:
        number = rows[order_id]["order_number"] if order_id in rows else str(order_id)
        code, why = _alone(found.get(order_id), under_way)
        if not code and addresses[order_id] is None:
            code, why = "combine.no_address", "has no address that can be read"
        if not code and first is not None and first != order_id:
            code, why = _together(rows[order_id], rows[first], found[order_id], found[first])
            if not code and addresses[order_id] != addresses[first]:
                code, why = (
                    "combine.other_address",
                    f"goes to another buyer or address than {rows[first]['order_number']}",
                )
        verdicts.append(Verdict(order_id, number, code, f"Order {number} {why}." if code else ""))
    return verdicts


def _alone(order: OrderFacts | None, under_way: set[Any]) -> tuple[str, str]:
    """Why this order can share no parcel at all."""
    if order is None:
        return "order.closed", "is closed, or not worked here"
    if order.fulfilled_by_tiktok or order.policies.import_mode is ImportMode.OBSERVE:
        return "order.not_worked", "is not worked here"
    if order.state is not WorkflowState.INVENTORY_RESERVED:
        return "combine.state", f"is {state_words(order.state)}"
    if order.cancel_requested:
        return "combine.cancel_requested", "has a buyer who asks to cancel it"
    if order.holds:
        return "order.held", f"is held ({', '.join(order.holds)})"
    if any(package.shared for package in order.packages):
        return "combine.already", "shares a parcel already: take that apart first"
    if any(package.state != "planned" for package in order.packages):
        return "combine.label_bought", "has its label already: void it first"
    if any(package.package_id in under_way for package in order.packages):
        return "combine.label_under_way", "has a label that is being bought: wait for it, then void it first"
    if len(order.packages) > 1 or len({item.location_id for item in order.items if item.quantity}) > 1:
        return "combine.split", "is split into several parcels"
    return "", ""


def _together(row: Any, first: Any, order: OrderFacts, other: OrderFacts) -> tuple[str, str]:
    """Why this order cannot share a parcel with the first one."""
    number = first["order_number"]
    if order.shop_id != other.shop_id:
        return "combine.other_shop", f"is of another shop than {number}"
    if row["delivery_option_id"] != first["delivery_option_id"] or row["shipping_type"] != first["shipping_type"]:
        return "combine.other_delivery", f"has another delivery option than {number}"
    if _location(order) != _location(other):
        return "combine.other_location", f"ships from another location than {number}"
    return "", ""


def _recipient(vault: Vault, row: Any) -> tuple[str, ...] | None:
    """Who gets the parcel and where, in a form that may be compared."""
    address = open_address(vault, row["id"], row["shipping_address"])
    if address is None or row["masked"] or MASK in (address.name, address.line1):
        return None
    return tuple(" ".join(str(getattr(address, name)).casefold().split()) for name in type(address).__slots__)


def _location(order: OrderFacts) -> LocationId:
    return next((item.location_id for item in order.items if item.quantity), order.location_id)


async def _write(connection: Any, vault: Vault, orders: Sequence[OrderFacts], actor: Actor, reason: str) -> PackageId:
    combined, location = PackageId(new_id()), _location(orders[0])
    contents = [
        (order, item.item_id, quantity, (item.weight_grams or 0) * quantity)
        for order in orders
        for item in order.items
        if (quantity := item.quantity)
    ]
    own = {order.order_id: PackageId(new_id()) for order in orders if not order.packages}
    weights = {order.order_id: sum(w for each, _, _, w in contents if each is order) for order in orders}
    await insert_rows(
        connection,
        "packages",
        ("id", "shop_id", "location_id", "weight_grams"),
        [
            (combined, orders[0].shop_id, location, sum(weights.values()) or None),
            *((key, orders[0].shop_id, location, weights[order_id] or None) for order_id, key in own.items()),
        ],
    )
    await insert_rows(
        connection,
        "package_items",
        ("package_id", "order_item_id", "order_id", "quantity"),
        [
            (key, item_id, order.order_id, quantity)
            for order, item_id, quantity, _ in contents
            for key in (combined, own.get(order.order_id))
            if key is not None
        ],
    )
    originals = sorted({*own.values(), *(package.package_id for order in orders for package in order.packages)})
    await ledger.void_labels(connection, originals)
    await connection.execute(_COMBINE, originals, combined)
    await ledger.next_heads(connection, sorted(order.order_id for order in orders))
    told = {"package": str(combined), "orders": [order.order_number for order in orders], "reason": reason}
    await mark(connection, vault, "parcel.combined", actor, {order.order_id: told for order in orders})
    await tell_combined(connection, [order.order_id for order in orders], combined)
    return combined

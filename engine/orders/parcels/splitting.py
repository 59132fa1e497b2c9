"""One order in several parcels: quantities of its items move into a package of their own, before any label is bought for them.

What is short may be put off the same way: what is there ships, and a parcel of the rest waits for its stock.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine.actors import Actor
from engine.database.locks import lock_work
from engine.database.rows import insert_rows
from engine.errors import NotFound, Refused
from engine.identifiers import ItemId, LocationId, OrderId, PackageId, new_id
from engine.orders.marking import mark
from engine.orders.parcels.arranging import keep_skus_together, tell_split
from engine.orders.parcels.rows import Parcel, lock_parcels
from engine.words import ExecutionStatus, WorkflowState
from engine.workflow.advance import Push, advance
from engine.workflow.explain import state_words
from engine.workflow.facts import ImportMode, ItemFacts, OrderFacts, PackageFacts
from engine.workflow.parcels import PACKING
from engine.workflow.reading import read_facts

if TYPE_CHECKING:
    from engine.database.connection import Database

_SHRINK = """
UPDATE package_items c SET quantity = c.quantity - d.quantity
FROM unnest($2::uuid[], $3::int[]) AS d(item, quantity) WHERE c.package_id = $1 AND c.order_item_id = d.item AND c.quantity > d.quantity
"""
_EMPTY = """
DELETE FROM package_items c USING unnest($2::uuid[], $3::int[]) AS d(item, quantity)
WHERE c.package_id = $1 AND c.order_item_id = d.item AND c.quantity <= d.quantity
"""
_WEIGH = "UPDATE packages SET weight_grams = $2, version = version + 1, updated_at = now() WHERE id = $1"
_BACKORDERED = "UPDATE packages SET backordered = true WHERE id = $1"

# Which unit goes in which parcel, once a line is in several: TikTok is told by units. Those placed already stay where they are, as
# far as their parcel still has room for them; the others fill what is left, in order.
_PLACE_UNITS = """
WITH room AS (
    SELECT c.order_item_id, c.package_id, row_number() OVER (PARTITION BY c.order_item_id, c.package_id ORDER BY n) AS seat
    FROM package_items c JOIN packages p ON p.id = c.package_id AND p.state NOT IN ('voided', 'combined')
    CROSS JOIN LATERAL generate_series(1, c.quantity) AS n
    WHERE c.order_id = $1
), units AS (
    SELECT u.id, u.order_item_id, u.package_id, u.tiktok_line_id,
           row_number() OVER (PARTITION BY u.order_item_id, u.package_id ORDER BY u.tiktok_line_id) AS seat
    FROM order_item_units u WHERE u.order_id = $1 AND u.channel_status <> 'CANCELLED' AND NOT u.elsewhere
), kept AS (
    SELECT u.id, r.order_item_id, r.package_id, r.seat FROM units u
    JOIN room r ON r.order_item_id = u.order_item_id AND r.package_id = u.package_id AND r.seat = u.seat
), free AS (
    SELECT r.order_item_id, r.package_id, row_number() OVER (PARTITION BY r.order_item_id ORDER BY r.package_id, r.seat) AS place
    FROM room r WHERE NOT EXISTS (
        SELECT FROM kept k WHERE k.order_item_id = r.order_item_id AND k.package_id = r.package_id AND k.seat = r.seat)
), loose AS (
    SELECT u.id, u.order_item_id, row_number() OVER (PARTITION BY u.order_item_id ORDER BY u.tiktok_line_id) AS place
    FROM units u WHERE NOT EXISTS (SELECT FROM kept k WHERE k.id = u.id)
)
UPDATE order_item_units u SET package_id = f.package_id
FROM loose l JOIN free f ON f.order_item_id = l.order_item_id AND f.place = l.place WHERE u.id = l.id
"""

Part = tuple[ItemId, int]
"""An item of the order, and how many of it."""


@dataclass(frozen=True, slots=True)
class _Source:
    facts: PackageFacts
    parcel: Parcel


async def split(
    database: Database, order_id: OrderId, parts: Sequence[Part], *, actor: Actor, reason: str = ""
) -> PackageId:
    """Move these quantities into a package of their own, which ships from where the others do. Answers the new package.

    Raises NotFound or Refused; then nothing has changed.
    """

    async def run(connection: Any) -> PackageId:
        order = await _locked(connection, database, order_id)
        wanted = _counted(order, parts)
        source = await _source(connection, database, order, wanted)
        package_id = PackageId(new_id())
        rest = {key: n - wanted.get(key, 0) for key, n in source.facts.contents.items() if n > wanted.get(key, 0)}
        if not rest:
            raise Refused(
                "split.everything", f"Order {order.order_number}: that is the whole parcel; leave something in it."
            )
        others = [each.contents for each in order.packages if each.package_id != source.facts.package_id]
        await keep_skus_together(connection, order, [wanted, rest, *others])
        await _insert(connection, order, package_id, source.parcel.location_id, wanted)
        items, quantities = list(wanted), list(wanted.values())
        await connection.execute(_EMPTY, source.facts.package_id, items, quantities)
        await connection.execute(_SHRINK, source.facts.package_id, items, quantities)
        await connection.execute(_WEIGH, source.facts.package_id, _weight(order, rest))
        await connection.execute(_PLACE_UNITS, order_id)
        await mark(connection, database.vault, "parcel.split", actor, {order_id: _told(order, wanted, reason)})
        await tell_split(connection, order)
        await advance(connection, database.vault, [order_id])
        return package_id

    return await database.run(run)


async def ship_what_is_there(database: Database, order_id: OrderId, *, actor: Actor, reason: str = "") -> PackageId:
    """Let a short order go on with what is in stock, and put the rest into a parcel that waits for it. Answers that parcel.

    Raises NotFound or Refused; then nothing has changed.
    """
    return await database.run(lambda connection: ship_there(connection, database, order_id, actor=actor, reason=reason))


async def ship_there(
    connection: Any, database: Database, order_id: OrderId, *, actor: Actor, reason: str = ""
) -> PackageId:
    """`ship_what_is_there` in a transaction of the caller."""
    order = await _locked(connection, database, order_id, reserved=False)
    if order.failure_code not in {"", "out_of_stock"} or order.state not in _SHORT:
        raise Refused(
            "split.not_short", f"Order {order.order_number} is {state_words(order.state)}, not short of stock."
        )
    there, rest = _by_availability(order)
    if not rest:
        raise Refused("split.not_short", f"Order {order.order_number} is short of nothing: it goes on by itself.")
    if not there:
        raise Refused("split.nothing_there", f"Order {order.order_number}: nothing of it is in stock yet.")
    await keep_skus_together(connection, order, [*there.values(), *rest.values()])
    for location_id, contents in there.items():
        await _insert(connection, order, PackageId(new_id()), location_id, contents)
    waiting = [(PackageId(new_id()), location_id, contents) for location_id, contents in rest.items()]
    for package_id, location_id, contents in waiting:
        await _insert(connection, order, package_id, location_id, contents)
        await connection.execute(_BACKORDERED, package_id)
    await connection.execute(_PLACE_UNITS, order_id)
    put_off = {item: n for _, _, contents in waiting for item, n in contents.items()}
    await mark(connection, database.vault, "parcel.put_off", actor, {order_id: _told(order, put_off, reason)})
    await tell_split(connection, order)
    trigger = "resume" if order.execution is ExecutionStatus.FAILED else "reserve_inventory"
    push = Push(trigger, actor, reason or "what is there ships", by_person=True)
    [moved] = await advance(connection, database.vault, [order_id], {order_id: push})
    if moved.code or moved.state not in PACKING:
        raise Refused(
            moved.code or "split.changed_meanwhile",
            moved.sentence or f"Order {order.order_number} did not go on: its stock was taken meanwhile. Try again.",
        )
    return waiting[0][0]


_SHORT = frozenset({WorkflowState.VALIDATED, WorkflowState.FAILED})


async def _locked(connection: Any, database: Database, order_id: OrderId, *, reserved: bool = True) -> OrderFacts:
    await lock_work(connection, [order_id])
    found = await read_facts(connection, database.vault, [order_id])
    if not found:
        known = await connection.fetchval("SELECT order_number FROM orders WHERE id = $1", order_id)
        if known is None:
            raise NotFound("order.not_found", f"There is no order {order_id}.")
        raise Refused("order.closed", f"Order {known} is closed.")
    [order] = found
    if order.fulfilled_by_tiktok or order.policies.import_mode is ImportMode.OBSERVE:
        raise Refused("order.not_worked", f"Order {order.order_number} is not worked here.")
    if reserved and order.state not in PACKING:
        raise Refused(
            "split.state",
            f"Order {order.order_number} is {state_words(order.state)}: it can be split once its stock is reserved.",
        )
    return order


def _counted(order: OrderFacts, parts: Sequence[Part]) -> Counter[ItemId]:
    wanted = Counter[ItemId]()
    known = {item.item_id: item for item in order.items}
    for item_id, quantity in parts:
        if item_id not in known:
            raise NotFound("split.unknown_item", f"Order {order.order_number} has no such item.")
        if quantity < 1:
            raise Refused(
                "split.quantity", f"{quantity} is no quantity of {known[item_id].sku} to split off: give 1 or more."
            )
        wanted[item_id] += quantity
    if not wanted:
        raise Refused("split.nothing", f"Order {order.order_number}: say what goes into the other parcel.")
    return wanted


async def _source(connection: Any, database: Database, order: OrderFacts, wanted: Mapping[ItemId, int]) -> _Source:
    """The one package that all of it is taken from; an order without any gets one first."""
    if not order.packages:
        contents: dict[LocationId, dict[ItemId, int]] = {}
        for item in order.items:
            if item.quantity:
                contents.setdefault(item.location_id, {})[item.item_id] = item.quantity
        for location_id, inside in contents.items():
            await _insert(connection, order, PackageId(new_id()), location_id, inside)
        [order] = await read_facts(connection, database.vault, [order.order_id])
    names = {item.item_id: item.sku for item in order.items}
    fitting = [
        package
        for package in order.packages
        if not package.left and all(package.contents.get(key, 0) >= quantity for key, quantity in wanted.items())
    ]
    if not fitting:
        asked = ", ".join(f"{quantity} of {names[key]}" for key, quantity in wanted.items())
        raise Refused("split.not_together", f"Order {order.order_number} has no parcel with {asked} in it.")
    parcels = await lock_parcels(connection, [package.package_id for package in fitting])
    for package, parcel in zip(fitting, parcels, strict=True):
        if package.state == "planned" and not (parcel.label_under_way or package.shared):
            return _Source(package, parcel)
    if any(package.shared for package in fitting):
        raise Refused(
            "split.combined", f"Order {order.order_number} travels in a combined parcel: take that apart first."
        )
    if any(parcel.label_under_way for parcel in parcels):
        raise Refused(
            "parcel.label_under_way",
            f"The label of order {order.order_number} is being bought: wait, then void it first.",
        )
    raise Refused(
        "parcel.label_bought", f"The parcel of order {order.order_number} has its label: void it first, then split it."
    )


def _by_availability(
    order: OrderFacts,
) -> tuple[dict[LocationId, dict[ItemId, int]], dict[LocationId, dict[ItemId, int]]]:
    """What is there of each item, taken off the shelf as it is counted, and what is not; each by where it ships from."""
    there: dict[LocationId, dict[ItemId, int]] = {}
    rest: dict[LocationId, dict[ItemId, int]] = {}
    for item in order.items:
        units = _available(order, item)
        order.shelf.take_for(order, {item.item_id: units})
        if units:
            there.setdefault(item.location_id, {})[item.item_id] = units
        if item.quantity > units:
            rest.setdefault(item.location_id, {})[item.item_id] = item.quantity - units
    return there, rest


def _available(order: OrderFacts, item: ItemFacts) -> int:
    free = [
        order.shelf.available.get((part.product_id, item.location_id), 0) // part.per_unit if part.product_id else 0
        for part in item.parts
    ]
    return max(0, min([item.quantity, *free])) if free else 0


async def _insert(
    connection: Any, order: OrderFacts, package_id: PackageId, location_id: LocationId, contents: Mapping[ItemId, int]
) -> None:
    columns = ("id", "shop_id", "location_id", "weight_grams")
    await insert_rows(
        connection, "packages", columns, [(package_id, order.shop_id, location_id, _weight(order, contents))]
    )
    await insert_rows(
        connection,
        "package_items",
        ("package_id", "order_item_id", "order_id", "quantity"),
        [(package_id, item_id, order.order_id, quantity) for item_id, quantity in contents.items()],
    )


def _weight(order: OrderFacts, contents: Mapping[ItemId, int]) -> int | None:
    return sum((item.weight_grams or 0) * contents.get(item.item_id, 0) for item in order.items) or None


def _told(order: OrderFacts, contents: Mapping[ItemId, int], reason: str) -> dict[str, Any]:
    names = {item.item_id: item.sku for item in order.items}
    return {"parts": {names[key]: quantity for key, quantity in contents.items()}, "reason": reason}

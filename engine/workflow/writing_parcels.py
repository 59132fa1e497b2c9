"""Writes what a batch does to packages: planned, handed over, voided; and what leaves or arrives in one while others wait.

An order that is one parcel needs only `write_packages`; its stock is written with its step by `writing_stock`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from engine.database.rows import insert_rows
from engine.identifiers import ItemId, new_id
from engine.workflow.facts import PackageFacts
from engine.workflow.plan import OrderPlan
from engine.workflow.writing_stock import Movements, record

_HANDED_OVER = """
UPDATE packages SET handed_over_at = coalesce(handed_over_at, now()), version = version + 1, updated_at = now()
WHERE id = ANY($1::uuid[])
"""

# One that is being voided already, to be labelled anew, is not labelled anew.
_VOID_PACKAGES = """
UPDATE packages SET state = CASE WHEN state = 'planned' THEN 'voided' ELSE 'voiding' END, after_void = '', track_due_at = NULL,
       updated_at = now(), version = version + 1
WHERE id = ANY($1::uuid[]) AND state IN ('planned', 'labelled', 'told', 'voiding')
"""

_LEFT = "UPDATE packages SET left_at = now(), updated_at = now(), version = version + 1 WHERE id = ANY($1::uuid[])"

_ARRIVED = (
    "UPDATE packages SET backordered = false, updated_at = now(), version = version + 1 WHERE id = ANY($1::uuid[])"
)

_ITEMS_LEFT = """
UPDATE order_items i
SET shipped_quantity = i.shipped_quantity + d.units, updated_at = now(),
    fulfillment_status = CASE WHEN i.shipped_quantity + d.units >= i.quantity - i.cancelled_quantity THEN 'shipped'::fulfillment_status_enum
                              ELSE i.fulfillment_status END
FROM (SELECT id, sum(units)::int AS units FROM unnest($1::uuid[], $2::int[]) AS m(id, units) GROUP BY id) d
WHERE i.id = d.id
"""

# What a parcel takes of a reservation that others share is cut off it, and becomes a reservation consumed of its own.
_CUT_OFF = """
WITH leaving AS (
    SELECT id, sum(units)::int AS units FROM unnest($1::uuid[], $2::int[]) AS m(id, units) GROUP BY id
), cut AS (
    UPDATE stock_reservations r SET quantity = r.quantity - l.units * r.per_unit, picked = greatest(r.picked - l.units * r.per_unit, 0)
    FROM leaving l WHERE r.order_item_id = l.id AND r.state = 'active' AND r.quantity > l.units * r.per_unit
    RETURNING r.order_id, r.order_item_id, r.product_id, r.location_id, r.per_unit, r.attempt, l.units * r.per_unit AS share
)
INSERT INTO stock_reservations (order_id, order_item_id, product_id, location_id, quantity, per_unit, state, attempt, closed_at)
SELECT order_id, order_item_id, product_id, location_id, share, per_unit, 'consumed', attempt, now() FROM cut
RETURNING id, order_id, product_id, location_id, quantity
"""
_TAKE_WHOLE = """
UPDATE stock_reservations r SET state = 'consumed', closed_at = now()
FROM (SELECT id, sum(units)::int AS units FROM unnest($1::uuid[], $2::int[]) AS m(id, units) GROUP BY id) l
WHERE r.order_item_id = l.id AND r.state = 'active' AND r.quantity <= l.units * r.per_unit
RETURNING r.id, r.order_id, r.product_id, r.location_id, r.quantity
"""

_RESERVE_MORE = """
INSERT INTO stock_reservations AS r (id, order_id, order_item_id, product_id, location_id, quantity, per_unit)
SELECT d.id, d.order_id, d.item, d.product, d.location, d.quantity, d.per_unit
FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::uuid[], $6::int[], $7::int[])
  AS d(id, order_id, item, product, location, quantity, per_unit)
ON CONFLICT (order_item_id, product_id, location_id) WHERE state = 'active'
DO UPDATE SET quantity = r.quantity + excluded.quantity
"""

_ITEMS_ARRIVED = """
UPDATE order_items SET fulfillment_status = 'reserved', updated_at = now() WHERE id = ANY($1::uuid[])
"""

_PICK_MORE = """
INSERT INTO pick_lines AS p (id, order_id, order_item_id, location_id, bin, quantity, state)
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::text[], $6::int[], $7::text[])
ON CONFLICT (order_item_id) DO UPDATE
SET quantity = excluded.quantity + CASE WHEN p.state = 'open' THEN p.quantity ELSE 0 END, state = excluded.state, closed_at = NULL,
    wave_id = CASE WHEN p.state = 'open' THEN p.wave_id END
"""


async def write_packages(connection: Any, plans: Sequence[OrderPlan]) -> None:
    """The packages themselves: new ones with what is in them, then what became of the others."""
    planned = [package for plan in plans for package in plan.packages]
    if planned:
        await insert_rows(
            connection,
            "packages",
            ("id", "shop_id", "location_id", "weight_grams"),
            [
                (package.package_id, package.order.shop_id, package.location_id, package.weight_grams)
                for package in planned
            ],
        )
        await insert_rows(
            connection,
            "package_items",
            ("package_id", "order_item_id", "order_id", "quantity"),
            [
                (package.package_id, item.item_id, package.order.order_id, quantity)
                for package in planned
                for item, quantity in package.contents
            ],
        )
    handed = {p.package_id for plan in plans if plan.handed_over for p in plan.order.packages}
    handed |= {package_id for plan in plans for package_id in plan.handed}
    if handed:
        await connection.execute(_HANDED_OVER, sorted(handed))
    voided = [p.package_id for plan in plans if plan.void_packages for p in plan.order.packages if not p.shared]
    if voided:
        await connection.execute(_VOID_PACKAGES, sorted(voided))


async def write_contents(connection: Any, plans: Sequence[OrderPlan]) -> Movements:
    """What arrived for a parcel that waited for it, and what left in one while others of its order stay.

    The levels are still to be moved by what is answered.
    """
    arrived = [(plan, package) for plan in plans for package in plan.arrived]
    leaving = [(plan, package) for plan in plans for package in plan.leaving]
    movements: Movements = []
    if arrived:
        movements += await _write_arrived(connection, arrived)
    if leaving:
        movements += await _write_left(connection, leaving)
    await record(connection, movements)
    return movements


async def _write_left(connection: Any, leaving: Sequence[tuple[OrderPlan, PackageFacts]]) -> Movements:
    await connection.execute(_LEFT, sorted({package.package_id for _, package in leaving}))
    items = [item_id for _, package in leaving for item_id in package.contents]
    units = [quantity for _, package in leaving for quantity in package.contents.values()]
    await connection.execute(_ITEMS_LEFT, items, units)
    # In this order: what is left of a reservation that was cut is not to be taken whole after it.
    rows = [*await connection.fetch(_TAKE_WHOLE, items, units), *await connection.fetch(_CUT_OFF, items, units)]
    actors = {plan.order.order_id: plan.actor.name for plan, _ in leaving}
    return [
        (
            row["product_id"],
            row["location_id"],
            "consume",
            -row["quantity"],
            -row["quantity"],
            actors[row["order_id"]],
            row["order_id"],
            f"consume:{row['id']}",
        )
        for row in rows
    ]


async def _write_arrived(connection: Any, arrived: Sequence[tuple[OrderPlan, PackageFacts]]) -> Movements:
    await connection.execute(_ARRIVED, sorted({package.package_id for _, package in arrived}))
    units_of = Counter[ItemId]()
    for _, package in arrived:
        units_of.update(package.contents)
    plans = {plan.order.order_id: plan for plan, _ in arrived}
    lines = [
        (plan, item, units_of[item.item_id])
        for plan in plans.values()
        for item in plan.order.items
        if item.item_id in units_of
    ]
    parts = [
        (new_id(), plan, item, part, units * part.per_unit)
        for plan, item, units in lines
        for part in item.parts
        if part.product_id is not None
    ]
    await connection.execute(
        _RESERVE_MORE,
        [key for key, *_ in parts],
        [plan.order.order_id for _, plan, *_ in parts],
        [item.item_id for _, _, item, *_ in parts],
        [part.product_id for *_, part, _ in parts],
        [item.location_id for _, _, item, *_ in parts],
        [quantity for *_, quantity in parts],
        [part.per_unit for *_, part, _ in parts],
    )
    await connection.execute(_ITEMS_ARRIVED, sorted({item.item_id for _, item, _ in lines}))
    await connection.execute(
        _PICK_MORE,
        [new_id() for _ in lines],
        [plan.order.order_id for plan, *_ in lines],
        [item.item_id for _, item, _ in lines],
        [item.location_id for _, item, _ in lines],
        [item.bin for _, item, _ in lines],
        [units for *_, units in lines],
        ["picked" if plan.order.policies.pick == "auto" else "open" for plan, *_ in lines],
    )
    return [
        (
            part.product_id,
            item.location_id,
            "reserve",
            0,
            quantity,
            plan.actor.name,
            plan.order.order_id,
            f"reserve:{key}",
        )
        for key, plan, item, part, quantity in parts
    ]

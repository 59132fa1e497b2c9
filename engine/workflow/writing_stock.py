"""Writes what a batch does to the stock ledger: reserve, release, consume.

Release and consume take their quantities from the reservations they flip, never from the caller, so doing either twice changes
nothing the second time. The levels are what all orders of a product share, so they are moved last and locked, sorted by key, only then;
a level's own checks refuse a reservation that was decided on what is no longer there.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from engine.database.locks import lock_stock
from engine.database.rows import insert_rows
from engine.identifiers import new_id
from engine.workflow.plan import OrderPlan

# Units cancelled since they were reserved stay on the shelf when the others leave it.
_FLIP = """
UPDATE stock_reservations r SET state = $2, closed_at = now()
FROM order_items i
WHERE r.order_id = ANY($1::uuid[]) AND r.state = 'active' AND i.id = r.order_item_id
RETURNING r.id, r.order_id, r.product_id, r.location_id, r.quantity,
          least(r.quantity, (i.quantity - i.cancelled_quantity) * r.per_unit) AS leaving
"""

MOVE_LEVELS = """
UPDATE stock_levels l
SET on_hand = l.on_hand + d.on_hand, reserved = l.reserved + d.reserved, version = l.version + 1
FROM (SELECT product_id, location_id, sum(on_hand)::int AS on_hand, sum(reserved)::int AS reserved
      FROM unnest($1::uuid[], $2::uuid[], $3::int[], $4::int[]) AS m(product_id, location_id, on_hand, reserved)
      GROUP BY product_id, location_id) d
WHERE l.product_id = d.product_id AND l.location_id = d.location_id
"""

Movements = list[tuple[Any, ...]]
"""Rows of the ledger without their ids."""

_MOVEMENT = (
    "id",
    "product_id",
    "location_id",
    "kind",
    "delta_on_hand",
    "delta_reserved",
    "actor",
    "order_id",
    "idempotency_key",
)
_PRODUCT, _LOCATION, _ON_HAND, _RESERVED = 0, 1, 3, 4
"""Where a movement, as gathered here, has what moves the levels."""


async def write_stock(connection: Any, plans: Sequence[OrderPlan]) -> Movements:
    """Reserve for the plans that reserve, flip the reservations of those that release or consume, book every movement.

    The levels are still to be moved by what is answered.
    """
    movements = await _reserve(connection, plans)
    actors = {plan.order.order_id: plan.actor.name for plan in plans}
    for state, kind, takes in (("released", "release", False), ("consumed", "consume", True)):
        orders = [plan.order.order_id for plan in plans if (plan.consume if takes else plan.release)]
        if not orders:
            continue
        for row in await connection.fetch(_FLIP, orders, state):
            quantity = row["quantity"]
            movements.append(
                (
                    row["product_id"],
                    row["location_id"],
                    kind,
                    -row["leaving"] if takes else 0,
                    -quantity,
                    actors[row["order_id"]],
                    row["order_id"],
                    f"{kind}:{row['id']}",
                )
            )
    await record(connection, movements)
    return movements


async def record(connection: Any, movements: Movements) -> None:
    """Put these movements into the ledger."""
    await insert_rows(connection, "stock_movements", _MOVEMENT, [(new_id(), *each) for each in movements])


async def move_levels(connection: Any, movements: Movements) -> set[UUID]:
    """Move the levels by these movements, and answer the products of which there is more to be had now.

    Raises asyncpg's CheckViolationError for what is not there.
    """
    if not movements:
        return set()
    products, locations, on_hand, reserved = (
        [each[place] for each in movements] for place in (_PRODUCT, _LOCATION, _ON_HAND, _RESERVED)
    )
    await lock_stock(connection, set(zip(products, locations, strict=True)))
    await connection.execute(MOVE_LEVELS, products, locations, on_hand, reserved)
    return {each[_PRODUCT] for each in movements if each[_ON_HAND] > each[_RESERVED]}


async def _reserve(connection: Any, plans: Sequence[OrderPlan]) -> list[tuple[Any, ...]]:
    lines = [
        (new_id(), plan, item, part)
        for plan in plans
        if plan.reserve
        for item in plan.order.items
        for part in item.parts
        if part.product_id is not None and item.quantity
    ]
    await insert_rows(
        connection,
        "stock_reservations",
        ("id", "order_id", "order_item_id", "product_id", "location_id", "quantity", "per_unit"),
        [
            (
                key,
                plan.order.order_id,
                item.item_id,
                part.product_id,
                item.location_id,
                item.quantity * part.per_unit,
                part.per_unit,
            )
            for key, plan, item, part in lines
        ],
    )
    return [
        (
            part.product_id,
            item.location_id,
            "reserve",
            0,
            item.quantity * part.per_unit,
            plan.actor.name,
            plan.order.order_id,
            f"reserve:{key}",
        )
        for key, plan, item, part in lines
        if plan.record_reservation
    ]

"""Shortfall: stock that was promised and is not there. The orders that can still wait give theirs back, and say so.

Those that are least urgent go first. An order whose label is bought keeps its units: somebody has to void the label first.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from engine.actors import Actor
from engine.database.locks import lock_work
from engine.errors import Refused
from engine.identifiers import OrderId
from engine.inventory.booking import Place
from engine.orders.problems import Problem
from engine.privacy.cipher import Vault
from engine.words import ErrorClass
from engine.workflow.advance import Push, advance
from engine.workflow.plan import Cause

# Orders whose goods are promised and nothing else has happened: no label, no second parcel, nobody asking the carrier right now.
# Index: stock_reservations_active_key, which holds what is promised now and nothing else.
_CAN_WAIT = """
SELECT r.order_id, o.order_number, sum(r.quantity)::int AS quantity
FROM stock_reservations r JOIN orders o ON o.id = r.order_id
JOIN order_workflows w ON w.order_id = o.id AND w.workflow_status = 'running'
WHERE r.state = 'active' AND r.product_id = $1 AND r.location_id = $2 AND o.workflow_status = 'inventory_reserved'
  AND ($3::uuid[] IS NULL OR r.order_id = ANY($3))
  AND NOT EXISTS (
      SELECT FROM package_items c JOIN packages p ON p.id = c.package_id
      WHERE c.order_id = r.order_id AND (p.state NOT IN ('planned', 'voided') OR p.backordered))
  AND NOT EXISTS (
      SELECT FROM effects e WHERE e.order_id = r.order_id AND e.kind = 'buy_label' AND e.state IN ('sent', 'ambiguous'))
GROUP BY r.order_id, o.order_number, o.priority_level, o.expected_ship_date, o.order_date
ORDER BY o.priority_level, o.expected_ship_date DESC NULLS FIRST, o.order_date DESC, r.order_id DESC
"""


@dataclass(frozen=True, slots=True)
class Shortfall:
    """An order that lost what was promised to it."""

    order_id: OrderId
    order_number: str
    sku: str
    quantity: int


class RoomTaken(Exception):  # never leaves this package
    """What was to be taken moved meanwhile: the transaction is to be repeated from the start."""


async def make_room(
    connection: Any, vault: Vault, needs: Mapping[Place, int], *, actor: Actor, reason: str
) -> list[Shortfall]:
    """Take back so many promised units of each place, or more where the last order held more. The caller holds no level yet.

    Raises Refused when labelled parcels hold them, RoomTaken when the orders moved on meanwhile.
    """
    chosen: set[OrderId] = set()
    for place, units in needs.items():
        found = 0
        for row in await connection.fetch(_CAN_WAIT, place.product_id, place.location_id, None):
            if found >= units:
                break
            chosen.add(OrderId(row["order_id"]))
            found += row["quantity"]
        if found < units:
            raise Refused(
                "stock.in_parcels",
                f"{units - found} more of {place.sku} would be missing in parcels that have labels, or in held stock: "
                "void those labels, or write the units off held stock, then book it again.",
            )
    await lock_work(connection, sorted(chosen))
    lost: list[Shortfall] = []
    for place in needs:
        rows = await connection.fetch(_CAN_WAIT, place.product_id, place.location_id, sorted(chosen))
        lost += [Shortfall(OrderId(row["order_id"]), row["order_number"], place.sku, row["quantity"]) for row in rows]
    if {each.order_id for each in lost} != chosen:
        raise RoomTaken
    await take_back(connection, vault, lost, actor=actor, reason=reason)
    return lost


async def take_back(connection: Any, vault: Vault, lost: Collection[Shortfall], *, actor: Actor, reason: str) -> None:
    """Have these orders, whose work the caller holds, fail as out of stock and wait for more."""
    pushes = {each.order_id: Push("fail", actor, reason, out_of_stock(each), gives_back=True) for each in lost}
    await advance(connection, vault, sorted(pushes), pushes)


def out_of_stock(lost: Shortfall) -> Cause:
    """Why the order fails: what was promised to it turned out not to be there."""
    problem = Problem(
        "out_of_stock",
        lost.sku,
        f"{lost.sku} was promised and is not there: {lost.quantity} short.",
        f"Receive stock of {lost.sku}; the order goes on by itself, or retry it.",
    )
    return Cause((problem,), ErrorClass.BUSINESS, {f"short of {lost.sku}": str(lost.quantity)})

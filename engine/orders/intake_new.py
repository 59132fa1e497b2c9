"""Facts about orders nobody knew: decided at once, and written as they were decided.

A new order's first moves are made before its first row is written, so that no row is written only to be changed in the same
transaction. What happened in between is in its history all the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any

from engine.database.locks import lock_stock, read_stock
from engine.identifiers import OrderId, ShopId
from engine.inventory.catalogue import read_catalogue
from engine.orders.intake_rows import insert_orders, insert_rest
from engine.orders.new_order import NewOrder, new_order
from engine.orders.shop_rows import ShopRow
from engine.ports import OrderFact
from engine.privacy.cipher import Vault
from engine.words import ExecutionStatus, WorkflowState
from engine.workflow.advance import decide
from engine.workflow.facts import Shelf
from engine.workflow.machine import default_machine
from engine.workflow.writing import audit_entry, remember_failures, write_consequences


class Pace(StrEnum):
    """How new orders begin: at once, at once with the shelf locked first, or later by the runner."""

    FAST = "fast"
    CAREFUL = "careful"
    LATER = "later"


async def create(
    connection: Any,
    vault: Vault,
    shops: Mapping[ShopId, ShopRow],
    fresh: Sequence[tuple[OrderFact, bytes]],
    pace: Pace,
) -> dict[str, OrderId]:
    """Write new orders. Those that another session wrote first are absent from the answer."""
    if not fresh:
        return {}
    now = await connection.fetchval("SELECT now()")
    wanted = sorted({(shops[fact.shop_id].user_id, unit.seller_sku) for fact, _ in fresh for unit in fact.units})
    catalogue = await read_catalogue(connection, wanted)
    # Ids rise with the order's own time, so that of two orders that came together the older is served first.
    oldest_first = sorted(fresh, key=lambda each: (each[0].order_time, each[0].tiktok_order_id))
    new = [new_order(vault, shops[fact.shop_id], fact, digest, catalogue, now) for fact, digest in oldest_first]
    if pace is not Pace.LATER:
        await _decide(connection, vault, new, pace)
    new = await insert_orders(connection, new)
    if new:
        await insert_rest(connection, vault, new)
        await write_consequences(connection, [order.plan for order in new if order.plan and order.plan.moved])
    return {order.fact.tiktok_order_id: order.order_id for order in new}


async def _decide(connection: Any, vault: Vault, new: Sequence[NewOrder], pace: Pace) -> None:
    deciding = [order for order in new if order.facts.execution is ExecutionStatus.RUNNING]
    asking = [order.facts for order in deciding if order.facts.state is WorkflowState.NEW and not order.held]
    keys = {key for facts in asking for key in facts.shelf_keys()}
    shelf = Shelf(await read_stock(connection, keys) if keys else {})
    # Where there is plenty the levels' own checks are guard enough. An order is found short under lock only, so that stock which arrives
    # at the same moment finds it waiting.
    if keys and (pace is Pace.CAREFUL or not shelf.covers(asking)):
        shelf = Shelf(await lock_stock(connection, keys))
    machine = default_machine()
    for order in deciding:
        order.facts.shelf = shelf
        order.plan, _ = decide(machine, order.facts, None)
    moved = [order for order in deciding if order.plan is not None and order.plan.moved]
    remember_failures([order.plan for order in moved if order.plan is not None])
    for order in moved:
        assert order.plan is not None
        order.entries.append(audit_entry(vault, order.plan))

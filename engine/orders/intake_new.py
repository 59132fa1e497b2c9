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
from engine.inventory.waking import BACKLOG, awaited
from engine.orders.intake_rows import insert_orders, insert_rest
from engine.orders.intake_rules import chosen_editions, give_rulings
from engine.orders.new_order import NewOrder, new_order
from engine.orders.shop_rows import ShopRow
from engine.ports.facts import OrderFact
from engine.privacy.cipher import Vault
from engine.words import ExecutionStatus
from engine.workflow.advance import decide
from engine.workflow.definition import Edition
from engine.workflow.facts import OrderFacts, Shelf
from engine.workflow.library import usable_edition
from engine.workflow.machines import Unusable, Workflow, machines_of
from engine.workflow.rules.writing import write_breaks, write_rulings
from engine.workflow.writing import audit_entry, remember_failures, write_consequences

_NOW = f"SELECT now(), {BACKLOG}"


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
    """Write new orders. Raises asyncpg's UniqueViolationError when another session wrote one of them first."""
    if not fresh:
        return {}
    now, backlog = await connection.fetchrow(_NOW)
    wanted = sorted({(shops[fact.shop_id].user_id, unit.seller_sku) for fact, _ in fresh for unit in fact.units})
    catalogue = await read_catalogue(connection, wanted)
    editions = {key: await usable_edition(connection, shop.edition) for key, shop in shops.items()}
    workflows = await machines_of(connection, editions.values())
    # Ids rise with the order's own time, so that of two orders that came together the older is served first.
    oldest_first = sorted(fresh, key=lambda each: (each[0].order_time, each[0].tiktok_order_id))

    def begun(chosen: Mapping[str, Edition]) -> list[NewOrder]:
        orders = []
        for fact, digest in oldest_first:
            edition = chosen.get(fact.tiktok_order_id, editions[fact.shop_id])
            orders.append(
                new_order(vault, shops[fact.shop_id], edition, workflows[edition], fact, digest, catalogue, now)
            )
        return orders

    new = begun({})
    chosen = await chosen_editions(connection, new)
    if chosen:
        workflows |= await machines_of(connection, chosen.values())
        new = begun(chosen)
    if pace is not Pace.LATER:
        await _decide(connection, vault, workflows, new, pace, backlog=backlog)
    await insert_orders(connection, new)
    await insert_rest(connection, vault, new)
    plans = [order.plan for order in new if order.plan is not None]
    moved = [plan for plan in plans if plan.moved]
    await write_rulings(connection, vault, moved)
    await write_consequences(connection, moved)
    await write_breaks(connection, vault, plans)
    return {order.fact.tiktok_order_id: order.order_id for order in new}


async def _decide(
    connection: Any,
    vault: Vault,
    workflows: Mapping[Edition, Workflow],
    new: Sequence[NewOrder],
    pace: Pace,
    *,
    backlog: bool,
) -> None:
    # One whose definition cannot be run is left to the runner, which puts it in front of a person.
    deciding = [
        (order, workflow)
        for order in new
        if order.facts.execution is ExecutionStatus.RUNNING
        and not isinstance(workflow := workflows[order.facts.edition], Unusable)
    ]
    asking = [order.facts for order, workflow in deciding if workflow.needs[order.facts.state].shelf and not order.held]
    keys = {key for facts in asking for key in facts.shelf_keys()}
    shelf = Shelf(await read_stock(connection, keys) if keys else {})
    # Where there is plenty the levels' own checks are guard enough. An order is found short under lock only, so that stock which arrives
    # at the same moment finds it waiting.
    if keys and (pace is Pace.CAREFUL or not shelf.covers(asking)):
        shelf = Shelf(await lock_stock(connection, keys))
    kept = await _kept_for_others(connection, shelf, asking) if backlog else set()
    deciding = [(order, workflow) for order, workflow in deciding if order.order_id not in kept]
    await give_rulings(connection, [order for order, _ in deciding])
    for order, workflow in deciding:
        order.facts.shelf = shelf
        order.plan, _ = decide(workflow, order.facts, None)
    moved = [order for order, _ in deciding if order.plan is not None and order.plan.moved]
    remember_failures([order.plan for order in moved if order.plan is not None])
    for order in moved:
        assert order.plan is not None
        order.entries.append(audit_entry(vault, order.plan))


async def _kept_for_others(connection: Any, shelf: Shelf, asking: Sequence[OrderFacts]) -> set[OrderId]:
    """The orders that would take what an older one waits for: they are left to the runner, which serves the oldest first."""
    there = {product_id for (product_id, _), available in shelf.available.items() if available > 0}
    wanted = await awaited(connection, there) if there else set()
    return {
        order.order_id
        for order in asking
        if any(product_id in wanted for product_id, _ in order.shelf_keys()) and not shelf.short(order)
    }

"""Facts about orders nobody knew: decided at once, and written as they were decided.

A new order's first moves are made before its first row is written, so that no row is written only to be changed in the same
transaction. What happened in between is in its history all the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from engine.database.locks import lock_stock
from engine.identifiers import OrderId, ProductId, ShopId, UserId
from engine.orders.intake_rows import insert_orders, insert_rest
from engine.orders.new_order import Catalogue, NewOrder, Product, new_order
from engine.orders.shop_rows import ShopRow
from engine.ports import OrderFact
from engine.privacy.cipher import Vault
from engine.words import ExecutionStatus, WorkflowState
from engine.workflow.advance import decide
from engine.workflow.facts import Shelf
from engine.workflow.machine import default_machine
from engine.workflow.writing import audit_entry, remember_failures, write_consequences

_PRODUCTS = """
SELECT p.user_id, p.sku, p.id, p.weight_grams, p.bin
FROM unnest($1::uuid[], $2::text[]) AS d(user_id, sku) JOIN products p ON p.user_id = d.user_id AND p.sku = d.sku
"""


async def create(
    connection: Any,
    vault: Vault,
    shops: Mapping[ShopId, ShopRow],
    fresh: Sequence[tuple[OrderFact, bytes]],
    *,
    go_on: bool,
) -> dict[str, OrderId]:
    """Write new orders. Those that another session wrote first are absent from the answer.

    With `go_on` False they are written as they begin, and left to the runner.
    """
    if not fresh:
        return {}
    now = await connection.fetchval("SELECT now()")
    catalogue = await _read_catalogue(connection, shops, [fact for fact, _ in fresh])
    new = [new_order(vault, shops[fact.shop_id], fact, digest, catalogue, now) for fact, digest in fresh]
    if go_on:
        await _decide(connection, vault, new)
    new = await insert_orders(connection, new)
    if new:
        await insert_rest(connection, vault, new)
        await write_consequences(connection, [order.plan for order in new if order.plan and order.plan.moved])
    return {order.fact.tiktok_order_id: order.order_id for order in new}


async def _decide(connection: Any, vault: Vault, new: Sequence[NewOrder]) -> None:
    deciding = [order for order in new if order.facts.execution is ExecutionStatus.RUNNING]
    keys = {
        (item.product_id, order.facts.location_id)
        for order in deciding
        if order.facts.state is WorkflowState.NEW and not order.held
        for item in order.facts.items
        if item.product_id is not None
    }
    shelf = Shelf(await lock_stock(connection, keys) if keys else {})
    machine = default_machine()
    for order in deciding:
        order.facts.shelf = shelf
        order.plan, _ = decide(machine, order.facts, None)
    moved = [order for order in deciding if order.plan is not None and order.plan.moved]
    remember_failures([order.plan for order in moved if order.plan is not None])
    for order in moved:
        assert order.plan is not None
        order.entries.append(audit_entry(vault, order.plan))


async def _read_catalogue(connection: Any, shops: Mapping[ShopId, ShopRow], facts: Sequence[OrderFact]) -> Catalogue:
    wanted = sorted({(shops[fact.shop_id].user_id, unit.seller_sku) for fact in facts for unit in fact.units})
    rows = await connection.fetch(_PRODUCTS, [user for user, _ in wanted], [sku for _, sku in wanted])
    return {
        (UserId(row["user_id"]), row["sku"]): Product(ProductId(row["id"]), row["weight_grams"], row["bin"])
        for row in rows
    }

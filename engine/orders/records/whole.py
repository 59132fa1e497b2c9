"""One order with everything that belongs to it, and single orders as they are now."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from engine.errors import NotFound
from engine.identifiers import OrderId
from engine.orders.plain_text import plain
from engine.orders.records.reading import (
    NOTES,
    RECORD_COLUMNS,
    to_history,
    to_item,
    to_parcel,
    to_record,
    to_step,
)
from engine.orders.records.values import OrderRecord, WholeOrder, WorkflowRecord
from engine.privacy.cipher import Vault

_ORDERS = f"""
SELECT {RECORD_COLUMNS} FROM unnest($1::uuid[]) WITH ORDINALITY AS d(id, place) JOIN orders o ON o.id = d.id {NOTES} ORDER BY d.place
"""  # noqa: S608
# Indexes: order_items_order_index, order_workflows_order_index, order_workflow_steps_order_index,
# order_status_history_order_index, package_items_order_index.
_ITEMS = "SELECT * FROM order_items WHERE order_id = $1 ORDER BY id"
_WORKFLOW = "SELECT * FROM order_workflows WHERE order_id = $1 ORDER BY id DESC LIMIT 1"
_STEPS = "SELECT * FROM order_workflow_steps WHERE order_id = $1 ORDER BY id"
_HISTORY = "SELECT * FROM order_status_history WHERE order_id = $1 ORDER BY id"
_PARCELS = """
SELECT p.* FROM packages p WHERE p.id IN (SELECT pi.package_id FROM package_items pi WHERE pi.order_id = $1) ORDER BY p.id
"""


async def record(connection: Any, vault: Vault, order_id: UUID) -> OrderRecord:
    """One order. Raises NotFound, also for one that the caller may not see."""
    found = await records(connection, vault, [order_id])
    if not found:
        raise NotFound("order.not_found", f"There is no order {order_id}.")
    return found[0]


async def records(connection: Any, vault: Vault, order_ids: Sequence[UUID]) -> list[OrderRecord]:
    """These orders as they are now, in the given order; those there are not are left out."""
    return [to_record(row, vault) for row in await connection.fetch(_ORDERS, list(order_ids))]


async def whole(connection: Any, vault: Vault, order_id: OrderId) -> WholeOrder:
    """The order and all of its rows; one moment's where the caller's transaction is one snapshot. Raises NotFound."""
    order = await record(connection, vault, order_id)
    return WholeOrder(
        order=order,
        items=[to_item(row) for row in await connection.fetch(_ITEMS, order_id)],
        workflow=await latest_workflow(connection, order_id),
        status_history=[to_history(row) for row in await connection.fetch(_HISTORY, order_id)],
        parcels=[to_parcel(row) for row in await connection.fetch(_PARCELS, order_id)],
    )


async def latest_workflow(connection: Any, order_id: OrderId) -> WorkflowRecord | None:
    """The order's latest execution with its steps; None for an order that never had one."""
    row = await connection.fetchrow(_WORKFLOW, order_id)
    if row is None:
        return None
    steps = [to_step(step) for step in await connection.fetch(_STEPS, order_id) if step["workflow_id"] == row["id"]]
    return WorkflowRecord(
        id=row["id"],
        order_id=row["order_id"],
        workflow_name=plain(row["workflow_name"]),
        current_step=plain(row["current_step"]),
        workflow_status=row["workflow_status"],
        started_at=row["started_at"],
        completed_at=row["completed_at"],
        failed_at=row["failed_at"],
        workflow_config=row["workflow_config"],
        step_history=steps,
        error_count=row["error_count"],
        last_error=plain(row["last_error"]) or None,
        retry_after=row["retry_after"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )

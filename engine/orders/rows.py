"""The line of the orders table: what is read for each order of a window, and how it becomes an `OrderRow`."""

from __future__ import annotations

from typing import Any

from engine.identifiers import OrderId
from engine.orders.opening import open_text
from engine.orders.plain_text import plain
from engine.orders.views import OrderKey, OrderRow
from engine.privacy.cipher import Vault
from engine.words import ExecutionStatus, OrderStatus, PaymentStatus, WorkflowState

# Meant for a window that was picked first, since each order costs some lookups; `picked` gives id and sort_value.
ROW_COLUMNS = """
    o.id, o.order_number, o.order_status, o.workflow_status, o.payment_status, o.channel_status, o.customer_name,
    o.total_amount, o.currency, o.order_date, o.expected_ship_date, o.priority_level, o.tags, o.version, o.updated_at,
    coalesce(w.workflow_status, (SELECT c.workflow_status FROM order_workflows c WHERE c.order_id = o.id
                                  ORDER BY c.id DESC LIMIT 1)) AS execution, coalesce(k.waiting_for, '') AS waiting_for,
    ARRAY(SELECT h.reason FROM holds h WHERE h.order_id = o.id AND h.released_at IS NULL ORDER BY h.reason) AS holds,
    (SELECT s.name FROM shops s WHERE s.id = o.shop_id) AS shop,
    (SELECT u.display_name FROM users u WHERE u.id = o.user_id) AS creator,
    (SELECT u.display_name FROM users u WHERE u.id = o.assigned_to) AS assigned_to,
    (SELECT f.code FROM failures f WHERE f.order_id = o.id AND f.resolved_at IS NULL
      ORDER BY f.created_at DESC LIMIT 1) AS failure_code,
    (SELECT p.tracking_number FROM package_items pi JOIN packages p ON p.id = pi.package_id
      WHERE pi.order_id = o.id AND p.tracking_number <> '' AND p.state <> 'voided'
      ORDER BY p.id DESC LIMIT 1) AS tracking_number,
    i.first_name, i.first_quantity, i.lines, i.units, picked.sort_value
"""

ROW_JOINS = """
    JOIN orders o ON o.id = picked.id
    LEFT JOIN order_workflows w ON w.order_id = o.id AND w.workflow_status IN ('running', 'failed', 'paused')
    LEFT JOIN work k ON k.order_id = o.id
    LEFT JOIN LATERAL (
        SELECT (array_agg(i.product_name ORDER BY i.id))[1] AS first_name,
               (array_agg(i.quantity ORDER BY i.id))[1] AS first_quantity,
               count(*) AS lines, sum(i.quantity - i.cancelled_quantity) AS units
          FROM order_items i WHERE i.order_id = o.id
    ) i ON true
"""


def to_row(record: Any, vault: Vault) -> OrderRow:
    """One record of ROW_COLUMNS, opened and cleaned."""
    order_id = OrderId(record["id"])
    status = OrderStatus(record["order_status"])
    return OrderRow(
        order_id=order_id,
        order_number=plain(record["order_number"]),
        order_status=status,
        workflow_state=WorkflowState(record["workflow_status"]),
        execution=execution_of(record["execution"], status),
        payment_status=PaymentStatus(record["payment_status"]),
        channel_status=plain(record["channel_status"]),
        customer_name=open_text(vault, "orders.customer_name", order_id, record["customer_name"]),
        items_summary=_items_summary(record["first_name"], record["first_quantity"], record["lines"]),
        units=record["units"] or 0,
        total_amount=record["total_amount"],
        currency=plain(record["currency"]),
        order_date=record["order_date"],
        ship_by=record["expected_ship_date"],
        tracking_number=plain(record["tracking_number"]),
        priority=record["priority_level"],
        tags=tuple(plain(tag) for tag in record["tags"]),
        held=bool(record["holds"]),
        waiting_for=record["waiting_for"],
        failure_code=record["failure_code"] or "",
        version=record["version"],
        updated_at=record["updated_at"],
        key=OrderKey(record["sort_value"], order_id),
        shop=plain(record["shop"]),
        creator=plain(record["creator"]),
        assigned_to=plain(record["assigned_to"]),
        holds=tuple(record["holds"]),
    )


def execution_of(execution: str | None, status: OrderStatus) -> ExecutionStatus:
    """How the order's last workflow stands; of one that has none, how it must have ended."""
    if execution is not None:
        return ExecutionStatus(execution)
    return ExecutionStatus.CANCELLED if status is OrderStatus.CANCELLED else ExecutionStatus.COMPLETED


def _items_summary(first_name: str | None, first_quantity: int | None, lines: int) -> str:
    if not lines:
        return ""
    summary = f"{first_quantity}× {plain(first_name)}"  # noqa: RUF001
    return f"{summary}, +{lines - 1}" if lines > 1 else summary

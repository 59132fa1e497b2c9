"""Everything one order's pane shows, read from one snapshot of the database."""

from __future__ import annotations

from typing import Any

from engine.clock import database_now
from engine.database.connection import Connection, Database
from engine.errors import NotFound
from engine.identifiers import OrderId, PackageId
from engine.inventory.stock import short_of
from engine.orders.opening import open_address, open_text
from engine.orders.plain_text import plain
from engine.orders.rows import ROW_COLUMNS, ROW_JOINS, to_row
from engine.orders.timeline import timeline
from engine.orders.views import CancelRequest, FailureView, ItemView, OrderDetail, OrderRow, PackageView, WorkflowView
from engine.orders.why import ActiveHold, Standstill, why
from engine.privacy.cipher import Vault
from engine.words import Dependency, ExecutionStatus, FulfilmentStatus, HoldReason, OrderKind, OrderStatus
from engine.workflow.facts import ShipOn, ShopPolicies
from engine.workflow.failure_groups import open_failure
from engine.workflow.library import packaged_edition
from engine.workflow.machines import Unusable, Workflow, machines_of
from engine.workflow.reading import edition_of
from engine.workflow.requests import trigger_for

_ROW = f"""
WITH picked AS MATERIALIZED (SELECT o.id, o.order_date AS sort_value FROM orders o WHERE o.id = $1)
SELECT {ROW_COLUMNS}, o.customer_email, o.customer_phone, o.shipping_address, o.shipping_method, o.shipping_cost,
       o.buyer_message, o.cancel_requested, o.order_kind, o.replaces_order_id, k.due_at, shops.policies
  FROM picked {ROW_JOINS} JOIN shops ON shops.id = o.shop_id
"""  # noqa: S608

# Index: cancellations_order_index.
_CANCEL_REQUEST = """
SELECT tiktok_cancel_id, reason, respond_by FROM cancellations WHERE order_id = $1 AND channel_status LIKE '%PENDING'
ORDER BY respond_by NULLS LAST LIMIT 1
"""
_REPLACED_BY = """
SELECT other.order_number FROM orders o JOIN orders other ON other.replaces_order_id = o.tiktok_order_id
 WHERE o.id = $1 ORDER BY other.id
"""

_ITEMS = "SELECT * FROM order_items WHERE order_id = $1 ORDER BY id"

# The key of the purchase that stands: voided generations keep theirs in the timeline.
_PACKAGES = """
SELECT p.*, coalesce(e.key, '') AS label_key,
       (SELECT array_agg(i.product_sku ORDER BY i.id) FROM package_items c JOIN order_items i ON i.id = c.order_item_id
         WHERE c.package_id = p.id AND c.order_id = $1) AS skus,
       (SELECT array_agg(c.quantity ORDER BY c.order_item_id) FROM package_items c
         WHERE c.package_id = p.id AND c.order_id = $1) AS quantities,
       (SELECT array_agg(DISTINCT o.order_number) FROM package_items c JOIN orders o ON o.id = c.order_id
         WHERE c.package_id = p.id AND c.order_id <> $1) AS shared_with
  FROM packages p LEFT JOIN effects e ON e.key = 'label:' || p.id || ':' || p.generation
 WHERE p.id IN (SELECT pi.package_id FROM package_items pi WHERE pi.order_id = $1) ORDER BY p.id
"""

# Only open workflows are indexed by order; the newest step leads to any.
_WORKFLOW = """
SELECT w.*, d.digest FROM order_workflows w
  LEFT JOIN workflow_definitions d ON d.name = w.workflow_name AND d.version = w.workflow_version
 WHERE w.id = coalesce(
    (SELECT o.id FROM order_workflows o
      WHERE o.order_id = $1 AND o.workflow_status IN ('running', 'failed', 'paused')),
    (SELECT s.workflow_id FROM order_workflow_steps s WHERE s.order_id = $1 ORDER BY s.id DESC LIMIT 1))
"""

_HOLDS = """
SELECT id, reason, note, placed_by, until FROM holds
 WHERE order_id = $1 AND released_at IS NULL ORDER BY placed_at
"""

_NOTE_BY = """
SELECT author FROM notes
 WHERE order_id = $1 AND must_acknowledge AND acknowledged_at IS NULL ORDER BY created_at LIMIT 1
"""

_OPEN_EFFECT = """
SELECT error, due_at FROM effects
 WHERE order_id = $1 AND dependency = $2 AND state IN ('intent', 'sent', 'ambiguous') ORDER BY sequence LIMIT 1
"""
_PARCEL = """
SELECT tracking_detail, first_scan_at FROM packages
 WHERE tracking_number = $1 AND tracking_number <> '' ORDER BY id DESC LIMIT 1
"""
_GATE = "SELECT dependency, opened_until FROM gates WHERE dependency = $1 AND opened_until > now()"
_DAEMON_ALIVE = (
    "SELECT EXISTS (SELECT FROM daemons WHERE stopped_at IS NULL AND beat_at > now() - interval '6 seconds')"
)

_WAITS_FOR_DEPENDENCY = {"label": Dependency.CARRIER, "tiktok": Dependency.TIKTOK}


async def detail(database: Database, order_id: OrderId) -> OrderDetail:
    """The whole order. Raises NotFound."""
    vault = database.vault
    async with (
        database.pool.acquire() as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        record = await connection.fetchrow(_ROW, order_id)
        if record is None:
            raise NotFound("order.not_found", f"There is no order {order_id}.")
        row = to_row(record, vault)
        failure = await open_failure(connection, order_id)
        return OrderDetail(
            row=row,
            why=why(await _standstill(connection, vault, record, row, failure)),
            email=open_text(vault, "orders.customer_email", order_id, record["customer_email"]),
            phone=open_text(vault, "orders.customer_phone", order_id, record["customer_phone"]),
            address=open_address(vault, order_id, record["shipping_address"]),
            shipping_method=plain(record["shipping_method"]),
            shipping_cost=record["shipping_cost"],
            buyer_message=open_text(vault, "orders.buyer_message", order_id, record["buyer_message"]),
            items=tuple(_item(item) for item in await connection.fetch(_ITEMS, order_id)),
            packages=tuple(_package(package) for package in await connection.fetch(_PACKAGES, order_id)),
            workflow=await _workflow(connection, row),
            failure=failure,
            timeline=await timeline(connection, vault, order_id),
            kind=OrderKind(record["order_kind"]),
            replaces=plain(record["replaces_order_id"]),
            cancel_request=_cancel_request(await connection.fetchrow(_CANCEL_REQUEST, order_id)),
            replaced_by=tuple(plain(each["order_number"]) for each in await connection.fetch(_REPLACED_BY, order_id)),
        )


def _cancel_request(record: Any) -> CancelRequest | None:
    if record is None:
        return None
    return CancelRequest(plain(record["tiktok_cancel_id"]), plain(record["reason"]), record["respond_by"])


async def _standstill(
    connection: Connection, vault: Vault, record: Any, row: OrderRow, failure: FailureView | None
) -> Standstill:
    holds = await connection.fetch(_HOLDS, row.order_id) if row.held else []
    dependency = _WAITS_FOR_DEPENDENCY.get(row.waiting_for)
    effect = await connection.fetchrow(_OPEN_EFFECT, row.order_id, dependency) if dependency else None
    gate = await connection.fetchrow(_GATE, dependency) if dependency else None
    parcel = await connection.fetchrow(_PARCEL, row.tracking_number) if row.tracking_number else None
    return Standstill(
        now=await database_now(connection),
        execution=row.execution,
        status=row.order_status,
        state=row.workflow_state,
        waiting_for=row.waiting_for,
        due_at=record["due_at"],
        holds=tuple(
            ActiveHold(
                reason=HoldReason(hold["reason"]),
                placed_by=plain(hold["placed_by"]),
                note=open_text(vault, "holds.note", hold["id"], hold["note"]),
                until=hold["until"],
            )
            for hold in holds
        ),
        failure=failure,
        note_by=plain(await connection.fetchval(_NOTE_BY, row.order_id)) if row.waiting_for == "note" else "",
        cancel_requested=record["cancel_requested"],
        short=tuple(await short_of(connection, row.order_id)) if row.waiting_for == "stock" else (),
        tracking_number=row.tracking_number,
        scan_is_handover=ShopPolicies.read(record["policies"]).ship_on is ShipOn.FIRST_SCAN,
        scanned=parcel is not None and parcel["first_scan_at"] is not None,
        tracking_detail=plain(parcel["tracking_detail"]) if parcel else "",
        effect_error=plain(effect["error"]) if effect else "",
        effect_due_at=effect["due_at"] if effect else None,
        gate=gate["dependency"] if gate else "",
        gate_until=gate["opened_until"] if gate else None,
        daemon_alive=await connection.fetchval(_DAEMON_ALIVE),
    )


def _item(record: Any) -> ItemView:
    return ItemView(
        sku=plain(record["product_sku"]),
        name=plain(record["product_name"]),
        variant=plain(record["variant_name"]),
        quantity=record["quantity"],
        shipped_quantity=record["shipped_quantity"],
        cancelled_quantity=record["cancelled_quantity"],
        unit_price=record["unit_price"],
        total_price=record["total_price"],
        status=FulfilmentStatus(record["fulfillment_status"]),
        known_product=record["product_id"] is not None,
    )


def _package(record: Any) -> PackageView:
    return PackageView(
        package_id=PackageId(record["id"]),
        state=record["state"],
        carrier=plain(record["carrier"]),
        service=plain(record["service"]),
        tracking_number=plain(record["tracking_number"]),
        tracking_status=record["tracking_status"],
        tracking_detail=plain(record["tracking_detail"]),
        label_cost=record["label_cost"],
        label_currency=record["label_currency"] or "",
        label_key=record["label_key"],
        labelled_at=record["labelled_at"],
        told_at=record["told_at"],
        first_scan_at=record["first_scan_at"],
        delivered_at=record["delivered_at"],
        contents=tuple((plain(sku), units) for sku, units in zip(record["skus"], record["quantities"], strict=True)),
        shared_with=tuple(plain(number) for number in record["shared_with"] or ()),
        waits_for_stock=record["backordered"],
    )


async def _workflow(connection: Connection, row: OrderRow) -> WorkflowView:
    record = await connection.fetchrow(_WORKFLOW, row.order_id)
    edition = edition_of(record) if record else packaged_edition()
    workflow = (await machines_of(connection, [edition]))[edition]
    return WorkflowView(
        name=plain(edition.name),
        version=edition.version,
        state=row.workflow_state,
        execution=ExecutionStatus(record["workflow_status"]) if record else row.execution,
        started_at=record["started_at"] if record else row.order_date,
        error_count=record["error_count"] if record else 0,
        last_error=plain(record["last_error"]) if record else "",
        retry_after=record["retry_after"] if record else None,
        states=() if isinstance(workflow, Unusable) else tuple(state.value for state in workflow.definition.states),
        allowed={status: _why_not(workflow, row, status) for status in OrderStatus},
    )


def _why_not(workflow: Workflow, row: OrderRow, status: OrderStatus) -> str:
    """Empty when a step leads to `status` from here; whether its conditions hold is for the preview to say."""
    if row.execution in {ExecutionStatus.COMPLETED, ExecutionStatus.CANCELLED}:
        return f"Order {row.order_number} is closed."
    return trigger_for(workflow, status, row.order_status, row.workflow_state, row.order_number).sentence

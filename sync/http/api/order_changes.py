"""POST /api/orders/{orderId}/status and …/workflow: what the specification lets be asked of one order."""

from __future__ import annotations

from typing import Annotated, Any

from starlette.responses import Response

from engine.access.permissions import Permission
from engine.database.joined import Joined
from engine.named_requests import Answer
from engine.orders.asked_changes import Told, change_and_tell
from engine.orders.records.values import OrderRecord
from engine.orders.records.whole import latest_workflow, record
from engine.workflow import starting
from sync.http.api.deeds import check
from sync.http.api.order_deed import OrderDeed, on_order
from sync.http.api.routing import new_router
from sync.http.api.shapes.order_changes import (
    TriggerWorkflowRequest,
    TriggerWorkflowResponse,
    UpdateOrderStatusRequest,
    UpdateOrderStatusResponse,
)
from sync.http.api.writing import etag, written

router = new_router("orders")


@router.post(
    "/api/orders/{order_id}/status",
    operation_id="updateOrderStatus",
    response_model=UpdateOrderStatusResponse,
    response_model_exclude_unset=True,
)
async def update_status(
    deed: Annotated[OrderDeed, on_order(Permission.ORDERS_CHANGE)], wanted: UpdateOrderStatusRequest
) -> Response:
    """Ask for a status. The order's workflow takes the step that leads to it, or 409 says why not; then nothing changed."""
    told = Told(customer=wanted.notify_customer is not False, tiktok=wanted.sync_to_tiktok is not False)

    async def change(connection: Any, joined: Joined) -> Answer:
        outcome = await change_and_tell(
            connection,
            joined.vault,
            deed.order_id,
            wanted.status,
            actor=deed.actor,
            reason=wanted.reason or "",
            told=told,
        )
        document: dict[str, Any] = {"success": True}
        as_asked = outcome.code == "order.closed" and outcome.after is wanted.status
        if (
            not as_asked
            and check(outcome)
            and (workflow := await latest_workflow(connection, deed.order_id)) is not None
        ):
            document["workflow_triggered"] = workflow.workflow_name
        order = document["order"] = await record(connection, joined.vault, deed.order_id)
        return about(order, document)

    return await deed.do(change)


@router.post(
    "/api/orders/{order_id}/workflow",
    operation_id="triggerWorkflow",
    response_model=TriggerWorkflowResponse,
    response_model_exclude_unset=True,
)
async def trigger_workflow(
    deed: Annotated[OrderDeed, on_order(Permission.ORDERS_CHANGE)], wanted: TriggerWorkflowRequest
) -> Response:
    """Start a workflow for an order, from the furthest state its facts bear out. While one runs only `force_restart` does."""

    async def trigger(connection: Any, joined: Joined) -> Answer:
        started = await starting.trigger(
            joined,
            deed.order_id,
            wanted.workflow_name,
            wanted.config,
            force_restart=wanted.force_restart,
            actor=deed.actor,
        )
        document: dict[str, Any] = {"success": True, "workflow_id": started.workflow_id}
        if started.estimated_completion is not None:
            document["estimated_completion"] = started.estimated_completion
        version = await connection.fetchval("SELECT version FROM orders WHERE id = $1", deed.order_id)
        return Answer(200, written(document), etag(version))

    return await deed.do(trigger)


def about(order: OrderRecord, document: Any) -> Answer:
    """An answer about an order as it is now."""
    return Answer(200, written(document), etag(order.version), order.user_id)  # type: ignore[arg-type]

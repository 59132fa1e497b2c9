"""What may be asked of orders, and what comes back."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from engine.words import OrderStatus
from sync.http.api.shapes.orders import OrderShape
from sync.http.api.shapes.shape import Asked, Told

Reason = Annotated[str, Field(max_length=255, description="Kept in the order's history.")]


class UpdateOrderStatusRequest(Asked):
    """A status asked for. The order's own workflow decides whether it may have it now."""

    status: OrderStatus
    reason: Reason | None = None
    notify_customer: Annotated[
        bool | None,
        Field(description="False: the buyer gets no notice of this change. Otherwise as the workflow says."),
    ] = None
    sync_to_tiktok: Annotated[
        bool | None,
        Field(
            description="False is refused where TikTok has to be told: the two are kept in step. Otherwise as the workflow says."
        ),
    ] = None


class UpdateOrderStatusResponse(Told):
    """The order as it is now."""

    success: bool
    order: OrderShape
    workflow_triggered: Annotated[
        str | None, Field(description="The workflow whose step was taken; absent when the order was as asked already.")
    ] = None


class TriggerWorkflowRequest(Asked):
    """A workflow to be started for an order. `config` sets policies for this execution alone."""

    workflow_name: Annotated[str, Field(min_length=1, max_length=100)]
    config: Annotated[
        dict[str, Annotated[str, Field(max_length=100)]] | None,
        Field(max_length=20, description="Policies and the word each is set to, such as `pick`: `confirm`."),
    ] = None
    force_restart: bool = False


class TriggerWorkflowResponse(Told):
    """The execution that was started."""

    success: bool
    workflow_id: UUID
    estimated_completion: Annotated[
        datetime | None,
        Field(description="As long as the shop's recent orders took from there; absent where too few did."),
    ] = None


class BulkUpdateStatusRequest(Asked):
    """One status for many orders. `batch_size` is how many are changed in one transaction."""

    order_ids: Annotated[list[UUID], Field(min_length=1, max_length=10_000)]
    status: OrderStatus
    reason: Reason | None = None
    batch_size: Annotated[int | None, Field(ge=1, le=500)] = None


class RefusedOrder(Told):
    """One order that was not changed, and why."""

    order_id: str
    error: str
    code: str


class BulkUpdateStatusResponse(Told):
    """The end of a batch. `success` when none was refused; those that were as asked already count as processed."""

    success: bool
    processed: int
    failed: int
    batch_id: UUID
    errors: Annotated[list[RefusedOrder] | None, Field(description="Absent when none was refused.")] = None

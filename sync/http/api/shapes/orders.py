"""Orders, as the specification's interfaces and tables spell them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from engine.words import (
    ChangeSource,
    ExecutionStatus,
    FulfilmentStatus,
    OrderStatus,
    PackageState,
    PaymentStatus,
    TrackingStatus,
    WorkflowState,
)
from sync.http.api.shapes.amounts import AddressShape, Amount
from sync.http.api.shapes.shape import Told


class OrderShape(Told):
    """A row of `orders`. Null is what TikTok has not told yet, or what the caller may not see."""

    id: UUID
    user_id: UUID
    tiktok_order_id: str
    order_number: str
    order_status: OrderStatus
    workflow_status: WorkflowState
    total_amount: Amount
    currency: str
    payment_status: PaymentStatus
    customer_name: str | None
    customer_email: str | None
    customer_phone: str | None
    shipping_address: AddressShape | None
    shipping_method: str | None
    shipping_cost: Amount | None
    order_date: datetime
    expected_ship_date: datetime | None
    shipped_date: datetime | None
    delivered_date: datetime | None
    order_source: str | None
    priority_level: int
    tags: list[str]
    notes: Annotated[str | None, Field(description="All notes, oldest first, one a line.")]
    last_tiktok_sync: datetime | None
    sync_status: str
    sync_attempts: int
    created_at: datetime
    updated_at: datetime
    version: int


class OrderItemShape(Told):
    """A row of `order_items`."""

    id: UUID
    order_id: UUID
    product_id: UUID | None
    tiktok_product_id: str
    product_name: str
    product_sku: str
    variant_name: str | None
    quantity: int
    unit_price: Amount
    total_price: Amount
    fulfillment_status: FulfilmentStatus
    shipped_quantity: int
    created_at: datetime
    updated_at: datetime


class WorkflowStepShape(Told):
    """One move of an order."""

    from_state: WorkflowState | None
    to_state: WorkflowState
    trigger: str
    actor: str
    reason: str
    created_at: datetime


class OrderWorkflowShape(Told):
    """A row of `order_workflows`, the order's latest."""

    id: UUID
    order_id: UUID
    workflow_name: str
    current_step: str
    workflow_status: ExecutionStatus
    started_at: datetime
    completed_at: datetime | None
    failed_at: datetime | None
    workflow_config: dict[str, Any] | None
    step_history: list[WorkflowStepShape]
    error_count: int
    last_error: str | None
    retry_after: datetime | None
    created_at: datetime
    updated_at: datetime


class OrderStatusHistoryShape(Told):
    """A row of `order_status_history`."""

    id: UUID
    order_id: UUID
    previous_status: OrderStatus | None
    new_status: OrderStatus
    status_reason: str | None
    changed_by: UUID | None
    change_source: ChangeSource
    metadata: dict[str, Any] | None
    created_at: datetime


class ParcelShape(Told):
    """One parcel of an order."""

    id: UUID
    state: PackageState
    carrier: str
    service: str
    tracking_number: str | None
    tracking_status: TrackingStatus
    tracking_detail: str
    label_cost: Amount | None
    label_currency: str | None
    labelled_at: datetime | None
    handed_over_at: datetime | None
    first_scan_at: datetime | None
    delivered_at: datetime | None


class ShippingInfo(Told):
    """How an order travels: of its newest parcel, and all parcels."""

    shipping_method: str | None
    shipping_cost: Amount | None
    carrier: str
    service: str
    label_cost: Amount | None
    label_currency: str | None
    labelled_at: datetime | None
    parcels: list[ParcelShape]


class TrackingInfo(Told):
    """Where an order's newest parcel is."""

    tracking_number: str
    carrier: str
    status: TrackingStatus
    detail: str
    shipped_at: datetime | None
    delivered_at: datetime | None


class WholeOrderShape(OrderShape):
    """An order with everything that belongs to it."""

    items: list[OrderItemShape]
    workflow: Annotated[
        OrderWorkflowShape | None, Field(description="Null for an order that is only shown and never had one.")
    ]
    status_history: list[OrderStatusHistoryShape]
    shipping_info: Annotated[ShippingInfo | None, Field(description="Absent while there is no parcel.")] = None
    tracking_info: Annotated[TrackingInfo | None, Field(description="Absent while there is no tracking number.")] = None


class GetOrderResponse(Told):
    """One order."""

    order: WholeOrderShape


class Pagination(Told):
    """Where a page stands. The cursors lead to the pages beside it and stay right while orders arrive."""

    page: int
    limit: int
    total: int
    total_pages: int
    next_cursor: str | None
    previous_cursor: str | None


class OrdersSummary(Told):
    """What all matching orders come to."""

    total_orders: int
    total_amount: Annotated[Amount | None, Field(description="Null where the orders are in several currencies.")]
    totals_by_currency: dict[str, Amount]
    status_breakdown: dict[OrderStatus, int]


class GetOrdersResponse(Told):
    """A page of orders."""

    orders: list[OrderShape]
    pagination: Pagination
    summary: OrdersSummary

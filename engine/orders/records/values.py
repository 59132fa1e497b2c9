"""One order as the specification spells it: field names are its columns. Money is Decimal, times are UTC, personal text is opened."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from engine.orders.views import OrderKey


@dataclass(frozen=True, slots=True)
class OrderRecord:
    """A row of `orders`. What may be null is null while TikTok has not told it, or to who may not see it."""

    id: UUID
    user_id: UUID
    tiktok_order_id: str
    order_number: str
    order_status: str
    workflow_status: str
    total_amount: Decimal
    currency: str
    payment_status: str
    customer_name: str | None
    customer_email: str | None
    customer_phone: str | None
    shipping_address: dict[str, str] | None
    shipping_method: str | None
    shipping_cost: Decimal | None
    order_date: datetime
    expected_ship_date: datetime | None
    shipped_date: datetime | None
    delivered_date: datetime | None
    order_source: str | None
    priority_level: int
    tags: list[str]
    notes: str | None
    """All notes, oldest first, one a line."""
    last_tiktok_sync: datetime | None
    sync_status: str
    sync_attempts: int
    created_at: datetime
    updated_at: datetime
    version: int


@dataclass(frozen=True, slots=True)
class ItemRecord:
    """A row of `order_items`."""

    id: UUID
    order_id: UUID
    product_id: UUID | None
    tiktok_product_id: str
    product_name: str
    product_sku: str
    variant_name: str | None
    quantity: int
    unit_price: Decimal
    total_price: Decimal
    fulfillment_status: str
    shipped_quantity: int
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class StepRecord:
    """One entry of a workflow's `step_history`."""

    from_state: str | None
    to_state: str
    trigger: str
    actor: str
    reason: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class WorkflowRecord:
    """A row of `order_workflows`, the order's latest."""

    id: UUID
    order_id: UUID
    workflow_name: str
    current_step: str
    workflow_status: str
    started_at: datetime
    completed_at: datetime | None
    failed_at: datetime | None
    workflow_config: dict[str, Any] | None
    step_history: list[StepRecord]
    error_count: int
    last_error: str | None
    retry_after: datetime | None
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class HistoryRecord:
    """A row of `order_status_history`."""

    id: UUID
    order_id: UUID
    previous_status: str | None
    new_status: str
    status_reason: str | None
    changed_by: UUID | None
    change_source: str
    metadata: dict[str, Any] | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class ParcelRecord:
    """One parcel of an order: its label and where it is."""

    id: UUID
    state: str
    carrier: str
    service: str
    tracking_number: str | None
    tracking_status: str
    tracking_detail: str
    label_cost: Decimal | None
    label_currency: str | None
    labelled_at: datetime | None
    handed_over_at: datetime | None
    first_scan_at: datetime | None
    delivered_at: datetime | None


@dataclass(frozen=True, slots=True)
class WholeOrder:
    """An order with everything that belongs to it, of one moment."""

    order: OrderRecord
    items: list[ItemRecord]
    workflow: WorkflowRecord | None
    status_history: list[HistoryRecord]
    parcels: list[ParcelRecord]


@dataclass(frozen=True, slots=True)
class RecordPage:
    """A window of orders. The keys are where it begins and ends; None where it is empty."""

    orders: list[OrderRecord]
    first: OrderKey | None
    last: OrderKey | None
    more_before: bool
    more_after: bool

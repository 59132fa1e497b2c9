"""What people see of orders: the rows, details and groups that queries return. Plain values, already opened where personal."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum

from engine.identifiers import FailureId, OrderId, PackageId
from engine.orders.filters import OrderFilter as OrderFilter  # noqa: PLC0414 - known by this module's name, too
from engine.orders.filters import OrderSort as OrderSort  # noqa: PLC0414
from engine.orders.filters import Pile as Pile  # noqa: PLC0414
from engine.ports.facts import Address
from engine.words import (
    ErrorClass,
    ExecutionStatus,
    FulfilmentStatus,
    OrderKind,
    OrderStatus,
    PaymentStatus,
    WorkflowState,
)


@dataclass(frozen=True, slots=True)
class OrderKey:
    """Where a row stands in its sort: pages are read after or before a key, never by offset."""

    value: datetime | Decimal | str
    order_id: OrderId

    @property
    def row_id(self) -> OrderId:
        return self.order_id

    @property
    def place(self) -> tuple[datetime | Decimal | str, int]:
        """What compares as the rows are sorted."""
        value = self.value
        if isinstance(value, datetime) and value.tzinfo is None:
            value = value.replace(tzinfo=UTC)  # the database's `infinity` comes without a zone
        return value, self.order_id.int


@dataclass(frozen=True, slots=True)
class OrderRow:
    """One line of the orders table."""

    order_id: OrderId
    order_number: str
    order_status: OrderStatus
    workflow_state: WorkflowState
    execution: ExecutionStatus
    payment_status: PaymentStatus
    channel_status: str
    customer_name: str
    """`•••` when masked or the key is missing."""
    items_summary: str
    """`2× Stoneware mug, +1`."""  # noqa: RUF001
    units: int
    total_amount: Decimal
    currency: str
    order_date: datetime
    ship_by: datetime | None
    tracking_number: str
    priority: int
    tags: tuple[str, ...]
    held: bool
    waiting_for: str
    """What the workflow waits for, in a word (`payment`, `label`, `carrier` …); empty when it is at work or closed."""
    failure_code: str
    version: int
    updated_at: datetime
    key: OrderKey
    shop: str = ""
    creator: str = ""
    assigned_to: str = ""
    holds: tuple[str, ...] = ()
    """Why it is held now."""

    @property
    def row_id(self) -> OrderId:
        return self.order_id


@dataclass(frozen=True, slots=True)
class OrderPage:
    """A window of rows in sort order. `more_before` and `more_after` say whether the set goes on."""

    rows: tuple[OrderRow, ...]
    more_before: bool
    more_after: bool


@dataclass(frozen=True, slots=True)
class Count:
    """How many match; `exact` False means at least that many."""

    number: int
    exact: bool


@dataclass(frozen=True, slots=True)
class ItemView:
    """One merged line item."""

    sku: str
    name: str
    variant: str
    quantity: int
    shipped_quantity: int
    cancelled_quantity: int
    unit_price: Decimal
    total_price: Decimal
    status: FulfilmentStatus
    known_product: bool


@dataclass(frozen=True, slots=True)
class PackageView:
    """One package with its label and tracking."""

    package_id: PackageId
    state: str
    carrier: str
    service: str
    tracking_number: str
    tracking_status: str
    tracking_detail: str
    label_cost: Decimal | None
    label_currency: str
    label_key: str
    """The permanent key of the purchase, proof that it was bought once."""
    labelled_at: datetime | None
    told_at: datetime | None
    first_scan_at: datetime | None
    delivered_at: datetime | None
    contents: tuple[tuple[str, int], ...] = ()
    """What of this order is in it: SKUs, each with how many."""
    shared_with: tuple[str, ...] = ()
    """The numbers of the other orders in it."""
    waits_for_stock: bool = False


class TimelineKind(StrEnum):
    """Where a line of the timeline comes from."""

    STATUS = "status"
    STEP = "step"
    EFFECT = "effect"
    AUDIT = "audit"
    FAILURE = "failure"
    HOLD = "hold"
    NOTE = "note"
    RULE = "rule"


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """One line of an order's story, oldest first."""

    at: datetime
    kind: TimelineKind
    text: str
    actor: str
    source: str
    entry_id: str = ""
    """What it is called for ever: its kind and the row it comes from."""


@dataclass(frozen=True, slots=True)
class WorkflowView:
    """The order's workflow and which triggers a person may fire now, or why not."""

    name: str
    state: WorkflowState
    execution: ExecutionStatus
    started_at: datetime
    error_count: int
    last_error: str
    retry_after: datetime | None
    states: tuple[str, ...]
    """Empty where this program cannot run the workflow."""
    allowed: dict[OrderStatus, str] = field(default_factory=dict)
    """Status a person may ask for → empty if allowed, else the reason why not."""
    version: int = 1
    """The version it started with, on which it finishes."""


@dataclass(frozen=True, slots=True)
class FailureView:
    """One failure that waits for a person."""

    failure_id: FailureId
    order_id: OrderId
    order_number: str
    code: str
    error_class: ErrorClass
    fingerprint: str
    cause: str
    evidence: dict[str, str]
    what_to_do: str
    failed_from: WorkflowState
    attempts: int
    created_at: datetime
    assigned_to: str = ""
    acknowledged_by: str = ""
    """Who is at work on it."""
    snoozed_until: datetime | None = None
    comes_back_at: datetime | None = None
    """When it is tried again by itself."""
    tried: tuple[Tried, ...] = ()


@dataclass(frozen=True, slots=True)
class Tried:
    """One thing that was tried before, and what it ended with."""

    at: datetime
    what: str
    outcome: str


@dataclass(frozen=True, slots=True)
class FailureGroup:
    """Open failures with one fingerprint: mend once, retry all."""

    fingerprint: str
    code: str
    error_class: ErrorClass
    cause: str
    what_to_do: str
    orders: int
    oldest_at: datetime
    newest_at: datetime
    nearest_ship_by: datetime | None
    sample: tuple[FailureView, ...]
    assigned_to: tuple[str, ...] = ()
    acknowledged_by: tuple[str, ...] = ()
    snoozed: int = 0
    """How many of its orders are out of sight for a while; they are not among `orders`."""


@dataclass(frozen=True, slots=True)
class CancelRequest:
    """A buyer's request to cancel that waits for an answer; TikTok grants it by itself at `respond_by`."""

    cancel_id: str
    reason: str
    respond_by: datetime | None


@dataclass(frozen=True, slots=True)
class OrderDetail:
    """Everything one order's pane shows."""

    row: OrderRow
    why: str
    """One sentence: why the order has not moved."""
    email: str
    phone: str
    address: Address | None
    shipping_method: str
    shipping_cost: Decimal | None
    buyer_message: str
    items: tuple[ItemView, ...]
    packages: tuple[PackageView, ...]
    workflow: WorkflowView
    failure: FailureView | None
    timeline: tuple[TimelineEntry, ...]
    kind: OrderKind = OrderKind.NORMAL
    replaces: str = ""
    """The number of the order that this one replaces, or was exchanged for."""
    replaced_by: tuple[str, ...] = ()
    cancel_request: CancelRequest | None = None
    """The most urgent one."""


@dataclass(frozen=True, slots=True)
class PileCount:
    """How big a pile is and its nearest deadline."""

    pile: Pile
    orders: int
    nearest: datetime | None


@dataclass(frozen=True, slots=True)
class Pulse:
    """The header's few numbers."""

    open_orders: int
    failed: int
    held: int
    due_effects: int
    completed_last_minute: int
    daemon_alive: bool
    open_gates: tuple[str, ...]
    alerts: int = 0
    """How many fire."""


@dataclass(frozen=True, slots=True)
class StockRow:
    """One product's stock at one location."""

    sku: str
    name: str
    location: str
    on_hand: int
    reserved: int
    held: int
    available: int
    weight_grams: int | None


_AS_ASKED = frozenset({"tag.there", "tag.not_there", "hold.none"})


@dataclass(frozen=True, slots=True)
class ChangeOutcome:
    """What became, or would become, of one order. `code` and `sentence` are empty when it changed."""

    order_id: OrderId
    order_number: str
    before: OrderStatus
    after: OrderStatus
    code: str = ""
    sentence: str = ""

    @property
    def refused(self) -> bool:
        return bool(self.code)

    @property
    def unchanged(self) -> bool:
        """The order was as asked already."""
        return self.code.endswith(".unchanged") or self.code in _AS_ASKED


@dataclass(frozen=True, slots=True)
class BatchReport:
    """The end of a bulk change. `failed` counts the refused; orders that were as asked already are `unchanged`."""

    batch_id: str
    processed: int
    failed: int
    errors: tuple[ChangeOutcome, ...]
    unchanged: int = 0
    finished: bool = True
    """False when it was stopped, or when another program still has a part of it."""

    @property
    def changed(self) -> int:
        return self.processed - self.failed - self.unchanged

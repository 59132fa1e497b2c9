"""What the outside world says: orders, returns, cancellations, tracking, stock; the engine knows nothing else of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from engine.identifiers import PackageId, ShopId
from engine.words import (
    ChannelStatus,
    OrderKind,
    PaymentStatus,
    TrackingStatus,
)


@dataclass(frozen=True, slots=True)
class Address:
    """A postal address as the buyer gave it; empty strings where nothing was given."""

    name: str
    phone: str
    line1: str
    line2: str
    city: str
    state: str
    postal_code: str
    country: str
    """ISO 3166 alpha-2."""


@dataclass(frozen=True, slots=True)
class Customer:
    """Who bought. Values may be empty before payment, or masked with `*` by the channel."""

    name: str
    email: str
    phone: str


@dataclass(frozen=True, slots=True)
class UnitFact:
    """One TikTok line item, which is exactly one unit."""

    tiktok_line_id: str
    tiktok_product_id: str
    tiktok_sku_id: str
    seller_sku: str
    product_name: str
    variant_name: str
    unit_price: Decimal
    channel_status: ChannelStatus
    is_gift: bool = False
    tiktok_package_id: str = ""
    tracking_number: str = ""


@dataclass(frozen=True, slots=True)
class OrderFact:
    """What TikTok says an order is, at `update_time`. Money in `currency`; times in UTC."""

    shop_id: ShopId
    tiktok_order_id: str
    channel_status: ChannelStatus
    update_time: datetime
    order_time: datetime
    currency: str
    total_amount: Decimal
    shipping_cost: Decimal
    payment_status: PaymentStatus
    customer: Customer
    address: Address | None
    """None while the channel gives none (unpaid, on hold)."""
    masked: bool
    """True when customer or address carry the channel's `*`: never overwrites clear values."""
    shipping_type: str
    """`SELLER` or `TIKTOK`."""
    fulfilled_by_tiktok: bool
    shipping_method: str
    delivery_option_id: str
    warehouse_id: str
    paid_time: datetime | None = None
    ship_by: datetime | None = None
    collect_by: datetime | None = None
    auto_cancel_at: datetime | None = None
    cash_on_delivery: bool = False
    order_kind: OrderKind = OrderKind.NORMAL
    replaces_order_id: str = ""
    """The TikTok order that a replacement or an exchange stands for."""
    cancel_requested: bool = False
    cancel_reason: str = ""
    buyer_message: str = ""
    seller_note: str = ""
    units: tuple[UnitFact, ...] = ()
    imported: bool = False
    """Read from a seller-centre export, which knows no line ids: its units bear placeholders."""

    @property
    def recency(self) -> tuple[datetime, int]:
        """What makes one fact newer than another: its time, and within a second, which is all TikTok tells, how far the order is."""
        return self.update_time, _PROGRESS[self.channel_status]


_PROGRESS = {status: rank for rank, status in enumerate((
    ChannelStatus.UNKNOWN, ChannelStatus.UNPAID, ChannelStatus.ON_HOLD, ChannelStatus.AWAITING_SHIPMENT,
    ChannelStatus.PARTIALLY_SHIPPING, ChannelStatus.AWAITING_COLLECTION, ChannelStatus.IN_TRANSIT, ChannelStatus.DELIVERED,
    ChannelStatus.COMPLETED, ChannelStatus.CANCELLED,
))}  # fmt: skip


def progress_of(channel_status: str) -> int:
    """How far an order is, as a rank."""
    return _PROGRESS[ChannelStatus(channel_status)]


def is_behind(fact: OrderFact, update_time: datetime, channel_status: str) -> bool:
    """Whether the fact is older than an order that was last heard of then, in that status."""
    return fact.recency < (update_time, _PROGRESS[ChannelStatus(channel_status)])


@dataclass(frozen=True, slots=True)
class ReturnedUnit:
    """One unit that a return is about."""

    tiktok_line_id: str
    seller_sku: str


@dataclass(frozen=True, slots=True)
class ReturnFact:
    """What TikTok says a return or a refund is, at `update_time`."""

    tiktok_return_id: str
    tiktok_order_id: str
    return_type: str
    """`REFUND`, `RETURN_AND_REFUND` or `REPLACEMENT`."""
    channel_status: str
    """TikTok's own word, such as `RETURN_OR_REFUND_REQUEST_COMPLETE`."""
    update_time: datetime
    reason: str = ""
    refund_amount: Decimal | None = None
    currency: str = ""
    respond_by: datetime | None = None
    lines: tuple[ReturnedUnit, ...] = ()


@dataclass(frozen=True, slots=True)
class CancellationFact:
    """What TikTok says a cancellation is, at `update_time`."""

    tiktok_cancel_id: str
    tiktok_order_id: str
    cancel_type: str
    """`CANCEL`, or `BUYER_CANCEL` for a buyer's request that the seller must answer."""
    channel_status: str
    """TikTok's own word, such as `CANCELLATION_REQUEST_PENDING`."""
    update_time: datetime
    role: str = ""
    """Who asked: `BUYER`, `SELLER`, `SYSTEM` or `OPERATOR`."""
    reason: str = ""
    refund_amount: Decimal | None = None
    currency: str = ""
    respond_by: datetime | None = None
    """TikTok grants the request by itself then."""
    lines: tuple[ReturnedUnit, ...] = ()


@dataclass(frozen=True, slots=True)
class TrackingFact:
    """What a carrier says of one parcel."""

    package_id: PackageId
    tracking_number: str
    status: TrackingStatus
    occurred_at: datetime
    detail: str = ""
    told_at: datetime | None = None
    """When the carrier last changed what it says; of two facts the later one counts."""
    tracker_reference: str = ""
    """The tracker that was made to follow it, when this is the first that is heard of it."""


@dataclass(frozen=True, slots=True)
class ServiceLevel:
    """What an inventory service has free of one SKU at one location, by its own count."""

    sku: str
    location: str
    available: int

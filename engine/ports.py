"""What the engine is told by the outside world, and what it hands out to be done there.

Facts come in (`OrderFact`, `TrackingFact`), claims go out (`Claim`), outcomes come back (`Outcome`). `sync` speaks these and the
engine knows nothing else of the network.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from engine.identifiers import EffectId, OrderId, PackageId, ShopId
from engine.words import (
    ChannelStatus,
    Dependency,
    EffectKind,
    NoticeChannel,
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
class Claim:
    """One effect handed to a worker. Every later write names `token`, so a worker that lost its claim writes nothing."""

    effect_id: EffectId
    key: str
    kind: EffectKind
    dependency: Dependency
    order_id: OrderId | None
    shop_id: ShopId | None
    package_id: PackageId | None
    token: int
    attempt: int
    ambiguous: bool
    """True when an earlier try may have happened: ask first, then adopt or do it again."""
    provider_reference: str
    """What the provider calls the thing (a shipment id), once known; empty before."""
    request: dict[str, object] = field(default_factory=dict)
    retry: Mapping[str, Any] | None = None
    """The `retry_config` of the action that meant it; None leaves it to the budget of its kind."""
    intended_at: datetime | None = None
    """When it was meant, by the database's clock."""


@dataclass(frozen=True, slots=True)
class LabelBought:
    """A label was bought, or found bought."""

    carrier: str
    service: str
    tracking_number: str
    tracker_reference: str
    shipment_reference: str
    cost: Decimal | None
    """None where the seller does not tell it any more."""
    currency: str
    media_type: str
    document: bytes
    provider: str = "easypost"
    """Who sold it."""
    tiktok_package_id: str = ""
    """TikTok's id of the parcel, where buying the label already arranged it there."""


@dataclass(frozen=True, slots=True)
class LabelVoided:
    """The carrier took the label back, or said that it never can (`refunded` False)."""

    refunded: bool


@dataclass(frozen=True, slots=True)
class PackageShipped:
    """TikTok knows the parcel and its tracking number."""

    tiktok_package_id: str
    warning: str = ""


SKIPPED = "skipped"
"""The reference of a notice that had become pointless, or unwanted, and was left out."""

HANDED_OVER = "targets"
"""The reference of a notice that goes to several targets: what came of each is in the ledger of sends."""


@dataclass(frozen=True, slots=True)
class NoticeSent:
    """A notice left for its recipient; `reference` is the mail's Message-ID or the file's name."""

    reference: str


@dataclass(frozen=True, slots=True)
class OrderCancelled:
    """TikTok cancelled the order, or had done so before; `cancel_id` is its name for the cancellation, where it gave one."""

    cancel_id: str = ""


@dataclass(frozen=True, slots=True)
class RequestAnswered:
    """TikTok knows the answer to a buyer's request; `status` is how the request stands by it, where that is known."""

    request_id: str
    status: str


@dataclass(frozen=True, slots=True)
class PackagesArranged:
    """TikTok has our parcels packed as they are here; its newest ids of them, as far as it showed them."""

    tiktok_package_ids: Mapping[PackageId, str]


@dataclass(frozen=True, slots=True)
class StockTold:
    """The inventory service has reserved, released or taken what it was told to."""


@dataclass(frozen=True, slots=True)
class ServiceLevel:
    """What an inventory service has free of one SKU at one location, by its own count."""

    sku: str
    location: str
    available: int


@dataclass(frozen=True, slots=True)
class StockItem:
    """So many units of one SKU at one location. `key` names the movement that took them; empty for what is reserved."""

    sku: str
    location: str
    quantity: int
    key: str = ""


@dataclass(frozen=True, slots=True)
class StockRequest:
    """What an inventory service is to know of one order, as the ledger has it now."""

    order: str
    """The order's name there."""
    reserved: tuple[StockItem, ...]
    taken: tuple[StockItem, ...]
    """What has left the shelf for it so far."""


Result = (
    LabelBought
    | LabelVoided
    | PackageShipped
    | OrderCancelled
    | RequestAnswered
    | PackagesArranged
    | NoticeSent
    | StockTold
)


@dataclass(frozen=True, slots=True)
class Done:
    """It happened, with what it means."""

    result: Result


@dataclass(frozen=True, slots=True)
class Failed:
    """It did not happen and will not by itself. `code` is stable; `sentence` says what and the mend."""

    code: str
    sentence: str
    levels: tuple[ServiceLevel, ...] = ()
    """With `out_of_stock`: what the inventory service has instead."""


@dataclass(frozen=True, slots=True)
class Unsure:
    """It may have happened; the next claim is `ambiguous` and asks first.

    `burns_attempt` False for what has happened and is merely not ready: it is asked for again in `after_seconds`.
    """

    code: str
    sentence: str
    provider_reference: str = ""
    after_seconds: float | None = None
    burns_attempt: bool = True


@dataclass(frozen=True, slots=True)
class Postponed:
    """It did not happen; try again in `after_seconds`. `burns_attempt` False for rate limits and open breakers."""

    code: str
    sentence: str
    after_seconds: float | None
    burns_attempt: bool = True


Outcome = Done | Failed | Unsure | Postponed


@dataclass(frozen=True, slots=True)
class CustomsItem:
    """What a border asks of one unit of a product."""

    hs_code: str
    origin: str
    """The country it was made in, ISO 3166 alpha-2."""
    description: str
    value: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class ParcelItem:
    """What is in a parcel, for rates, customs and slips."""

    sku: str
    name: str
    quantity: int
    weight_grams: int
    customs: CustomsItem | None = None


@dataclass(frozen=True, slots=True)
class ParcelRequest:
    """Everything a carrier needs to quote and sell a label for one package."""

    package_id: PackageId
    order_id: OrderId
    shop_id: ShopId
    tiktok_order_id: str
    ship_from: Address
    ship_to: Address
    weight_grams: int
    size_millimetres: tuple[int, int, int] | None
    ship_by: datetime | None
    currency: str
    items: tuple[ParcelItem, ...]
    goods_value: Decimal = Decimal(0)
    """What the buyers paid for what is in it, in `currency`."""
    shipping_type: str = "SELLER"
    """`TIKTOK` when TikTok sells the label and fetches the parcel."""
    tiktok_line_ids: tuple[str, ...] = ()
    """The units in it; known only for parcels that TikTok ships."""
    tiktok_package_id: str = ""
    """TikTok's own id of the parcel, where it has one before the label is bought."""
    rate_rule: str = ""
    """How its shop wants its rate chosen; empty leaves it to the settings."""
    label_format: str = ""
    """In which format its shop wants its label; empty leaves it to the settings."""


@dataclass(frozen=True, slots=True)
class ShipRequest:
    """Everything TikTok needs to be told that one package left with its tracking number."""

    package_id: PackageId
    order_id: OrderId
    shop_id: ShopId
    tiktok_order_id: str
    delivery_option_id: str
    carrier: str
    tracking_number: str
    tiktok_line_ids: tuple[str, ...]
    shipping_type: str
    tiktok_package_id: str = ""
    """TikTok's own id of the parcel, once it was told of it."""
    cancel_rejected: bool = False
    """A person rejected the buyer's wish to cancel."""
    corrected_before: bool = False
    """Its order's tracking number was corrected once already."""
    told_hours_ago: float = 0.0


@dataclass(frozen=True, slots=True)
class PackingRequest:
    """How one order is packed here, for TikTok to pack it alike."""

    tiktok_order_id: str
    parcels: Mapping[PackageId, tuple[str, ...]]
    """The order's own units in each of its parcels, by TikTok's line ids."""
    together: tuple[str, ...]
    """TikTok's ids of all orders that share the parcel this is about."""


@dataclass(frozen=True, slots=True)
class AnswerRequest:
    """What TikTok is to be told about a buyer's request."""

    request_id: str
    """TikTok's id of the cancellation or the return."""
    tiktok_order_id: str
    decision: str
    """`approve` or `reject`; of a return TikTok's own word."""
    reject_reason: str
    comment: str
    buyer_keeps_item: bool = False
    partial_refund: tuple[Decimal, str] | None = None
    opens: str = ""
    """A return of this type is to be opened, for `reject_reason`; no request is answered."""
    tiktok_line_ids: tuple[str, ...] = ()
    """What the opened return is about."""


@dataclass(frozen=True, slots=True)
class NoticeRoute:
    """One target of a notice and when its turn is."""

    target_id: UUID | None
    """None is the address that the notice itself has."""
    label: str
    channel: NoticeChannel
    gathering_seconds: float
    """How long it waits for others of its kind, to leave with them."""
    held_until: datetime | None
    """The end of the person's quiet hours."""
    left_out: str
    """Why nothing goes there; empty when something does."""


@dataclass(frozen=True, slots=True)
class NoticeRequest:
    """One message to render and deliver; `values` are the words the template may use."""

    effect_id: EffectId
    template: str
    audience: str
    """`customer`, `creator`, `warehouse` or `support`."""
    recipient: str
    values: dict[str, str]
    routes: tuple[NoticeRoute, ...] = ()
    """Where it goes instead of straight to its recipient; each target is tried by itself."""
    refused: bool = False
    """Whoever has this address wants no such notice."""


@dataclass(frozen=True, slots=True)
class OpenParcel:
    """A parcel whose tracking is still to be read."""

    package_id: PackageId
    order_id: OrderId
    carrier: str
    tracking_number: str
    tracker_reference: str
    labelled_at: datetime
    shop_id: ShopId | None = None
    provider: str = ""
    """Who sold the label; empty for one that was not bought here."""
    shipment_reference: str = ""


@dataclass(frozen=True, slots=True)
class InboxClaim:
    """One stored payload handed to a worker to understand."""

    inbox_id: UUID
    shop_id: ShopId | None
    source: str
    kind: str
    payload: bytes
    token: int
    attempt: int

"""What a handler is told of the thing it has to do: everything the other side must know, and nothing that it must not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from engine.identifiers import EffectId, OrderId, PackageId, ShopId
from engine.ports.facts import Address
from engine.words import (
    NoticeChannel,
)


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
    cancel_rejected: bool = False
    """Whether the buyer of a parcel that TikTok ships asks to cancel and was told no."""


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

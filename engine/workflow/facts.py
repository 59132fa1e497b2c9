"""What a decision may look at: one order's facts, its shop's policies, and the shelf the batch shares."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Any
from uuid import UUID

from engine.identifiers import ItemId, LocationId, OrderId, PackageId, ProductId, ShopId, UserId, WorkflowId
from engine.inventory.catalogue import Part, Product
from engine.orders.problems import Problem
from engine.ports.facts import Address
from engine.words import ExecutionStatus, FulfilmentStatus, OrderKind, OrderStatus, WorkflowState
from engine.workflow.definition import Edition

if TYPE_CHECKING:
    from engine.workflow.rules.ruling import Ruling


class LabelOn(StrEnum):
    """When a label is bought."""

    RESERVE = "reserve"
    PICK = "pick"


class Picking(StrEnum):
    """What makes `items_picked` true."""

    SCAN = "scan"
    CONFIRM = "confirm"
    AUTO = "auto"


class ShipOn(StrEnum):
    """What counts as handed over."""

    HANDOVER = "handover"
    FIRST_SCAN = "first_scan"


class Backorder(StrEnum):
    """What a short order does."""

    FAIL = "fail"
    WAIT = "wait"


class StockSource(StrEnum):
    """Who has the last word on what is in stock."""

    LEDGER = "ledger"
    SERVICE = "service"


class LabelPrint(StrEnum):
    """In which format labels are bought."""

    AS_SET = ""
    """As the settings say."""
    PDF = "PDF"
    PNG = "PNG"
    ZPL = "ZPL"
    EPL2 = "EPL2"


class ImportMode(StrEnum):
    """Whether a shop's orders are worked or only shown."""

    OBSERVE = "observe"
    WORK = "work"


class CancelNotice(StrEnum):
    """Who is told when an order is cancelled; TikTok tells the buyer by itself."""

    NOBODY = "nobody"
    CREATOR = "creator"
    CUSTOMER = "customer"
    BOTH = "both"


@dataclass(frozen=True, slots=True)
class ShopPolicies:
    """How one shop's orders are worked; data in `shops.policies`, with these defaults."""

    label_on: LabelOn = LabelOn.RESERVE
    pick: Picking = Picking.CONFIRM
    ship_on: ShipOn = ShipOn.HANDOVER
    backorder: Backorder = Backorder.FAIL
    import_mode: ImportMode = ImportMode.OBSERVE
    inventory: StockSource = StockSource.LEDGER
    cancel_notice: CancelNotice = CancelNotice.NOBODY
    workflow: str = "order"
    """The name of the workflow that new orders start on, in its newest version."""
    tiktok_label_on: LabelOn = LabelOn.PICK
    """When TikTok's own labels are bought: that arranges the pickup, so not before the goods are in hand."""
    rate_rule: str = ""
    """How the rates of its labels are chosen; empty leaves it to the settings."""
    label_format: LabelPrint = LabelPrint.AS_SET

    @classmethod
    def read(cls, stored: Mapping[str, Any]) -> ShopPolicies:
        """From the stored document; absent keys take their defaults."""
        return cls(**{name: word(stored[name]) for name, word in _POLICY_WORDS.items() if name in stored})

    def overridden(self, config: Mapping[str, str]) -> ShopPolicies:
        """These policies as the configuration of one execution changes them."""
        return replace(self, **{name: _POLICY_WORDS[name](word) for name, word in config.items()})

    def document(self) -> dict[str, str]:
        """What is stored."""
        return {name: str(getattr(self, name)) for name in _POLICY_WORDS}


OVERRIDABLE: Mapping[str, type[StrEnum]] = {
    "label_on": LabelOn,
    "tiktok_label_on": LabelOn,
    "pick": Picking,
    "ship_on": ShipOn,
    "backorder": Backorder,
    "cancel_notice": CancelNotice,
}
"""The policies that one execution may have of its own."""

SETTABLE: Mapping[str, type[StrEnum]] = {**OVERRIDABLE, "inventory": StockSource, "label_format": LabelPrint}
"""The policies that a person sets for a shop, beside its workflow, its rule for rates and whether it is worked."""

_POLICY_WORDS: Mapping[str, Callable[[str], Any]] = {
    "label_on": LabelOn,
    "pick": Picking,
    "ship_on": ShipOn,
    "backorder": Backorder,
    "import_mode": ImportMode,
    "inventory": StockSource,
    "cancel_notice": CancelNotice,
    "workflow": str,
    "tiktok_label_on": LabelOn,
    "rate_rule": str,
    "label_format": LabelPrint,
}


@dataclass(slots=True)
class ItemFacts:
    """One merged line item; `quantity` counts the units still to be worked: not cancelled, not shipped, not put off."""

    item_id: ItemId
    sku: str
    name: str
    quantity: int
    unit_price: Decimal
    status: FulfilmentStatus
    product_id: ProductId | None
    weight_grams: int | None
    bin: str
    location_id: LocationId
    """Where it ships from: its product's own location, else its shop's."""
    parts: tuple[Part, ...]
    """What one unit takes off the shelf; empty while the SKU is no known product."""
    country: str
    """Of the location it ships from; empty while that has no address."""
    customs: bool
    """Whether its product can cross a border."""
    total: int = -1
    """The units that are not cancelled, shipped ones too; as many as `quantity` unless it is given."""

    def __post_init__(self) -> None:
        if self.total < 0:
            self.total = self.quantity

    @classmethod
    def of(
        cls,
        product: Product | None,
        location_id: LocationId,
        country: str,
        *,
        item_id: ItemId,
        sku: str,
        name: str,
        quantity: int,
        unit_price: Decimal,
        status: FulfilmentStatus,
    ) -> ItemFacts:
        """A line of this product; `location_id` and `country` are those of its shop."""
        if product is None:
            return cls(
                item_id,
                sku,
                name,
                quantity,
                unit_price,
                status,
                None,
                None,
                "",
                location_id,
                (),
                country,
                customs=False,
            )
        elsewhere = product.location_id is not None
        return cls(
            item_id,
            sku,
            name,
            quantity,
            unit_price,
            status,
            product.product_id,
            product.weight_grams,
            product.bin,
            product.location_id or location_id,
            product.parts,
            product.country if elsewhere else country,
            product.customs,
        )


@dataclass(slots=True)
class PackageFacts:
    """One package of the order; a combined one holds items of other orders too."""

    package_id: PackageId
    state: str
    generation: int
    tracking_number: str
    told_tracking_number: str
    shipment_reference: str
    handed_over: bool
    scanned: bool
    delivered: bool
    contents: dict[ItemId, int] = field(default_factory=dict)
    """The order's own items in it, each with how many."""
    label_meant: bool = True
    """Whether the label of its present generation has been asked for."""
    tell_meant: bool = False
    """Whether TikTok is being told of its present label, as far as that was looked up."""
    backordered: bool = False
    shared: bool = False
    """Whether it stands for packages of several orders."""
    lead: bool = True
    """Whether this order speaks for all that share it."""
    after_void: str = ""
    """Of a label that is voided, or was: `plan` the package anew, or `buy` it another label, too."""
    left: bool = False
    """Its goods have left while others of the order stayed."""


@dataclass(frozen=True, slots=True)
class ComesBack:
    """When a failed order goes on by itself, through whom, and why."""

    at: datetime
    by: str
    """The person who mended what it failed for; empty when it is merely tried again."""
    reason: str

    @classmethod
    def read(cls, row: Any) -> ComesBack | None:
        """From a failure's row; None where it waits for a person."""
        if row["retry_at"] is None:
            return None
        return cls(row["retry_at"], row["retry_by"] or "", row["retry_reason"] or "")


@dataclass(slots=True)
class OrderFacts:
    """One order as a decision sees it. `state`, `status` and `execution` move while the batch is decided."""

    order_id: OrderId
    order_number: str
    shop_id: ShopId
    user_id: UserId
    location_id: LocationId
    workflow_id: WorkflowId
    policies: ShopPolicies
    status: OrderStatus
    state: WorkflowState
    execution: ExecutionStatus
    failed_from: WorkflowState | None
    version: int
    channel_status: str
    paid: bool
    order_kind: OrderKind
    fulfilled_by_tiktok: bool
    cancel_requested: bool
    currency: str
    total_amount: Decimal
    order_date: datetime
    created_at: datetime
    now: datetime
    """The transaction's time."""
    audit_sequence: int
    audit_head: bytes
    edition: Edition
    """The workflow it started with, on which it finishes."""
    address: Address | None
    has_customer: bool
    masked: bool
    items: list[ItemFacts] = field(default_factory=list)
    packages: list[PackageFacts] = field(default_factory=list)
    holds: list[str] = field(default_factory=list)
    unacknowledged: bool = False
    """A note on it must be acknowledged before it is made ready or leaves."""
    failure_code: str = ""
    failure_class: str = ""
    comes_back: ComesBack | None = None
    """A failed order that goes on by itself."""
    reserved: bool = False
    by_person: bool = False
    """A person asked for this very trigger, which is itself the handover or the delivery confirmation."""
    rate_rule: str = ""
    """How its label is chosen, where a rule has said so."""
    shipped_by_tiktok: bool = False
    """TikTok sells its labels and fetches its parcels; its address may be known to TikTok alone."""
    rule_marks: tuple[str, ...] = ()
    """Which enabled rules its creator has."""
    ruling: Ruling | None = None
    """What these rules are to be asked; None where no rule concerns the order."""
    shelf: Shelf = field(default_factory=lambda: Shelf({}))
    problems: list[Problem] | None = None
    not_before: datetime | None = None
    """Nothing happens to it by itself before this time: an action is tried again then, or wished for the rest."""
    attempt: int = 0
    """How often in a row an action has been tried that is tried again at `not_before`."""

    def shelf_keys(self) -> Iterator[tuple[ProductId, LocationId]]:
        """The stock levels that the order's items come from."""
        for item in self.items:
            for part in item.parts:
                if part.product_id is not None:
                    yield part.product_id, item.location_id


@dataclass(slots=True)
class Shelf:
    """What is available, shared by the batch: deciding one order takes from what the next may have."""

    available: dict[tuple[UUID, UUID], int]

    def short(self, order: OrderFacts) -> list[tuple[str, int]]:
        """The SKUs the order is short of, and by how many; of a kit, its components."""
        return self.short_for(order, {item.item_id: item.quantity for item in order.items})

    def short_for(self, order: OrderFacts, quantities: Mapping[ItemId, int]) -> list[tuple[str, int]]:
        """What is missing for so many units of these items."""
        wanted: dict[tuple[ProductId | None, LocationId, str], int] = {}
        for item in order.items:
            units = quantities.get(item.item_id, 0)
            if not units:
                continue
            for part in item.parts or (Part(item.sku, None, 1),):
                key = (part.product_id, item.location_id, part.sku)
                wanted[key] = wanted.get(key, 0) + units * part.per_unit
        missing: dict[str, int] = {}
        for (product_id, location_id, sku), quantity in wanted.items():
            free = self.available.get((product_id, location_id), 0) if product_id else 0
            if free < quantity:
                missing[sku] = missing.get(sku, 0) + quantity - free
        return list(missing.items())

    def covers(self, orders: Iterable[OrderFacts]) -> bool:
        """Whether all of these orders could be served together."""
        wanted: dict[tuple[UUID, UUID], int] = {}
        for order in orders:
            for item in order.items:
                for part in item.parts:
                    if part.product_id is not None:
                        key = (part.product_id, item.location_id)
                        wanted[key] = wanted.get(key, 0) + item.quantity * part.per_unit
        return all(self.available.get(key, 0) >= quantity for key, quantity in wanted.items())

    def take(self, order: OrderFacts) -> None:
        """Take the order's units off the shelf."""
        self.take_for(order, {item.item_id: item.quantity for item in order.items})

    def take_for(self, order: OrderFacts, quantities: Mapping[ItemId, int]) -> None:
        """Take so many units of these items off the shelf."""
        for item in order.items:
            units = quantities.get(item.item_id, 0)
            if not units:
                continue
            for part in item.parts:
                if part.product_id is not None:
                    self.available[part.product_id, item.location_id] -= units * part.per_unit

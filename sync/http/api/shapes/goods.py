"""Products, stock and what is booked."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from engine.words import StockReason
from sync.http.api.shapes.amounts import Amount
from sync.http.api.shapes.shape import Asked, Told

Sku = Annotated[str, Field(min_length=1, max_length=100)]
LocationCode = Annotated[str, Field(min_length=1, max_length=40)]
Millimetres = Annotated[int, Field(ge=1, le=10_000)]


class StockLineShape(Told):
    """One product at one location. A kit has no stock of its own: `available` is what could be packed of its parts."""

    product_id: UUID
    location_id: UUID | None
    sku: str
    name: str
    location: str
    on_hand: int
    reserved: int
    held: int
    available: int
    kit: bool
    weight_grams: int | None
    bin: str
    buffer: int | None
    low_at: int | None
    told_at: datetime | None
    told_state: str
    alarms: list[str]


class StockPageShape(Told):
    """Lines by SKU, with the cursor to what comes after."""

    lines: list[StockLineShape]
    next_cursor: str | None


class StockRowShape(Told):
    """How it stands with one product at one location."""

    sku: str
    name: str
    location: str
    on_hand: int
    reserved: int
    held: int
    available: int
    weight_grams: int | None


class Booked(Told):
    """What a booking left."""

    success: bool
    stock: StockRowShape


class AdjustAsked(Asked):
    """A difference booked, with its reason."""

    sku: Sku
    delta: Annotated[int, Field(ge=-1_000_000, le=1_000_000)]
    reason: StockReason
    location: LocationCode | None = None
    from_held: bool = False
    force: Annotated[bool, Field(description="Also where orders lose what was promised to them.")] = False


class ReceiveAsked(Asked):
    """Goods that arrived."""

    sku: Sku
    quantity: Annotated[int, Field(ge=1, le=1_000_000)]
    location: LocationCode | None = None


class AvailabilityItemAsked(Asked):
    """So many of one product."""

    sku: Sku
    quantity: Annotated[int, Field(ge=1, le=1_000_000)]


class AvailabilityAsked(Asked):
    """What is asked to be there."""

    items: Annotated[list[AvailabilityItemAsked], Field(min_length=1, max_length=200)]
    location: LocationCode | None = None


class AvailableItemShape(Told):
    """How it stands with one of them."""

    product_id: str
    requested_quantity: int
    available_quantity: int
    status: str


class AvailabilityShape(Told):
    """Whether everything is there: advisory."""

    available: bool
    items: list[AvailableItemShape]


class MoneyShape(Told):
    """An amount in its currency."""

    amount: Amount
    currency: str


class CustomsShape(Told):
    """What a border asks of a product."""

    hs_code: str
    origin: str
    description: str
    value: MoneyShape


class ComponentShape(Told):
    """So many of this product in one kit."""

    sku: str
    quantity: int


class ProductShape(Told):
    """A product of the master."""

    sku: str
    name: str
    aliases: list[str]
    barcodes: list[str]
    weight_grams: int | None
    box: str
    size_millimetres: list[int] | None
    bin: str
    customs: CustomsShape | None
    components: list[ComponentShape]
    location: str
    low_stock: int | None
    stock_buffer: int | None


class Products(Told):
    """Products by SKU."""

    products: list[ProductShape]


class ComponentAsked(Asked):
    """So many of this product in one kit."""

    sku: Sku
    quantity: Annotated[int, Field(ge=1, le=1000)]


class ProductAsked(Asked):
    """What is to become of a product; what is left out stays as it is."""

    name: Annotated[str | None, Field(max_length=200)] = None
    barcodes: Annotated[list[Annotated[str, Field(min_length=1, max_length=60)]] | None, Field(max_length=50)] = None
    weight_grams: Annotated[int | None, Field(ge=1, le=1_000_000)] = None
    box: Annotated[str | None, Field(max_length=60)] = None
    size_millimetres: tuple[Millimetres, Millimetres, Millimetres] | None = None
    bin: Annotated[str | None, Field(max_length=40)] = None
    components: Annotated[list[ComponentAsked] | None, Field(max_length=50)] = None
    location: Annotated[str | None, Field(max_length=40)] = None
    low_stock: Annotated[int | None, Field(ge=-1, le=1_000_000)] = None
    stock_buffer: Annotated[int | None, Field(ge=-1, le=1_000_000)] = None

"""What any provider of labels offers: EasyPost, TikTok Shipping, and by its shape Shippo.

A purchase ends in one of four ways: bought (`Purchase`), accepted but not through yet (`Pending`), refused (Terminal, or Retryable
when nothing happened and it may work later), or unknown (Ambiguous: `lookup` before anything else). Weights are grams, sizes
millimetres, money Decimal, times UTC.

A provider's name for a shipment says whose it is (`sync.shipping.carriers`), so that whoever finds one in the ledger knows whom to ask.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Protocol

from engine.ports.facts import Address
from engine.ports.requests import ParcelRequest
from engine.words import TrackingStatus


class LabelFormat(StrEnum):
    """What a label's file may be."""

    PDF = "PDF"
    PNG = "PNG"
    ZPL = "ZPL"
    EPL2 = "EPL2"


MEDIA_TYPES = {
    LabelFormat.PDF: "application/pdf",
    LabelFormat.PNG: "image/png",
    LabelFormat.ZPL: "application/zpl",
    LabelFormat.EPL2: "application/epl2",
}


@dataclass(frozen=True, slots=True)
class Rate:
    """One offer for one parcel; `rate_id` goes stale."""

    rate_id: str
    carrier: str
    service: str
    amount: Decimal
    currency: str
    delivery_days: int | None
    account: str = ""
    """Whose account at the carrier it is charged to, where the provider tells."""
    is_default: bool = False
    """The provider's own choice."""


@dataclass(frozen=True, slots=True)
class Quote:
    """A shipment that is known to the provider, with its offers in no order; `messages` say why some are missing."""

    shipment_reference: str
    rates: tuple[Rate, ...]
    messages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Purchase:
    """A bought label. `cost` is what was charged, not what was quoted; `voided` when it was given back."""

    shipment_reference: str
    our_reference: str | None
    """None where the provider keeps no name of ours for it."""
    carrier: str
    service: str
    tracking_number: str
    tracker_reference: str
    cost: Decimal | None
    """None where the provider does not tell it any more."""
    currency: str
    label_address: str
    voided: bool = False
    weight_grams: int | None = None
    """As it was declared, where the provider tells."""
    tiktok_package_id: str = ""


@dataclass(frozen=True, slots=True)
class Pending:
    """The provider has taken the order for a label and is not through with it."""

    shipment_reference: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Label:
    """A label's file."""

    media_type: str
    document: bytes = field(repr=False)


class VoidState(StrEnum):
    """How a request to take a label back stands; asked for is not yet given back."""

    SUBMITTED = "submitted"
    REFUNDED = "refunded"
    REJECTED = "rejected"
    NOT_APPLICABLE = "not_applicable"


@dataclass(frozen=True, slots=True)
class Track:
    """What the carrier says of one parcel at `occurred_at`; a delivered parcel says when it was delivered."""

    tracker_reference: str
    tracking_number: str
    carrier: str
    status: TrackingStatus
    occurred_at: datetime
    detail: str
    created_at: datetime
    is_return: bool = False
    told_at: datetime | None = None
    """When the carrier last changed what it says."""


@dataclass(frozen=True, slots=True)
class AddressCheck:
    """Whether carriers deliver there; `suggestion` is how they would write it, where it differs."""

    deliverable: bool
    problems: tuple[str, ...] = ()
    suggestion: Address | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class EndOfDay:
    """A form that hands a day's parcels of one carrier over together; `form` is absent while it is being made."""

    reference: str
    tracking_numbers: tuple[str, ...]
    form: Label | None = None
    failure: str = ""
    """Why there will be none."""


class Carrier(Protocol):
    """One provider of labels."""

    name: str
    """What packages record as their provider."""

    asks_first: bool
    """Whether `find` is worth a call before the first attempt already: others may have bought the parcel's label there."""

    async def quote(self, request: ParcelRequest, our_reference: str) -> Quote:
        """Make a shipment and its offers. Costs nothing; `our_reference` should be new for every attempt."""

    async def requote(self, request: ParcelRequest, shipment_reference: str) -> Quote:
        """Fresh offers for the same shipment."""

    async def buy(self, request: ParcelRequest, shipment_reference: str, rate: Rate) -> Purchase | Pending:
        """Buy the label, once per shipment: buying a bought shipment again returns the purchase there is.

        Raises `StaleRate` when the offer no longer holds.
        """

    async def lookup(self, shipment_reference: str) -> Purchase | Pending | Quote:
        """The purchase, or the quote of a shipment that is provably not bought."""

    async def find(self, request: ParcelRequest, our_reference: str) -> Purchase | Pending | Quote | None:
        """The same by our own name, or by the parcel itself, when the provider's name for it was lost; None when there is none.

        A quote is answered only if it was made for this very parcel.
        """

    async def label(self, purchase: Purchase) -> Label:
        """The file, fetched now: its address does not live long. Raises Retryable while it is not ready."""

    async def convert(self, shipment_reference: str, label_format: LabelFormat) -> Label:
        """The label in another format. Raises Terminal where the provider cannot: EasyPost only converts what was made as PNG."""

    async def void(self, shipment_reference: str) -> VoidState:
        """Ask for the label's money back."""

    async def void_state(self, shipment_reference: str) -> VoidState | None:
        """How an earlier `void` stands; None when none was asked for."""

    async def track(self, tracker_reference: str) -> Track:
        """One parcel. Raises Terminal when the carrier does not know it."""


class Follower(Protocol):
    """A provider that follows parcels, its own and others'."""

    async def track(self, tracker_reference: str) -> Track:
        """One parcel. Raises Terminal when the carrier does not know it."""

    async def follow(self, carrier: str, tracking_number: str) -> Track:
        """Begin to follow a number that was not bought here; one that is followed already is the same again."""

    def recent_tracks(self, since: datetime) -> AsyncIterator[tuple[Track, ...]]:
        """Pages of all parcels labelled since then, newest first."""


class Depot(Protocol):
    """A provider that checks addresses and makes end-of-day forms."""

    async def check_address(self, address: Address) -> AddressCheck:
        """Ask whether carriers deliver there."""

    async def end_of_day(self, shipment_references: Sequence[str]) -> EndOfDay:
        """Make the form of these shipments, each of which goes on one form only."""

    async def find_end_of_day(self, tracking_numbers: Sequence[str]) -> EndOfDay | None:
        """The form that these parcels are on already, after an answer was lost; None when they are on none."""

"""What any carrier adapter offers.

Failures are raised as `engine.errors`: Retryable (nothing happened), Terminal (a person mends something), Ambiguous
(a purchase or a void may have happened: `lookup` before anything else). Weights are grams, sizes millimetres, money
Decimal, times UTC.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Protocol

from engine.ports import ParcelRequest
from engine.words import TrackingStatus


@dataclass(frozen=True, slots=True)
class Rate:
    """One offer for one parcel; `rate_id` goes stale."""

    rate_id: str
    carrier: str
    service: str
    amount: Decimal
    currency: str
    delivery_days: int | None


@dataclass(frozen=True, slots=True)
class Quote:
    """A shipment that is known to the carrier, with its offers in no order; `messages` say why some are missing."""

    shipment_reference: str
    rates: tuple[Rate, ...]
    messages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Purchase:
    """A bought label. `cost` is what was charged, not what was quoted; `voided` when it was given back."""

    shipment_reference: str
    our_reference: str
    carrier: str
    service: str
    tracking_number: str
    tracker_reference: str
    cost: Decimal
    currency: str
    label_address: str
    voided: bool = False


@dataclass(frozen=True, slots=True)
class Label:
    """A label's file."""

    media_type: str
    document: bytes


class VoidState(StrEnum):
    """How a request to take a label back stands."""

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


class Carrier(Protocol):
    """One provider of labels."""

    async def quote(self, request: ParcelRequest, our_reference: str) -> Quote:
        """Make a shipment and its offers. Costs nothing; `our_reference` should be new for every attempt."""

    async def requote(self, shipment_reference: str) -> Quote:
        """Fresh offers for the same shipment."""

    async def buy(self, request: ParcelRequest, shipment_reference: str, rate: Rate) -> Purchase:
        """Buy the label, once per shipment: buying a bought shipment again returns the purchase there is.

        Raises `StaleRate` when the offer no longer holds.
        """

    async def lookup(self, shipment_reference: str) -> Purchase | Quote:
        """The purchase, or the quote of a shipment that is provably not bought."""

    async def label(self, purchase: Purchase) -> Label:
        """The file, fetched now: its address does not live long."""

    async def void(self, shipment_reference: str) -> VoidState:
        """Ask for the label's money back."""

    async def void_state(self, shipment_reference: str) -> VoidState | None:
        """How an earlier `void` stands; None when none was asked for."""

    async def track(self, tracker_reference: str) -> Track:
        """One parcel. Raises Terminal when the carrier does not know it."""

    def recent_tracks(self, since: datetime) -> AsyncIterator[tuple[Track, ...]]:
        """Pages of all parcels labelled since then, newest first."""

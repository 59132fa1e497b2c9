"""What people see of picking and packing. Plain values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NewType
from uuid import UUID

from engine.identifiers import OrderId, PackageId, ProductId

WaveId = NewType("WaveId", UUID)


@dataclass(frozen=True, slots=True)
class WaveView:
    """One wave and how far it is."""

    wave_id: WaveId
    number: int
    name: str
    state: str
    """`open` until something of it is picked, `picking`, `done`."""
    location: str
    picker: str
    made_by: str
    created_at: datetime
    orders: int
    units: int
    picked: int
    """Units, as orders count them."""
    parcels_packed: int
    nearest_ship_by: datetime | None
    """Of what is still to be picked."""
    at_it: tuple[str, ...] = ()
    """Who picked something of it lately, or holds a line."""


@dataclass(frozen=True, slots=True)
class WalkOrder:
    """One order that wants a product of a walk."""

    order_id: OrderId
    order_number: str
    wanted: int
    picked: int
    ship_by: datetime | None
    stopped: str = ""
    """Why nothing more is picked for it, in a few words; empty while it may go on."""
    scan_only: bool = False
    """Its shop wants every unit scanned."""


@dataclass(frozen=True, slots=True)
class WalkLine:
    """One stop of a walk: a product in its bin, for one or several orders."""

    product_id: ProductId
    sku: str
    name: str
    bin: str
    barcodes: tuple[str, ...]
    orders: tuple[WalkOrder, ...]
    picked_by: tuple[str, ...] = ()
    held_by: str = ""

    @property
    def wanted(self) -> int:
        """Units to have in hand in the end; what a stopped order still lacks is not among them."""
        return sum(order.picked if order.stopped else order.wanted for order in self.orders)

    @property
    def picked(self) -> int:
        return sum(order.picked for order in self.orders)

    @property
    def left(self) -> int:
        return max(self.wanted - self.picked, 0)

    @property
    def stopped(self) -> str:
        """Why nothing is to be picked here, where every order that wants it is stopped."""
        return self.orders[0].stopped if self.orders and all(order.stopped for order in self.orders) else ""


@dataclass(frozen=True, slots=True)
class Confirmed:
    """What a scan or a key confirmed."""

    sku: str
    name: str
    bin: str
    units: int
    orders: tuple[str, ...]
    """The numbers of the orders that got them."""
    left_of_it: int
    """Units of this product still to be picked on the walk."""
    left: int
    """Units of everything still to be picked on the walk."""
    finished: tuple[str, ...] = ()
    """The numbers of the orders that are picked whole by it."""


@dataclass(frozen=True, slots=True)
class WaveMade:
    """A new wave, and which of the orders that were named are not in it, and why."""

    wave: WaveView
    left_out: tuple[tuple[str, str], ...] = ()
    """Order numbers, each with a sentence."""


@dataclass(frozen=True, slots=True)
class ShortOrder:
    """What became of one order that got fewer than it wants."""

    order_id: OrderId
    order_number: str
    missing: int
    outcome: str
    """One sentence."""


@dataclass(frozen=True, slots=True)
class ShortPick:
    """What a short pick did."""

    sku: str
    there: int
    missing: int
    orders: tuple[ShortOrder, ...]
    elsewhere: tuple[tuple[str, int], ...] = ()
    """Locations that have some of it free, each with how many."""
    still_here: int = 0
    """What the ledger still has of it at this very location, free: in another bin, or nowhere."""


@dataclass(frozen=True, slots=True)
class GoingBack:
    """Goods in somebody's hands that are not to be shipped: back to their bin."""

    order_id: OrderId
    order_number: str
    sku: str
    name: str
    bin: str
    location: str
    units: int
    picked_by: str
    why: str


@dataclass(frozen=True, slots=True)
class ParcelPart:
    """One product in a parcel, as a packer holds it in hand."""

    sku: str
    name: str
    quantity: int
    barcodes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ParcelAtHand:
    """A parcel at a packing station."""

    package_id: PackageId | None
    """None while no parcel is planned for the order, or none is left."""
    order_id: OrderId
    order_numbers: tuple[str, ...]
    parts: tuple[ParcelPart, ...]
    stop: str = ""
    """Why it must not be packed, labelled or handed over, in one sentence; empty when it may."""
    code: str = ""
    """What kind of stop it is: `cancelled`, `cancel_requested`, `held`, `failed`, `address_changed`, `not_picked` …"""
    going_back: tuple[GoingBack, ...] = ()
    """Where its goods go, when it is stopped."""
    label: str = ""
    """The tracking number once the label is there."""
    label_wanted: bool = False
    """The label has been asked for and is not there yet."""
    packed_by: str = ""
    packed_at: datetime | None = None
    station: str = ""
    picked_by: tuple[str, ...] = ()

    @property
    def alarm(self) -> bool:
        """Whether somebody has to be stopped, rather than told to wait."""
        return self.code in ALARMS


ALARMS = frozenset({"cancelled", "cancel_requested", "held", "failed", "paused", "address_changed"})
"""Stops that a packer must not overlook; the goods of such a parcel are in the wrong hands."""

"""A parcel's items checked one by one before it is packed: what has been seen of it, and what a code is to it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from engine.orders.picking.codes import spellings
from engine.orders.picking.views import ParcelAtHand, ParcelPart


@dataclass(slots=True)
class Checking:
    """One parcel in hand; nothing seen yet means that nobody checks it item by item."""

    parcel: ParcelAtHand
    seen: Counter[str] = field(default_factory=Counter)

    @property
    def units(self) -> int:
        return sum(part.quantity for part in self.parcel.parts)

    @property
    def whole(self) -> bool:
        """Everything in it has been seen."""
        return bool(self.seen) and all(self.seen[part.sku] >= part.quantity for part in self.parcel.parts)

    def part(self, code: str) -> ParcelPart | None:
        """What of the parcel this code means."""
        ways = set(spellings(code))
        return next((part for part in self.parcel.parts if part.sku in ways or ways & set(part.barcodes)), None)

    def is_parcel(self, code: str) -> bool:
        """Whether the code means the parcel itself."""
        ways = set(spellings(code))
        return bool(ways & {*self.parcel.order_numbers, self.parcel.label, str(self.parcel.package_id)})

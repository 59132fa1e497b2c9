"""The book of shipments: created, rated again, bought once, refunded."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any

from sync.simulator.credentials import digest
from sync.simulator.easypost.rates import Rate, rates_for, tracking_number
from sync.simulator.journal import Entry
from sync.simulator.scenario import Fate, Scenario
from sync.simulator.shop.orders import Orders
from sync.simulator.timeline import Timeline

REFUND_AFTER_SECONDS = 2.0
ORDER_ID = re.compile(r"(?<!\d)577\d{15}(?!\d)")


@dataclass(frozen=True, slots=True)
class Purchase:
    """A bought label; `format` is the one it was made in."""

    at: float
    rate: Rate
    tracking_code: str
    format: str
    insurance: str | None


@dataclass(slots=True)
class Shipment:
    """One shipment; `order_index` is the order it was recognised to be for, if any."""

    number: int
    id: str
    created_at: float
    request: Mapping[str, Any]
    weight_ounces: float
    order_index: int | None
    generation: int = 0
    purchase: Purchase | None = None
    refund_asked_at: float | None = None
    converted: set[str] = field(default_factory=set)

    @property
    def reference(self) -> str | None:
        """The caller's own name for it."""
        return self.request.get("reference") or None

    @property
    def options(self) -> Mapping[str, Any]:
        """The caller's options."""
        return self.request.get("options") or {}

    def refund_status(self, now: float) -> str | None:
        """Return EasyPost's word for the refund at that time, None when there is none."""
        if self.refund_asked_at is None:
            return None
        return "refunded" if now >= self.refund_asked_at + REFUND_AFTER_SECONDS else "submitted"


def _nobody_listens(_shipment_id: str, _tracking_code: str, _carrier: str, _at: float) -> None:
    """What is called for a refund that nobody wants to hear of."""


class Shipments:
    """All shipments, found by id, by reference and by tracking number."""

    def __init__(self, scenario: Scenario, orders: Orders, timeline: Timeline) -> None:
        self.all: list[Shipment] = []
        self.on_refunded: Callable[[str, str, str, float], None] = _nobody_listens
        self.bought = 0
        self.refunded = 0
        self.live_labels: dict[int, int] = {}
        self._by_reference: dict[str, Shipment] = {}
        self._scenario = scenario
        self._orders = orders
        self._timeline = timeline
        self._id_mark = digest(scenario.seed, "shipments")[:16]

    def find(self, id_or_reference: str) -> Shipment | None:
        """Return the shipment with this id, else the latest with this reference."""
        position = self.position(id_or_reference)
        return self.all[position] if position is not None else self._by_reference.get(id_or_reference)

    def position(self, shipment_id: str) -> int | None:
        """Return where the shipment with this id stands in `all`."""
        tail = shipment_id.removeprefix(f"shp_{self._id_mark}")
        try:
            number = int(tail, 16) if len(tail) == 16 else -1
        except ValueError:
            return None
        return number if 0 <= number < len(self.all) else None

    def rates(self, shipment: Shipment) -> tuple[Rate, ...]:
        """Return the offers that can be bought now."""
        return rates_for(self._scenario.seed, shipment.number, shipment.generation, shipment.weight_ounces)

    def orders_with_two_labels(self) -> int:
        """Return how many orders have more than one label that was bought and not refunded."""
        return sum(labels > 1 for labels in self.live_labels.values())

    def recognise(self, request: Mapping[str, Any]) -> int | None:
        """Return the index of the order a shipment is for.

        It is known by its id in the reference or the printed text; orders the carrier has something against are also
        known by their recipient.
        """
        options = _part(request, "options")
        printed = [options.get(name) for name in ("print_custom_1", "print_custom_2", "print_custom_3")]
        for text in (request.get("reference"), *printed):
            for order_id in ORDER_ID.findall(str(text or "")):
                if (index := self._orders.index_of(order_id)) is not None:
                    return index
        return self._troubled_recipients.get(_recipient(_part(request, "to_address")))

    def apply_created(self, entry: Entry) -> Shipment:
        """Add a shipment from the journal."""
        number, request = len(self.all), entry["request"]
        shipment = Shipment(
            number=number,
            id=f"shp_{self._id_mark}{number:016x}",
            created_at=entry["at"],
            request=request,
            weight_ounces=float(request["parcel"]["weight"]),
            order_index=self.recognise(request),
        )
        self.all.append(shipment)
        if shipment.reference:
            self._by_reference[shipment.reference] = shipment
        return shipment

    def apply_rerated(self, entry: Entry) -> None:
        """Replace the offers: the rate ids of before are stale."""
        self.all[entry["shipment"]].generation += 1

    def apply_bought(self, entry: Entry) -> tuple[str, str]:
        """Buy the label, and return its tracking number and carrier."""
        shipment = self.all[entry["shipment"]]
        rate = next(rate for rate in self.rates(shipment) if rate.position == entry["rate"])
        carrier = rate.service.carrier
        code = tracking_number(self._scenario.seed, carrier, shipment.number)
        label_format = str(shipment.options.get("label_format") or "PNG").upper()
        shipment.purchase = Purchase(entry["at"], rate, code, label_format, entry["insurance"])
        self.bought += 1
        self._count_live(shipment, 1)
        return code, carrier

    def apply_refund(self, entry: Entry) -> None:
        """Ask for the money back; the label is void from now on."""
        shipment = self.all[entry["shipment"]]
        shipment.refund_asked_at = entry["at"]
        self.refunded += 1
        self._count_live(shipment, -1)
        self._timeline.plan(entry["at"] + REFUND_AFTER_SECONDS, partial(self._refunded, shipment))

    def _refunded(self, shipment: Shipment, at: float) -> None:
        if purchase := shipment.purchase:
            self.on_refunded(shipment.id, purchase.tracking_code, purchase.rate.service.carrier, at)

    def apply_converted(self, entry: Entry) -> None:
        """Add a label file in another format."""
        self.all[entry["shipment"]].converted.add(entry["format"])

    def _count_live(self, shipment: Shipment, change: int) -> None:
        # A shipment nobody recognised is an order of its own, below zero, so that it is counted as well.
        key = shipment.order_index if shipment.order_index is not None else -1 - shipment.number
        self.live_labels[key] = self.live_labels.get(key, 0) + change

    @cached_property
    def _troubled_recipients(self) -> Mapping[tuple[str, ...], int]:
        recipients = {}
        for index, trouble in self._scenario.troubles().items():
            if trouble.fate in (Fate.CARRIER_REFUSED, Fate.BAD_ADDRESS):
                buyer = self._orders.details(index).buyer
                recipients[_recipient({"name": buyer.name, "street1": buyer.street, "city": buyer.city})] = index
        return recipients


def _part(request: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = request.get(name)
    return part if isinstance(part, dict) else {}


def _recipient(address: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(str(address.get(part) or "").strip().casefold() for part in ("name", "street1", "city"))

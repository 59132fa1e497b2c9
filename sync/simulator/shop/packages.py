"""Parcels: what goes in which package, which were shipped, and what the carrier's scanners have seen of them since.

In the US a package begins when its units are marked shipped; elsewhere the order has one from the moment it is paid, which may be
split, combined with others and taken apart until it is shipped. Each of these retires its packages and begins new ones.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Any

from sync.simulator.change_log import ChangeLog
from sync.simulator.credentials import digits
from sync.simulator.journal import Entry
from sync.simulator.scenario import Scenario
from sync.simulator.shop.orders import Order, Orders
from sync.simulator.timeline import Timeline


class ParcelStage(StrEnum):
    """How far a parcel has come."""

    PRE_TRANSIT = "pre_transit"
    IN_TRANSIT = "in_transit"
    OUT_FOR_DELIVERY = "out_for_delivery"
    DELIVERED = "delivered"


@dataclass(frozen=True, slots=True)
class Part:
    """Units of one order, by their indexes."""

    order: Order
    units: tuple[int, ...]


@dataclass(slots=True)
class Package:
    """Units under one tracking number, once it is shipped; a combined one has units of several orders."""

    number: int
    id: str
    parts: tuple[Part, ...]
    made_at: float
    tag: str = "DEFAULT"
    tracking_number: str = ""
    provider_id: str = ""
    shipped_at: float | None = None
    handover_method: str = ""
    service: str = ""
    price_cents: int | None = None
    corrected: bool = False
    retired: bool = False

    @property
    def order(self) -> Order:
        """The order it is of; of a combined one, the first."""
        return self.parts[0].order

    def units_of(self, order: Order) -> tuple[int, ...]:
        """The units of one order in it."""
        return next((part.units for part in self.parts if part.order is order), ())


def _nobody_listens(_package: Package, _at: float) -> None:
    """What is called for a scan that nobody wants to hear of."""


def _nobody_hears(_how: str, _role: str, _packages: Sequence[Package], _at: float) -> None:
    """What is called for packages that were split or combined while nobody wants to hear of it."""


class Packages:
    """All packages, found by id, by order, by tracking number and by time of change."""

    def __init__(self, scenario: Scenario, timeline: Timeline, orders: Orders) -> None:
        self.by_creation = ChangeLog()
        self.by_update = ChangeLog()
        self.all: list[Package] = []
        self.of_order: dict[int, list[Package]] = {}
        """The live packages of an order by its index; retired ones are not among them."""
        self.of_tracking_number: dict[str, Package] = {}
        self.on_stage: Callable[[Package, float], None] = _nobody_listens
        self.on_regrouped: Callable[[str, str, Sequence[Package], float], None] = _nobody_hears
        self._timings = scenario.timings
        self._timeline = timeline
        self._orders = orders
        self._id_prefix = "1153" + digits(6, scenario.seed, "packages")
        if scenario.region != "US":
            orders.when_paid = self._begin

    def changes(self) -> Mapping[str, Callable[[Entry], Any]]:
        """What the journal may say of packages."""
        return {
            "marked_shipped": self._apply_marked_shipped,
            "package_created": self._apply_created,
            "package_shipped": self._apply_shipped,
            "tracking_corrected": self._apply_correction,
            "order_split": self._apply_split,
            "packages_combined": self._apply_combined,
            "package_uncombined": self._apply_uncombined,
        }

    def find(self, package_id: str) -> Package | None:
        """Return the package with this id, retired or not."""
        tail = package_id.removeprefix(self._id_prefix)
        if len(tail) != 9 or not (tail.isascii() and tail.isdigit()) or int(tail) >= len(self.all):
            return None
        package = self.all[int(tail)]
        return package if self._orders.shows(package.order.index) else None

    def shipped_units(self, order: Order) -> set[int]:
        """Return the indexes of the order's units that were shipped."""
        return {unit for package in self.shipped_of(order) for unit in package.units_of(order)}

    def shipped_of(self, order: Order) -> list[Package]:
        """Return the packages of an order that were shipped."""
        return [package for package in self.of_order.get(order.index, ()) if package.shipped_at is not None]

    def unshipped_of(self, order: Order) -> list[Package]:
        """Return the packages of an order that exist and wait."""
        return [package for package in self.of_order.get(order.index, ()) if package.shipped_at is None]

    def shipped_orders(self) -> set[int]:
        """Return the indexes of the orders of which something was shipped."""
        return {index for index, packages in self.of_order.items() if any(p.shipped_at is not None for p in packages)}

    def by_state(self) -> dict[str, int]:
        """Return how many packages wait, were shipped, and gave way to others."""
        counts = Counter(
            "retired" if package.retired else "waiting" if package.shipped_at is None else "shipped"
            for package in self.all
        )
        return {state: counts[state] for state in ("waiting", "shipped", "retired")}

    def labels_bought(self) -> int:
        """Return how many labels TikTok itself has sold."""
        return sum(package.price_cents is not None for package in self.all)

    def stages(self, package: Package, now: float) -> list[tuple[ParcelStage, float]]:
        """Return the stages the parcel has reached, each with its unix time, oldest first."""
        if package.shipped_at is None:
            return []
        timings, start = self._timings, package.shipped_at
        stages = [
            (ParcelStage.PRE_TRANSIT, start),
            (ParcelStage.IN_TRANSIT, start + timings.scan_after_seconds),
            (ParcelStage.OUT_FOR_DELIVERY, start + timings.out_for_delivery_after_seconds),
            (ParcelStage.DELIVERED, start + timings.deliver_after_seconds),
        ]
        return [(stage, at) for stage, at in stages if at <= now]

    def begin(self, parts: Iterable[Part], at: float, *, tag: str = "DEFAULT") -> Package:
        """Make a package that is not shipped yet."""
        number = len(self.all)
        package = Package(number, f"{self._id_prefix}{number:09d}", tuple(parts), at, tag)
        self.all.append(package)
        for part in package.parts:
            self.of_order.setdefault(part.order.index, []).append(package)
            part.order.changes += 1
        self.by_creation.record(number, at)
        self.by_update.record(number, at)
        return package

    def ship(self, package: Package, tracking_number: str, provider_id: str, at: float) -> None:
        """Ship a package under a tracking number, let the carrier's clock start, and move its orders on."""
        package.tracking_number, package.provider_id, package.shipped_at = tracking_number, provider_id, at
        self.of_tracking_number[tracking_number] = package
        self.by_update.record(package.number, at)
        scanned = partial(self._scanned, package)
        self._timeline.plan(at + self._timings.scan_after_seconds, scanned)
        self._timeline.plan(at + self._timings.out_for_delivery_after_seconds, partial(self._seen, package))
        self._timeline.plan(at + self._timings.deliver_after_seconds, scanned)
        for part in package.parts:
            going = set(self._orders.going_units(part.order))
            self._orders.arrange(part.order, at, completely=going <= self.shipped_units(part.order))

    def _scanned(self, package: Package, at: float) -> None:
        self.by_update.record(package.number, at)
        self._seen(package, at)

    def _seen(self, package: Package, at: float) -> None:
        self.on_stage(package, at)

    def cancel_units(self, order: Order, units: Iterable[int], at: float) -> None:
        """Take cancelled units out of packages that wait; what is left empty is retired."""
        gone = set(units)
        for package in self.unshipped_of(order):
            left = tuple(unit for unit in package.units_of(order) if unit not in gone)
            parts = [Part(p.order, left if p.order is order else p.units) for p in package.parts]
            package.parts = tuple(part for part in parts if part.units) or package.parts
            if not any(part.units for part in parts):
                self._retire([package], at)

    def _begin(self, order: Order, at: float) -> None:
        self.begin([Part(order, tuple(self._orders.going_units(order)))], at)

    def _retire(self, packages: Sequence[Package], at: float) -> None:
        for package in packages:
            package.retired = True
            self.by_update.record(package.number, at)
            for part in package.parts:
                self.of_order[part.order.index].remove(package)
                part.order.changes += 1

    def _apply_marked_shipped(self, entry: Entry) -> Package:
        order, units = self._orders.arrived[entry["order"]], tuple(entry["units"])
        package = self._of_units(order, units, entry["at"])
        self.ship(package, entry["tracking_number"], entry["provider_id"], entry["at"])
        return package

    def _apply_created(self, entry: Entry) -> Package:
        package = self._apply_marked_shipped(entry)
        package.service, package.price_cents = entry["service"], entry["cents"]
        return package

    def _of_units(self, order: Order, units: tuple[int, ...], at: float) -> Package:
        """The package of exactly these units: the one there is, or one that takes them out of others."""
        waiting = [package for package in self.unshipped_of(order) if set(package.units_of(order)) & set(units)]
        if len(waiting) == 1 and set(waiting[0].units_of(order)) == set(units):
            return waiting[0]
        for package in waiting:
            left = tuple(unit for unit in package.units_of(order) if unit not in units)
            self._retire([package], at)
            if left:
                self.begin([Part(order, left)], at, tag="SPLIT")
        return self.begin([Part(order, units)], at, tag="SPLIT" if waiting else "DEFAULT")

    def _apply_shipped(self, entry: Entry) -> Package:
        package = self.all[entry["package"]]
        package.handover_method = entry["handover_method"]
        self.ship(package, entry["tracking_number"], entry["provider_id"], entry["at"])
        return package

    def _apply_correction(self, entry: Entry) -> None:
        package = self.all[entry["package"]]
        self.of_tracking_number.pop(package.tracking_number, None)
        package.tracking_number, package.provider_id = entry["tracking_number"], entry["provider_id"]
        package.corrected = True
        self.of_tracking_number[package.tracking_number] = package
        for part in package.parts:
            part.order.changes += 1
        self.by_update.record(package.number, entry["at"])

    def _apply_split(self, entry: Entry) -> list[Package]:
        order = self._orders.arrived[entry["order"]]
        self._retire(self.unshipped_of(order), entry["at"])
        made = [self.begin([Part(order, tuple(group))], entry["at"], tag="SPLIT") for group in entry["groups"]]
        return self._regrouped("SPLIT", made, entry)

    def _apply_combined(self, entry: Entry) -> Package:
        orders = [self._orders.arrived[index] for index in entry["orders"]]
        parts = []
        for order in orders:
            waiting = self.unshipped_of(order)
            parts.append(Part(order, tuple(unit for package in waiting for unit in package.units_of(order))))
            self._retire(waiting, entry["at"])
        return self._regrouped("COMBINE", [self.begin(parts, entry["at"], tag="COMBINE")], entry)[0]

    def _apply_uncombined(self, entry: Entry) -> list[Package]:
        package = self.all[entry["package"]]
        leaving = [part for part in package.parts if part.order.index in entry["orders"]]
        staying = [part for part in package.parts if part not in leaving]
        self._retire([package], entry["at"])
        groups = [[part] for part in leaving]
        if staying:
            groups.append(staying)
        made = [self.begin(group, entry["at"], tag="COMBINE" if len(group) > 1 else "DEFAULT") for group in groups]
        return self._regrouped("CANCEL_COMBINE", made, entry)

    def _regrouped(self, how: str, made: list[Package], entry: Entry) -> list[Package]:
        self.on_regrouped(how, entry.get("role", "ROLE_SELLER"), made, entry["at"])
        return made

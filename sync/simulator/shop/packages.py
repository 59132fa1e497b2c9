"""Parcels: what was marked shipped at TikTok, and what the carrier's scanners have seen of it since."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import partial

from sync.simulator.change_log import ChangeLog
from sync.simulator.credentials import digits
from sync.simulator.scenario import Timings
from sync.simulator.shop.orders import Order
from sync.simulator.timeline import Timeline


class ParcelStage(StrEnum):
    """How far a parcel has come."""

    PRE_TRANSIT = "pre_transit"
    IN_TRANSIT = "in_transit"
    OUT_FOR_DELIVERY = "out_for_delivery"
    DELIVERED = "delivered"


@dataclass(slots=True)
class Package:
    """Units of one order under one tracking number; `units` are indexes into the order's units."""

    number: int
    id: str
    order: Order
    units: tuple[int, ...]
    tracking_number: str
    provider_id: str
    marked_at: float
    corrected: bool = False


def _nobody_listens(_package: Package, _at: float) -> None:
    """What is called for a scan that nobody wants to hear of."""


class Packages:
    """All packages, found by id, by order, by tracking number and by time of change."""

    def __init__(self, seed: int, timings: Timings, timeline: Timeline) -> None:
        self.by_creation = ChangeLog()
        self.by_update = ChangeLog()
        self.all: list[Package] = []
        self.of_order: dict[int, list[Package]] = {}
        self.of_tracking_number: dict[str, Package] = {}
        self.on_stage: Callable[[Package, float], None] = _nobody_listens
        self._timings = timings
        self._timeline = timeline
        self._id_prefix = "1153" + digits(6, seed, "packages")

    def add(self, order: Order, units: tuple[int, ...], tracking_number: str, provider_id: str, at: float) -> Package:
        """Make the package of units just marked shipped, and let the carrier's clock start."""
        number = len(self.all)
        package = Package(
            number, f"{self._id_prefix}{number:09d}", order, units, tracking_number, provider_id, marked_at=at
        )
        self.all.append(package)
        self.of_order.setdefault(order.index, []).append(package)
        self.of_tracking_number[tracking_number] = package
        self.by_creation.record(number, at)
        self.by_update.record(number, at)
        scanned = partial(self._scanned, package)
        self._timeline.plan(at + self._timings.scan_after_seconds, scanned)
        self._timeline.plan(at + self._timings.out_for_delivery_after_seconds, partial(self._seen, package))
        self._timeline.plan(at + self._timings.deliver_after_seconds, scanned)
        return package

    def _scanned(self, package: Package, at: float) -> None:
        self.by_update.record(package.number, at)
        self._seen(package, at)

    def _seen(self, package: Package, at: float) -> None:
        self.on_stage(package, at)

    def next_id(self) -> str:
        """Return the id the next package will have."""
        return f"{self._id_prefix}{len(self.all):09d}"

    def correct(self, package: Package, tracking_number: str, provider_id: str, at: float) -> None:
        """Put another tracking number on the package, which TikTok allows once."""
        self.of_tracking_number.pop(package.tracking_number, None)
        package.tracking_number, package.provider_id, package.corrected = tracking_number, provider_id, True
        self.of_tracking_number[tracking_number] = package
        package.order.changes += 1
        self.by_update.record(package.number, at)

    def find(self, package_id: str) -> Package | None:
        """Return the package with this id."""
        tail = package_id.removeprefix(self._id_prefix)
        if len(tail) != 9 or not (tail.isascii() and tail.isdigit()) or int(tail) >= len(self.all):
            return None
        return self.all[int(tail)]

    def shipped_units(self, order: Order) -> set[int]:
        """Return the indexes of the order's units that are in a package."""
        return {unit for package in self.of_order.get(order.index, ()) for unit in package.units}

    def stages(self, package: Package, now: float) -> list[tuple[ParcelStage, float]]:
        """Return the stages the parcel has reached, each with its unix time, oldest first."""
        timings, start = self._timings, package.marked_at
        stages = [
            (ParcelStage.PRE_TRANSIT, start),
            (ParcelStage.IN_TRANSIT, start + timings.scan_after_seconds),
            (ParcelStage.OUT_FOR_DELIVERY, start + timings.out_for_delivery_after_seconds),
            (ParcelStage.DELIVERED, start + timings.deliver_after_seconds),
        ]
        return [(stage, at) for stage, at in stages if at <= now]

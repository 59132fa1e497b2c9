"""Buyers who ask to cancel what waits for shipment: answered by the seller, by shipping in the US, or by the deadline."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from sync.simulator.credentials import digits
from sync.simulator.journal import Entry
from sync.simulator.shop.orders import Order, Orders, OrderStatus
from sync.simulator.shop.packages import Packages
from sync.simulator.timeline import Timeline

ANSWER_SECONDS = 48 * 3600.0
NO_LONGER_NEEDED = "ecom_order_to_ship_canceled_reason_no_longer_needed"
PENDING = "CANCELLATION_REQUEST_PENDING"
SUCCESS = "CANCELLATION_REQUEST_SUCCESS"
CANCELLED = "CANCELLATION_REQUEST_CANCELLED"


@dataclass(slots=True)
class CancelRequest:
    """One request to cancel units of an order; `answered_by` is SELLER, SHIPPING or DEADLINE once it is answered."""

    number: int
    id: str
    order: Order
    units: tuple[int, ...]
    by: str
    reason: str
    created_at: float
    updated_at: float
    deadline: float
    status: str = PENDING
    answered_by: str = ""
    reject_reason: str = ""
    key: str = ""


def _nobody_listens(_request: CancelRequest, _at: float) -> None:
    """What is called for a change that nobody wants to hear of."""


class CancelRequests:
    """All requests, found by id and by order."""

    def __init__(self, seed: int, orders: Orders, packages: Packages, timeline: Timeline) -> None:
        self.all: list[CancelRequest] = []
        self.on_change: Callable[[CancelRequest, float], None] = _nobody_listens
        self._orders = orders
        self._packages = packages
        self._timeline = timeline
        self._id_prefix = "4036" + digits(6, seed, "cancel_requests")
        orders.when_buyer_cancels = self._ask

    def changes(self) -> Mapping[str, Callable[[Entry], Any]]:
        """What the journal may say of requests."""
        return {
            "cancel_requested": self._apply_requested,
            "cancel_answered": self._apply_answered,
            "units_cancelled": self._apply_units_cancelled,
        }

    def find(self, request_id: str) -> CancelRequest | None:
        """Return the request with this id."""
        return next((request for request in self.all if request.id == request_id), None)

    def pending_of(self, order: Order) -> CancelRequest | None:
        """Return the request that the order's seller has not answered."""
        return next((each for each in self.all if each.order is order and each.status == PENDING), None)

    def by_status(self) -> dict[str, int]:
        """Return how many requests stand how, and how many were answered by whom."""
        counts = Counter(request.status for request in self.all)
        counts.update(f"by {request.answered_by}" for request in self.all if request.answered_by)
        return dict(sorted(counts.items()))

    def _ask(self, order: Order, at: float) -> None:
        if self.pending_of(order) is None:
            units = self._orders.going_units(order)
            self._apply_requested({"order": order.index, "at": at, "units": units, "reason": NO_LONGER_NEEDED})

    def _apply_requested(self, entry: Entry) -> CancelRequest:
        order, at, number = self._orders.arrived[entry["order"]], entry["at"], len(self.all)
        request = CancelRequest(
            number,
            f"{self._id_prefix}{number:09d}",
            order,
            tuple(entry["units"]),
            "BUYER",
            entry["reason"],
            at,
            at,
            at + ANSWER_SECONDS,
        )
        self.all.append(request)
        order.cancel_asked_at = at
        self._orders.touch(order, at)
        self._timeline.plan(request.deadline, partial(self._expire, request))
        self.on_change(request, at)
        return request

    def _expire(self, request: CancelRequest, at: float) -> None:
        if request.status == PENDING:
            self._answer(request, at, approved=True, by="DEADLINE")

    def _apply_answered(self, entry: Entry) -> None:
        request = self.all[entry["request"]]
        request.reject_reason, request.key = entry.get("reject_reason", ""), entry.get("key", "")
        self._answer(request, entry["at"], approved=entry["approved"], by=entry["by"])

    def _answer(self, request: CancelRequest, at: float, *, approved: bool, by: str) -> None:
        request.status, request.answered_by, request.updated_at = (SUCCESS if approved else CANCELLED), by, at
        request.order.cancel_asked_at = None
        if approved:
            self._cancel(request.order, request.units, "BUYER", request.reason, at)
        else:
            self._orders.touch(request.order, at)
        self.on_change(request, at)

    def _apply_units_cancelled(self, entry: Entry) -> CancelRequest:
        order, at, number = self._orders.arrived[entry["order"]], entry["at"], len(self.all)
        identity = f"{self._id_prefix}{number:09d}"
        units = tuple(entry["units"])
        request = CancelRequest(number, identity, order, units, "SELLER", entry["reason"], at, at, at, SUCCESS)
        self.all.append(request)
        self._cancel(order, units, "SELLER", entry["reason"], at)
        self.on_change(request, at)
        return request

    def _cancel(self, order: Order, units: tuple[int, ...], by: str, reason: str, at: float) -> None:
        order.cancelled_by, order.cancel_reason = by, reason
        self._packages.cancel_units(order, units, at)
        if set(units) >= set(self._orders.going_units(order)):
            self._orders.move(order, OrderStatus.CANCELLED, at)
            return
        order.cancelled_units |= set(units)
        self._orders.touch(order, at)

"""Returns and refunds: what buyers and sellers ask for once an order is on its way, and what becomes of it by answers and by time."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from sync.simulator.credentials import digits
from sync.simulator.journal import Entry
from sync.simulator.shop.orders import Order, Orders
from sync.simulator.timeline import Timeline

ANSWER_SECONDS = 48 * 3600.0
REPLACEMENT_ANSWER_SECONDS = 24 * 3600.0

_REQUEST = "RETURN_OR_REFUND_REQUEST"
PENDING, COMPLETE = f"{_REQUEST}_PENDING", f"{_REQUEST}_COMPLETE"
NOT_AS_DESCRIBED = "ecom_order_delivered_refund_and_return_reason_not_match"
REPLACEMENT_PENDING = "REPLACEMENT_REQUEST_PENDING"

BECOMES: Mapping[tuple[str, str], str] = {
    (PENDING, "APPROVE_REFUND"): COMPLETE,
    (PENDING, "APPROVE_RETURN"): "AWAITING_BUYER_SHIP",
    (PENDING, "OFFER_PARTIAL_REFUND"): "AWAITING_BUYER_RESPONSE",
    (PENDING, "REJECT_REFUND"): "REFUND_OR_RETURN_REQUEST_REJECT",
    (PENDING, "REJECT_RETURN"): "REFUND_OR_RETURN_REQUEST_REJECT",
    ("BUYER_SHIPPED_ITEM", "APPROVE_RECEIVED_PACKAGE"): COMPLETE,
    ("BUYER_SHIPPED_ITEM", "REJECT_RECEIVED_PACKAGE"): "REJECT_RECEIVE_PACKAGE",
    (REPLACEMENT_PENDING, "APPROVE_REPLACEMENT"): "REPLACEMENT_REQUEST_COMPLETE",
    (REPLACEMENT_PENDING, "ISSUE_REPLACEMENT_REFUND"): "REPLACEMENT_REQUEST_REFUND_SUCCESS",
    (REPLACEMENT_PENDING, "REJECT_REPLACEMENT"): "REPLACEMENT_REQUEST_REJECT",
}
"""What a decision makes of a return that stands so; whatever is not here does not fit."""


@dataclass(slots=True)
class Return:
    """One return of units of an order. Money in cents."""

    number: int
    id: str
    order: Order
    units: tuple[int, ...]
    kind: str
    role: str
    reason: str
    refund_cents: int
    created_at: float
    updated_at: float
    deadline: float
    status: str
    decision: str = ""
    key: str = ""

    @property
    def waits(self) -> bool:
        """Whether the seller has to say something."""
        return any(status == self.status for status, _ in BECOMES)


def _nobody_listens(_return: Return, _at: float) -> None:
    """What is called for a change that nobody wants to hear of."""


class Returns:
    """All returns, found by id."""

    def __init__(self, seed: int, orders: Orders, timeline: Timeline) -> None:
        self.all: list[Return] = []
        self.on_change: Callable[[Return, float], None] = _nobody_listens
        self._orders = orders
        self._timeline = timeline
        self._id_prefix = "4037" + digits(6, seed, "returns")
        orders.when_buyer_returns = self._ask

    def changes(self) -> Mapping[str, Callable[[Entry], Any]]:
        """What the journal may say of returns."""
        return {
            "return_opened": self._apply_opened,
            "return_answered": self._apply_answered,
            "return_shipped": self._apply_shipped,
        }

    def find(self, return_id: str) -> Return | None:
        """Return the return with this id."""
        return next((each for each in self.all if each.id == return_id), None)

    def of_key(self, key: str) -> Return | None:
        """Return what was opened under this idempotency key."""
        return next((each for each in self.all if key and each.key == key), None)

    def by_status(self) -> dict[str, int]:
        """Return how many returns stand how."""
        return dict(sorted(Counter(each.status for each in self.all).items()))

    def _ask(self, order: Order, at: float) -> None:
        units, details = self._orders.going_units(order), self._orders.details(order.index)
        self._apply_opened(
            {
                "order": order.index,
                "at": at,
                "what": "RETURN_AND_REFUND",
                "units": units,
                "role": "BUYER",
                "reason": NOT_AS_DESCRIBED,
                "refund_cents": sum(details.units[unit].sale_cents + details.units[unit].tax_cents for unit in units),
            }
        )

    def _apply_opened(self, entry: Entry) -> Return:
        order, at, number, kind = self._orders.arrived[entry["order"]], entry["at"], len(self.all), entry["what"]
        replacement = kind == "REPLACEMENT"
        made = Return(
            number=number,
            id=f"{self._id_prefix}{number:09d}",
            order=order,
            units=tuple(entry["units"]),
            kind=kind,
            role=entry["role"],
            reason=entry["reason"],
            refund_cents=entry["refund_cents"],
            created_at=at,
            updated_at=at,
            deadline=at + (REPLACEMENT_ANSWER_SECONDS if replacement else ANSWER_SECONDS),
            status=REPLACEMENT_PENDING if replacement else PENDING,
            key=entry.get("key", ""),
        )
        if made.role == "SELLER":
            made.status = "AWAITING_BUYER_SHIP" if kind == "RETURN_AND_REFUND" else COMPLETE
        self.all.append(made)
        self._timeline.plan(made.deadline, partial(self._expire, made))
        self.on_change(made, at)
        return made

    def _apply_answered(self, entry: Entry) -> None:
        made = self.all[entry["return"]]
        made.decision = entry["decision"]
        if entry["refund_cents"] is not None:
            made.refund_cents = entry["refund_cents"]
        keeps = entry["keeps_item"] and made.decision == "APPROVE_RETURN"
        self._move(made, COMPLETE if keeps else BECOMES[made.status, made.decision], entry["at"])

    def _apply_shipped(self, entry: Entry) -> None:
        self._move(self.all[entry["return"]], "BUYER_SHIPPED_ITEM", entry["at"])

    def _expire(self, made: Return, at: float) -> None:
        if made.status == PENDING:
            self._move(made, "AWAITING_BUYER_SHIP" if made.kind == "RETURN_AND_REFUND" else COMPLETE, at)
        elif made.status == REPLACEMENT_PENDING:
            self._move(made, "REPLACEMENT_REQUEST_COMPLETE", at)

    def _move(self, made: Return, status: str, at: float) -> None:
        made.status, made.updated_at = status, at
        self.on_change(made, at)

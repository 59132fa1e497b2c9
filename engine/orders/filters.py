"""Which orders, and in what order: a filter as plain values. `predicate` makes SQL of it, `filter_language` reads and writes it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, tzinfo
from decimal import Decimal
from enum import StrEnum
from typing import TypeAlias

from engine.words import ExecutionStatus, HoldReason, OrderStatus, PaymentStatus, WorkflowState


class OrderSort(StrEnum):
    """What a list of orders may be sorted by: an index stands behind each."""

    ORDER_DATE = "order_date"
    UPDATED_AT = "updated_at"
    TOTAL_AMOUNT = "total_amount"
    SHIP_BY = "ship_by"
    ORDER_NUMBER = "order_number"


class Pile(StrEnum):
    """The piles that need a person, in the order Triage shows them."""

    DUE_SOON = "due_soon"
    AUTO_CANCEL_SOON = "auto_cancel_soon"
    OVERDUE = "overdue"
    CANCEL_REQUESTED = "cancel_requested"
    ON_HOLD = "on_hold"
    OUT_OF_STOCK = "out_of_stock"
    FAILED = "failed"
    LABEL_PROBLEM = "label_problem"
    DELIVERY_EXCEPTION = "delivery_exception"
    RETURN_REQUESTED = "return_requested"


class Wait(StrEnum):
    """What an open order may wait for; empty and the words left out are moments between two steps."""

    PAYMENT = "payment"
    STOCK = "stock"
    LABEL = "label"
    PICK = "pick"
    TIKTOK = "tiktok"
    HANDOVER = "handover"
    DELIVERY = "delivery"
    HOLD = "hold"
    NOTE = "note"
    PERSON = "person"
    RETRY = "retry"
    PAUSED = "paused"
    OBSERVE = "observe"


@dataclass(frozen=True, slots=True)
class Day:
    """The beginning of a day of the viewer's, so many days from today: 0 is today, 1 tomorrow."""

    days: int
    zone: tzinfo | None = field(default=None, compare=False)
    """Whose midnight; None is the zone of this machine."""

    def begins_at(self) -> datetime:
        """Its first moment, by this machine's clock."""
        today = datetime.now(self.zone).date() if self.zone else datetime.now().astimezone().date()
        return midnight(today + timedelta(days=self.days), self.zone)


def midnight(day: date, zone: tzinfo | None) -> datetime:
    """When a day begins in a zone; None is the zone of this machine."""
    beginning = datetime.combine(day, time.min, zone)
    return beginning if zone else beginning.astimezone()


Moment: TypeAlias = datetime | timedelta | Day
"""A moment; a length of time from now, by the database's clock at the time of the question; or a day of the viewer's."""


@dataclass(frozen=True, slots=True)
class Amounts:
    """Totals from `low` to `high`; an end that is None is open, one that is `beyond` or `short` of does not count itself."""

    low: Decimal | None = None
    high: Decimal | None = None
    beyond: bool = False
    short: bool = False


NOBODY = ""
"""Among the assignees: orders that are nobody's."""

ANY_HOLD = frozenset(HoldReason)


@dataclass(frozen=True, slots=True)
class Sets:
    """What an order may be one of; an empty set does not ask. Shops, creators and people are named as people name them."""

    statuses: frozenset[OrderStatus] = frozenset()
    workflow_states: frozenset[WorkflowState] = frozenset()
    executions: frozenset[ExecutionStatus] = frozenset()
    payments: frozenset[PaymentStatus] = frozenset()
    holds: frozenset[HoldReason] = frozenset()
    """Held for one of these now."""
    waits: frozenset[Wait] = frozenset()
    causes: frozenset[str] = frozenset()
    """Failed, and not mended, with one of these codes."""
    priorities: frozenset[int] = frozenset()
    tags: frozenset[str] = frozenset()
    shops: frozenset[str] = frozenset()
    creators: frozenset[str] = frozenset()
    assigned: frozenset[str] = frozenset()
    skus: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Without(Sets):
    """What an order must not be: whatever is one of any of these is left out."""

    piles: frozenset[Pile] = frozenset()


@dataclass(frozen=True, slots=True)
class OrderFilter(Sets):
    """Which orders; empty means all. Of `tags` all are meant, of every other set any one.

    `search` is one phrase: an id, a SKU, a tracking number, a name, a product word.
    """

    pile: Pile | None = None
    failure_fingerprint: str | None = None
    search: str = ""
    ordered_from: Moment | None = None
    ordered_until: Moment | None = None
    ship_by_from: Moment | None = None
    ship_by_until: Moment | None = None
    changed_from: Moment | None = None
    changed_until: Moment | None = None
    amount: Amounts | None = None
    without: Without = Without()
    sort: OrderSort = OrderSort.ORDER_DATE
    ascending: bool = False

    @property
    def narrows(self) -> bool:
        """Whether it leaves anything out."""
        return self != OrderFilter(sort=self.sort, ascending=self.ascending)

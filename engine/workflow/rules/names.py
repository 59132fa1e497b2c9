"""The names a condition may use: a fixed, typed set of what is known about an order, nothing of it personal.

Of the address there is the country, the state and the beginning of the postal code; a buyer's name, street, phone, e-mail and
messages are not offered, so that no rule, trace or notice can carry them away.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Protocol

from engine.words import ChannelStatus, OrderKind, OrderStatus, WorkflowState

Value = str | int | Decimal | bool | tuple[str, ...]

NEVER = Decimal("Infinity")
"""The hours to a ship-by that does not exist."""

_HUNDREDTH = Decimal("0.01")
_SECONDS_AN_HOUR = Decimal(3600)


class Kind(StrEnum):
    """The types of the language, as a sentence names them."""

    TEXT = "a text"
    NUMBER = "a number"
    TRUTH = "true or false"
    TEXTS = "a list of texts"


class Line(Protocol):
    """What rules see of one line item; `total` leaves cancelled units out."""

    @property
    def sku(self) -> str: ...
    @property
    def total(self) -> int: ...
    @property
    def weight_grams(self) -> int | None: ...


@dataclass(slots=True)
class Subject:
    """One order at the moment of an event, as rules see it. What rules change is changed here for the rules after them."""

    now: datetime
    state: WorkflowState
    status: OrderStatus
    channel_status: str
    kind: OrderKind
    total: Decimal
    currency: str
    lines: Sequence[Line]
    paid: bool
    cash_on_delivery: bool
    cancel_requested: bool
    is_gift: bool
    shipping_type: str
    shipping_method: str
    ship_by: datetime | None
    shop: str
    creator: str
    country: str = ""
    region: str = ""
    postal_code: str = ""
    failure_code: str = ""
    priority: int = 1
    prioritised: bool = False
    """Whether a person has set its priority, which no rule changes."""
    assigned: bool = False
    tags: set[str] = field(default_factory=set)
    holds: set[str] = field(default_factory=set)
    workflow: str = ""
    begun: bool = False
    """Whether its workflow has begun, so that no other can be chosen any more."""


@dataclass(frozen=True, slots=True)
class Name:
    """One name: its type, what it means, how it is read; `words` are all that its text can be."""

    kind: Kind
    meaning: str
    read: Callable[[Subject], Value]
    words: tuple[str, ...] = ()


def _words(closed_set: type[StrEnum]) -> tuple[str, ...]:
    return tuple(word.value for word in closed_set)


def _hours_to_ship_by(subject: Subject) -> Decimal:
    if subject.ship_by is None:
        return NEVER
    seconds = Decimal(int((subject.ship_by - subject.now).total_seconds()))
    return (seconds / _SECONDS_AN_HOUR).quantize(_HUNDREDTH)


NAMES: dict[str, Name] = {
    "total": Name(Kind.NUMBER, "the order's total, in its currency", lambda s: s.total),
    "currency": Name(Kind.TEXT, "the currency of the total, as USD", lambda s: s.currency),
    "units": Name(
        Kind.NUMBER, "how many units are ordered, cancelled ones left out", lambda s: sum(i.total for i in s.lines)
    ),
    "lines": Name(Kind.NUMBER, "how many different lines the order has", lambda s: len(s.lines)),
    "skus": Name(Kind.TEXTS, "the SKUs of its lines", lambda s: tuple(sorted({i.sku for i in s.lines}))),
    "weight_grams": Name(
        Kind.NUMBER,
        "what its products weigh together; an unknown weight counts as 0",
        lambda s: sum((i.weight_grams or 0) * i.total for i in s.lines),
    ),
    "country": Name(Kind.TEXT, "where it goes, as US; empty while TikTok hides it", lambda s: s.country),
    "state": Name(Kind.TEXT, "the state or province it goes to, as WA", lambda s: s.region),
    "postal_prefix": Name(Kind.TEXT, "the first three characters of the postal code", lambda s: s.postal_code[:3]),
    "shop": Name(Kind.TEXT, "the name of the shop", lambda s: s.shop),
    "creator": Name(Kind.TEXT, "the name of the creator whose shop it is", lambda s: s.creator),
    "channel_status": Name(
        Kind.TEXT, "the status TikTok gives the order", lambda s: s.channel_status, _words(ChannelStatus)
    ),
    "order_status": Name(Kind.TEXT, "the status of the order", lambda s: s.status.value, _words(OrderStatus)),
    "workflow_state": Name(
        Kind.TEXT, "where the order stands in its workflow", lambda s: s.state.value, _words(WorkflowState)
    ),
    "kind": Name(Kind.TEXT, "what kind of order it is", lambda s: s.kind.value, _words(OrderKind)),
    "shipping_type": Name(Kind.TEXT, "who arranges the shipping", lambda s: s.shipping_type, ("SELLER", "TIKTOK")),
    "shipping_method": Name(Kind.TEXT, "the delivery the buyer chose, in TikTok's words", lambda s: s.shipping_method),
    "hours_to_ship_by": Name(
        Kind.NUMBER,
        "hours until TikTok's ship-by, negative when it has passed; endless when there is none",
        _hours_to_ship_by,
    ),
    "paid": Name(Kind.TRUTH, "whether it is paid, or paid on delivery", lambda s: s.paid),
    "cash_on_delivery": Name(Kind.TRUTH, "whether the buyer pays on delivery", lambda s: s.cash_on_delivery),
    "cancel_requested": Name(Kind.TRUTH, "whether the buyer asks for cancellation", lambda s: s.cancel_requested),
    "is_gift": Name(Kind.TRUTH, "whether any of its units is a gift", lambda s: s.is_gift),
    "held": Name(Kind.TRUTH, "whether it is held", lambda s: bool(s.holds)),
    "assigned": Name(Kind.TRUTH, "whether it is assigned to somebody", lambda s: s.assigned),
    "tags": Name(Kind.TEXTS, "its tags", lambda s: tuple(sorted(s.tags))),
    "priority": Name(Kind.NUMBER, "its priority, 0 to 5; higher goes first", lambda s: s.priority),
    "failure_code": Name(Kind.TEXT, "why it failed, as out_of_stock; empty unless it has", lambda s: s.failure_code),
}

FROM_THE_ADDRESS = frozenset({"country", "state", "postal_prefix"})
"""Names that need the sealed address opened."""

PERSONAL = frozenset(
    {
        *("customer", "customer_name", "name", "first_name", "last_name", "buyer", "buyer_name"),
        *("email", "customer_email", "phone", "customer_phone"),
        *("address", "shipping_address", "street", "line1", "line2", "city", "postal_code", "zip", "zip_code"),
        *("buyer_message", "seller_note", "note", "notes"),
    }
)
"""What people would look for and must not get; the refusal says why."""


def values_of(subject: Subject, names: Iterable[str]) -> dict[str, Value]:
    """What these names stand for now."""
    return {name: NAMES[name].read(subject) for name in names}

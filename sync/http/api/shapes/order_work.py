"""What people do with one order: hold it, mark it, hand it to somebody, send it on; and its story."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, Field

from engine.orders.views import TimelineKind
from engine.words import CancelReason, HoldReason
from sync.http.api.shapes.order_changes import Reason
from sync.http.api.shapes.orders import OrderShape
from sync.http.api.shapes.shape import Asked, Told

Name = Annotated[str, Field(min_length=1, max_length=200)]


class Changed(Told):
    """The order as it is now. `changed` is false where it was as asked already."""

    success: bool
    changed: bool
    order: OrderShape


class WhyAsked(Asked):
    """Something done for a reason."""

    reason: Reason | None = None


class SkipAsked(Asked):
    """A step passed over; history keeps why."""

    reason: Annotated[str, Field(min_length=1, max_length=255)]


class CancelAsked(Asked):
    """An order cancelled. `because` is what TikTok is told; without it what the order suggests."""

    because: CancelReason | None = None
    reason: Reason | None = None


class HoldAsked(Asked):
    """A hold; it lifts itself at `until`."""

    note: Annotated[str, Field(max_length=1000)] = ""
    until: AwareDatetime | None = None


class AssigneeAsked(Asked):
    """Whom an order is handed to: an id, a login or a name; null for nobody."""

    user: Name | None


class PriorityAsked(Asked):
    """A priority; null leaves it to the deadline."""

    level: Annotated[int | None, Field(ge=1, le=9)]


class NoteAsked(Asked):
    """A note. One that must be acknowledged keeps the order where it is until it is."""

    body: Annotated[str, Field(min_length=1, max_length=4000)]
    must_acknowledge: bool = False


class TimelineLine(Told):
    """One line of an order's story."""

    at: datetime
    kind: TimelineKind
    text: str
    actor: str
    source: str
    entry_id: str


class Timeline(Told):
    """An order's story, oldest first."""

    timeline: list[TimelineLine]


class HoldShape(Told):
    """A hold that stands."""

    order_id: UUID
    order_number: str
    reason: HoldReason
    note: str
    placed_by: str
    placed_at: datetime
    until: datetime | None


class Holds(Told):
    """The holds of open orders, oldest first."""

    holds: list[HoldShape]

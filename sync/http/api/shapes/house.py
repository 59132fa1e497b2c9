"""The house at a glance: shops, workflows, piles, reports."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from engine.orders.filters import Pile
from engine.workflow.facts import ImportMode
from sync.http.api.shapes.amounts import Amount
from sync.http.api.shapes.shape import Asked, Told


class PolledShape(Told):
    """How asking a shop about one topic stands."""

    topic: str
    polled_at: datetime | None
    reached: datetime | None
    error: str


class ShopShape(Told):
    """A shop, how it is worked and reached."""

    shop_id: UUID
    tiktok_shop_id: str
    name: str
    region: str
    seller_type: str
    timezone: str
    location: str
    state: str
    state_reason: str
    policies: dict[str, str]
    seller: str
    grant_state: str
    grant_ends_at: datetime | None
    grant_ends_soon: bool
    refresh_error: str
    polls: list[PolledShape]


class Shops(Told):
    """Every shop that was ever connected, by name."""

    shops: list[ShopShape]


class ShopModeAsked(Asked):
    """Whether a shop's orders are worked or only shown."""

    mode: ImportMode
    anyway: Annotated[bool, Field(description="Also where no stock is loaded.")] = False


class PoliciesAsked(Asked):
    """How a shop's orders are worked; what is left out stays."""

    policies: Annotated[dict[str, str], Field(min_length=1, max_length=20)]


class WorkflowEditionShape(Told):
    """One edition of a workflow; `shops` start their new orders on it."""

    name: str
    version: int
    created_at: datetime | None
    open_orders: int
    shops: list[str]


class Workflows(Told):
    """Every edition by name and version."""

    workflows: list[WorkflowEditionShape]


class PileShape(Told):
    """What needs a person: how many orders, and the nearest deadline."""

    pile: Pile
    orders: int
    nearest: datetime | None


class PulseShape(Told):
    """The console's header."""

    open_orders: int
    failed: int
    held: int
    due_effects: int
    completed_last_minute: int
    daemon_alive: bool
    open_gates: list[str]


class Overview(Told):
    """The house at a glance."""

    piles: list[PileShape]
    pulse: PulseShape


class LatencyShape(Told):
    """How long the workflow's own work takes; waiting for people, stock and carriers left out."""

    orders: int
    median_seconds: float | None
    p95_seconds: float | None


class ErrorsShape(Told):
    """How many orders went wrong; out of stock is no error."""

    orders: int
    failed: int
    out_of_stock: int
    rate: float


class LatencyReport(Told):
    """The workflow's own speed and errors."""

    latency: LatencyShape
    errors: ErrorsShape


class VolumeLine(Told):
    """What was ordered, and what became of it by now."""

    key: str
    name: str
    orders: int
    units: int
    completed: int
    cancelled: int
    returned: int
    failed: int
    amounts: dict[str, Amount]


class CycleLine(Told):
    """Hours until ready, shipped, delivered; median and 90th percentile."""

    key: str
    name: str
    orders: int
    delivered_orders: int
    ready_median: float | None
    ready_p90: float | None
    shipped_median: float | None
    shipped_p90: float | None
    delivered_median: float | None
    delivered_p90: float | None


class ShipByLine(Told):
    """What became of the ship-bys that fell in the time."""

    key: str
    name: str
    orders: int
    kept: int
    late: int
    overdue: int
    ahead: int
    cancelled: int
    kept_share: float | None


class FailureLine(Told):
    """What stopped orders, by cause."""

    key: str
    name: str
    code: str
    error_class: str
    failures: int
    orders: int
    open: int
    median_hours: float | None


class LabelLine(Told):
    """Labels bought, and what they cost."""

    key: str
    name: str
    carrier: str
    service: str
    currency: str
    labels: int
    voided: int
    cost: Amount


class CreatorLine(Told):
    """What was completed for a creator."""

    key: str
    name: str
    day: str
    currency: str
    completed: int
    units: int
    revenue: Amount
    mean_hours: float | None

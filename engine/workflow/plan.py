"""The plan: everything a decided batch wants written, gathered as plain values and written set-wise by `writing`."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from engine.actors import SYSTEM, Actor
from engine.effects.kinds import Retries
from engine.identifiers import LocationId, OrderId, PackageId, ShopId
from engine.orders.problems import Problem
from engine.words import (
    CancelReason,
    Dependency,
    EffectKind,
    ErrorClass,
    ExecutionStatus,
    FulfilmentStatus,
    OrderStatus,
    WorkflowState,
)
from engine.workflow.facts import ItemFacts, OrderFacts, PackageFacts

if TYPE_CHECKING:
    from engine.workflow.rules.ruling import Ruling


@dataclass(frozen=True, slots=True)
class Cause:
    """Why an order fails: what a person will read, and what kind of trouble it is."""

    problems: tuple[Problem, ...]
    error_class: ErrorClass
    evidence: dict[str, str] = field(default_factory=dict)

    @property
    def first(self) -> Problem:
        return self.problems[0]


@dataclass(frozen=True, slots=True)
class Step:
    """One move of one order."""

    order: OrderFacts
    trigger: str
    source: WorkflowState
    target: WorkflowState
    status_before: OrderStatus
    status_after: OrderStatus


@dataclass(frozen=True, slots=True)
class NewEffect:
    """An intent to be written. `ahead` counts the order's other new effects for the same dependency."""

    effect_id: UUID
    key: str
    kind: EffectKind
    dependency: Dependency
    order_id: OrderId | None
    shop_id: ShopId
    package_id: PackageId | None
    ahead: int
    delay_seconds: float
    provider_reference: str
    request: dict[str, str]
    retry: Retries | None = None
    """The `retry_config` of the action that means it; None leaves it to the budget of its kind."""


@dataclass(frozen=True, slots=True)
class NewPackage:
    """A package to be planned for an order: what goes into it, and where it ships from."""

    package_id: PackageId
    order: OrderFacts
    location_id: LocationId
    contents: tuple[tuple[ItemFacts, int], ...]
    """Items, each with how many of it."""

    @property
    def weight_grams(self) -> int | None:
        """What the contents weigh together; None while no weight is known."""
        return sum((item.weight_grams or 0) * quantity for item, quantity in self.contents) or None


@dataclass(frozen=True, slots=True)
class Postponed:
    """An action said no and is to be tried again."""

    action: str
    error: str
    attempt: int


@dataclass(slots=True)
class OrderPlan:
    """What the actions of one order asked for. Actions only append; nothing is written while the machine decides."""

    order: OrderFacts
    before_status: OrderStatus
    before_state: WorkflowState
    before_execution: ExecutionStatus
    actor: Actor = SYSTEM
    reason: str = ""
    steps: list[Step] = field(default_factory=list)
    effects: list[NewEffect] = field(default_factory=list)
    packages: list[NewPackage] = field(default_factory=list)
    leaving: list[PackageFacts] = field(default_factory=list)
    """Packages whose goods leave the shelf while others of the order stay."""
    arrived: list[PackageFacts] = field(default_factory=list)
    """Packages that waited for stock which is there now."""
    handed: list[PackageId] = field(default_factory=list)
    """Packages that a person handed over just now."""
    reserve: bool = False
    record_reservation: bool = False
    release: bool = False
    gives_back: bool = False
    """It failed because what was reserved for it is not there: it goes on from where it is reserved."""
    consume: bool = False
    pick_list: bool = False
    vouched: bool = False
    """A person's word stands in for its picking."""
    item_status: FulfilmentStatus | None = None
    shipped: bool = False
    handed_over: bool = False
    delivered: bool = False
    finalize: bool = False
    count_completed: bool = False
    count_delivered: bool = False
    cause: Cause | None = None
    fail: bool = False
    resolve_failure: str = ""
    rearm: bool = False
    void_effects: bool = False
    void_packages: bool = False
    cancelled: bool = False
    stopped: bool = False
    """A person ended the execution; the sale stands."""
    pass_over: EffectKind | None = None
    """What failed outside and is not tried again: a person vouches for it."""
    passed_over: frozenset[str] = frozenset()
    """Actions that are left out on a person's word."""
    cancel_reason: CancelReason | None = None
    alternatives: bool = False
    retry: Retries | None = None
    """The `retry_config` of the action that is running."""
    data: dict[str, dict[str, Any]] = field(default_factory=dict)
    """What actions answered, by action; kept in the order's audit."""
    rest_seconds: float = 0.0
    """How long the order rests, as an action wished, before anything happens to it by itself."""
    postponed: Postponed | None = None
    waiting_for: str = ""
    due_at: datetime | None = None

    @property
    def moved(self) -> bool:
        """Whether anything but the wait changed."""
        return bool(
            self.steps
            or self.effects
            or self.packages
            or self.arrived
            or self.handed
            or self.cancelled
            or self.postponed
            or self.ruled
        )

    @property
    def error(self) -> str | None:
        """What went wrong in this decision, if anything did."""
        if self.postponed is not None:
            return self.postponed.error
        return self.cause.first.sentence if self.fail and self.cause else None

    @property
    def ruling(self) -> Ruling | None:
        """What rules are asked and answer about the order; None where no rule concerns it."""
        return self.order.ruling

    @property
    def ruled(self) -> bool:
        """Whether a rule matched."""
        return self.ruling is not None and bool(self.ruling.matches)

    def status_changes(self) -> list[tuple[OrderStatus, OrderStatus]]:
        """Each change of the order's status, one after the other."""
        return [
            (step.status_before, step.status_after)
            for step in self.steps
            if step.status_before is not step.status_after
        ]

    def events(self) -> list[str]:
        """What reports count of this plan."""
        events = []
        if self.reserve:
            events.append("reserved")
        if self.shipped:
            events.append("shipped")
        if self.count_delivered:
            events.append("delivered")
        if self.fail:
            events.append("failed")
        if self.cancelled:
            events.append("cancelled")
        return events

"""What waits for a person, and batches of changes."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import AwareDatetime, Field

from engine.orders.bulk.requests import BatchState, BulkKind
from engine.words import ErrorClass, WorkflowState
from sync.http.api.shapes.order_changes import Reason
from sync.http.api.shapes.order_work import Name
from sync.http.api.shapes.shape import Asked, Told

Fingerprint = Annotated[str, Field(min_length=1, max_length=400)]
OrderIds = Annotated[list[UUID], Field(min_length=1, max_length=500)]


class TriedShape(Told):
    """One thing that was tried before."""

    at: datetime
    what: str
    outcome: str


class FailureShape(Told):
    """One failure that waits for a person."""

    failure_id: UUID
    order_id: UUID
    order_number: str
    code: str
    error_class: ErrorClass
    fingerprint: str
    cause: str
    evidence: dict[str, Any]
    what_to_do: str
    failed_from: WorkflowState
    attempts: int
    created_at: datetime
    assigned_to: str
    acknowledged_by: str
    snoozed_until: datetime | None
    comes_back_at: datetime | None
    tried: list[TriedShape]


class FailureGroupShape(Told):
    """Open failures with one fingerprint: mend once, retry all."""

    fingerprint: str
    code: str
    error_class: ErrorClass
    cause: str
    what_to_do: str
    orders: int
    oldest_at: datetime
    newest_at: datetime
    nearest_ship_by: datetime | None
    assigned_to: list[str]
    acknowledged_by: list[str]
    snoozed: int


class FailureGroups(Told):
    """The failed queue, nearest ship-by first."""

    groups: list[FailureGroupShape]


class Failures(Told):
    """The failures of one group, nearest ship-by first."""

    failures: list[FailureShape]


class RetryGroupAsked(Asked):
    """Every order of a group sent on."""

    fingerprint: Fingerprint
    reason: Reason | None = None


class FailureOrdersAsked(Asked):
    """Failed orders, by id."""

    order_ids: OrderIds


class AssignFailuresAsked(FailureOrdersAsked):
    """Failures given to somebody: an id, a login or a name; null for nobody."""

    user: Name | None


class SnoozeAsked(FailureOrdersAsked):
    """Failures out of sight until then."""

    until: AwareDatetime


class OutcomeShape(Told):
    """What became of one order; `code` and `error` are empty when it was done."""

    order_id: UUID
    order_number: str
    code: str
    error: str


class Outcomes(Told):
    """What became of each order."""

    success: bool
    outcomes: list[OutcomeShape]


class BatchErrorShape(Told):
    """One order that was refused."""

    order_id: str
    order_number: str
    code: str
    error: str


class BatchShape(Told):
    """A bulk change. `undoable` counts the orders whose change may still be taken back."""

    batch_id: UUID
    kind: BulkKind
    state: BatchState
    actor: str
    request: dict[str, Any]
    total: int
    processed: int
    failed: int
    unchanged: int
    undoable: int
    undoes: UUID | None
    created_at: datetime
    progressed_at: datetime
    finished_at: datetime | None
    errors: list[BatchErrorShape]


class Batches(Told):
    """The latest batches, newest first, without their errors."""

    batches: list[BatchShape]

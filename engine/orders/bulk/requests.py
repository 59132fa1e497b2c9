"""What a bulk change is asked with, and what people and programs see of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, TypeAlias

from engine.identifiers import BatchId, OrderId
from engine.orders.views import OrderFilter


@dataclass(frozen=True, slots=True)
class Matching:
    """All orders that match a filter, but those taken out by hand."""

    order_filter: OrderFilter
    without: frozenset[OrderId] = frozenset()


Chosen: TypeAlias = Sequence[OrderId] | OrderFilter | Matching
"""The orders of a bulk change: these, or all that match at the moment it begins."""


def matching(chosen: Chosen) -> Matching | None:
    """What all of `chosen` match; None where they are named one by one."""
    if isinstance(chosen, OrderFilter):
        return Matching(chosen)
    return chosen if isinstance(chosen, Matching) else None


class BulkKind(StrEnum):
    """What can be done to many orders at once."""

    STATUS = "status"
    TAG = "tag"
    UNTAG = "untag"
    HOLD = "hold"
    RELEASE = "release"
    RETRY = "retry"
    CANCEL = "cancel"
    PRIORITY = "priority"
    ASSIGN = "assign"
    UNDO = "undo"


@dataclass(frozen=True, slots=True)
class BulkRequest:
    """What is to be done to each order, and why. `parameters` are plain JSON values: those of the kind, and nothing personal.

    status: `status` · cancel: `because`, or what each order suggests · tag, untag: `tags` · hold: `hold`, `until` · release: `hold`, or
    all · priority: `level`, or null to derive it · assign: `user_id` and `name`, null for nobody · undo: `batch`, `kind`.
    """

    kind: BulkKind
    parameters: Mapping[str, Any] = field(default_factory=dict)
    reason: str = ""
    note: str = ""
    """A hold's note, which may be personal."""

    @property
    def document(self) -> dict[str, Any]:
        """Everything but the note, as it is stored."""
        return {"reason": self.reason, **self.parameters}


class BatchState(StrEnum):
    """How a batch stands."""

    RUNNING = "running"
    STOPPED = "stopped"
    INTERRUPTED = "interrupted"
    FINISHED = "finished"


@dataclass(frozen=True, slots=True)
class BatchError:
    """One order that was refused, or that broke what was asked."""

    order_id: str
    order_number: str
    code: str
    error: str


@dataclass(frozen=True, slots=True)
class BatchView:
    """One batch as its row tells it. `undoable` counts the orders whose change may still be taken back."""

    batch_id: BatchId
    kind: BulkKind
    state: BatchState
    actor: str
    request: Mapping[str, Any]
    total: int
    processed: int
    failed: int
    unchanged: int
    undoable: int
    undoes: BatchId | None
    created_at: datetime
    progressed_at: datetime
    finished_at: datetime | None
    errors: tuple[BatchError, ...] = ()

    @property
    def changed(self) -> int:
        return self.processed - self.failed - self.unchanged


@dataclass(frozen=True, slots=True)
class Refusals:
    """The orders refused for one reason: how many, and the sentence of the first."""

    code: str
    orders: int
    example: str


@dataclass(frozen=True, slots=True)
class BulkPreview:
    """What a bulk change would do now. `moves` counts the orders per change, in words."""

    total: int
    moves: tuple[tuple[str, int], ...]
    unchanged: int
    refusals: tuple[Refusals, ...]

    @property
    def refused(self) -> int:
        return sum(each.orders for each in self.refusals)

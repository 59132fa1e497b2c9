"""The known words as data: what each takes, what it narrows, and an example that holds."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum, StrEnum

from engine.orders.filters import ANY_HOLD, Pile, Wait
from engine.words import ExecutionStatus, HoldReason, OrderStatus, PaymentStatus, WorkflowState


class Takes(Enum):
    """What stands behind a word's colon, and how a mistake says so."""

    ONE_OF = "one of these"
    NAME = "a name"
    TEXT = "a text"
    PRIORITY = "a priority from 0 to 5"
    AMOUNT = "an amount"
    DEADLINE = "a length of time from now, a day or a moment"
    PAST = "a length of time back from now, a day or a moment"


@dataclass(frozen=True, slots=True)
class Word:
    """One known word. `field` is what it fills in `OrderFilter`, for times the beginning of two fields' names."""

    name: str
    field: str
    takes: Takes
    meaning: str
    example: str
    members: Mapping[str, frozenset[StrEnum]] = dataclasses.field(default_factory=dict)
    """What each word of a closed set stands for."""
    names: str = ""
    """Which of the house's names it takes: a field of `Names`."""
    single: bool = False
    """It takes one value, and once."""

    @property
    def can_be_turned(self) -> bool:
        """Whether `!` may stand before it."""
        return self.takes not in {Takes.AMOUNT, Takes.DEADLINE, Takes.PAST} and self.name != "failure"


def spelled(member: StrEnum) -> str:
    """A stored word as it is typed: `ready_to_ship` → `ready-to-ship`."""
    return member.value.replace("_", "-")


def _set(members: Iterable[StrEnum]) -> dict[str, frozenset[StrEnum]]:
    return {spelled(member): frozenset({member}) for member in members}


_STATUSES = _set(OrderStatus) | {"failed": frozenset({ExecutionStatus.FAILED})}

WORDS: tuple[Word, ...] = (
    Word(
        "status",
        "statuses",
        Takes.ONE_OF,
        "the order's status; `failed` is a workflow that stopped",
        "status:pending,confirmed",
        _STATUSES,
    ),
    Word("state", "workflow_states", Takes.ONE_OF, "the workflow's state", "state:ready-to-ship", _set(WorkflowState)),
    Word("workflow", "executions", Takes.ONE_OF, "how the workflow stands", "workflow:paused", _set(ExecutionStatus)),
    Word("payment", "payments", Takes.ONE_OF, "the payment's status", "payment:refunded", _set(PaymentStatus)),
    Word("pile", "pile", Takes.ONE_OF, "one of Triage's piles", "pile:overdue", _set(Pile), single=True),
    Word("waits", "waits", Takes.ONE_OF, "what the order waits for", "waits:pick", _set(Wait)),
    Word(
        "hold",
        "holds",
        Takes.ONE_OF,
        "held for this reason now, or for any",
        "hold:any",
        {"any": ANY_HOLD, **_set(HoldReason)},
    ),
    Word("cause", "causes", Takes.TEXT, "failed for this cause", "cause:out-of-stock"),
    Word("failure", "failure_fingerprint", Takes.TEXT, "one group of failures", "failure:no-rates", single=True),
    Word("priority", "priorities", Takes.PRIORITY, "the priority, from 0 to 5", "priority:>3"),
    Word("tag", "tags", Takes.TEXT, "has this tag; of several, all", "tag:gift", names="tags"),
    Word("shop", "shops", Takes.NAME, "came through this shop", 'shop:"Harbor Lane"', names="shops"),
    Word("creator", "creators", Takes.NAME, "is this creator's", 'creator:"Ines Falk"', names="creators"),
    Word(
        "assigned", "assigned", Takes.NAME, "is this person's, `me`, or `nobody`'s", "assigned:nobody", names="people"
    ),
    Word("sku", "skus", Takes.TEXT, "contains this SKU", "sku:MUG-BLU"),
    Word("amount", "amount", Takes.AMOUNT, "the total, in the order's currency", "amount:>50"),
    Word("ship-by", "ship_by", Takes.DEADLINE, "has to leave by then; only what has not left", "ship-by:<24h"),
    Word("ordered", "ordered", Takes.PAST, "came in at that time", "ordered:>2026-01-01"),
    Word("changed", "changed", Takes.PAST, "changed last at that time", "changed:<15m"),
)

BY_NAME = {word.name: word for word in WORDS}

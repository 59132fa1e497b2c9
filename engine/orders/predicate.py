"""An `OrderFilter` as SQL: conditions over `orders o` with numbered arguments, and the sort keys pages are read by."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from engine.orders.piles import RULES, SHIP_BY
from engine.orders.views import OrderFilter, OrderKey, OrderSort
from engine.words import ExecutionStatus


@dataclass(frozen=True, slots=True)
class SortKey:
    """The expression rows are sorted by, and its PostgreSQL type."""

    expression: str
    type_name: str


SORT_KEYS: dict[OrderSort, SortKey] = {
    OrderSort.ORDER_DATE: SortKey("o.order_date", "timestamptz"),
    OrderSort.UPDATED_AT: SortKey("o.updated_at", "timestamptz"),
    OrderSort.TOTAL_AMOUNT: SortKey("o.total_amount", "numeric"),
    OrderSort.SHIP_BY: SortKey(SHIP_BY, "timestamptz"),
}

# Only open workflows are indexed by order, so the order itself tells how a closed one ended, and which one has failed.
# A scalar subquery where most rows match: the planner must not turn it into a walk over all open workflows.
EXECUTIONS: dict[ExecutionStatus, str] = {
    ExecutionStatus.RUNNING: "(SELECT w.workflow_status FROM order_workflows w WHERE w.order_id = o.id"
    " AND w.workflow_status IN ('running', 'failed', 'paused')) = 'running'",
    ExecutionStatus.PAUSED: "o.id IN (SELECT w.order_id FROM order_workflows w WHERE w.workflow_status = 'paused')",
    ExecutionStatus.FAILED: "o.workflow_status = 'failed' AND o.order_status <> 'cancelled'",
    ExecutionStatus.CANCELLED: "o.order_status = 'cancelled'",
    ExecutionStatus.COMPLETED: "o.workflow_status = 'completed'",
}


@dataclass(slots=True)
class Predicate:
    """Conditions that must all hold, and the values of their `$n`."""

    conditions: list[str] = field(default_factory=list)
    arguments: list[object] = field(default_factory=list)
    sparse: bool = False
    """Few orders match, anywhere in the sort: find them first, then sort them; do not walk along the sort's index."""

    def bind(self, value: object, type_name: str) -> str:
        """Add an argument; its placeholder, typed."""
        self.arguments.append(value)
        return f"${len(self.arguments)}::{type_name}"

    def add(self, condition: str) -> None:
        self.conditions.append(condition)

    def where(self) -> str:
        return " AND ".join(f"({condition})" for condition in self.conditions) or "true"


def predicate_for(order_filter: OrderFilter) -> Predicate:
    """Everything of the filter but its search, which has to be resolved first (`engine.orders.search`)."""
    wanted = Predicate()
    # Words of closed sets stand in the text itself, so that the planner can see that a partial index serves.
    if order_filter.statuses:
        wanted.add(f"o.order_status IN ({_literals(order_filter.statuses)})")
    if order_filter.workflow_states:
        wanted.add(f"o.workflow_status IN ({_literals(order_filter.workflow_states)})")
    if order_filter.executions:
        wanted.add(" OR ".join(f"({EXECUTIONS[execution]})" for execution in sorted(order_filter.executions)))
    if order_filter.pile is not None:
        wanted.add(RULES[order_filter.pile].condition)
        wanted.sparse = True
    if order_filter.failure_fingerprint is not None:
        wanted.sparse = True
        fingerprint = wanted.bind(order_filter.failure_fingerprint, "text")
        wanted.add(
            f"o.id IN (SELECT f.order_id FROM failures f WHERE f.resolved_at IS NULL AND f.fingerprint = {fingerprint})"  # noqa: S608
        )
    if order_filter.ordered_from is not None:
        wanted.add(f"o.order_date >= {wanted.bind(order_filter.ordered_from, 'timestamptz')}")
    if order_filter.ordered_until is not None:
        wanted.add(f"o.order_date < {wanted.bind(order_filter.ordered_until, 'timestamptz')}")
    if order_filter.tag is not None:
        wanted.add(f"{wanted.bind(order_filter.tag, 'text')} = ANY(o.tags)")
    return wanted


def beyond(wanted: Predicate, order_filter: OrderFilter, key: OrderKey, *, forwards: bool) -> None:
    """Keep only rows that sort after `key`, or before it when not `forwards`."""
    sort = SORT_KEYS[order_filter.sort]
    comparison = ">" if forwards == order_filter.ascending else "<"
    value = wanted.bind(key.value, sort.type_name)
    order_id = wanted.bind(key.order_id, "uuid")
    wanted.add(f"({sort.expression}, o.id) {comparison} ({value}, {order_id})")


def found(wanted: Predicate, order_filter: OrderFilter) -> str:
    """A FROM item of the matching orders: `found (id, sort_value)`."""
    fence = "OFFSET 0" if wanted.sparse else ""  # what keeps the planner from pulling the subquery up
    expression = SORT_KEYS[order_filter.sort].expression
    return f"(SELECT o.id, {expression} AS sort_value FROM orders o WHERE {wanted.where()} {fence}) found"  # noqa: S608


def order_by(order_filter: OrderFilter, *, forwards: bool = True) -> str:
    """The ORDER BY list of the filter's sort, or of the way back, over `id` and `sort_value`."""
    direction = "ASC" if forwards == order_filter.ascending else "DESC"
    return f"sort_value {direction}, id {direction}"


def _literals(words: Iterable[StrEnum]) -> str:
    return ", ".join(f"'{word.value}'" for word in sorted(words))

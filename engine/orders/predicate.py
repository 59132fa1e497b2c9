"""An `OrderFilter` as SQL: conditions over `orders o` with numbered arguments, and the sort keys pages are read by.

Shops, creators and people have to be known by their ids first, and a search be resolved: `engine.orders.narrowing` does both.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from uuid import UUID

from engine.orders.filters import Amounts, Day, Moment, OrderFilter, OrderSort, Sets, Wait
from engine.orders.piles import DUE, RULES, SHIP_BY, UNSHIPPED
from engine.orders.views import OrderKey
from engine.words import ExecutionStatus, OrderStatus, WorkflowState


@dataclass(frozen=True, slots=True)
class SortKey:
    """The expression rows are sorted by, and its PostgreSQL type."""

    expression: str
    type_name: str


# Indexes: orders_newest_index, orders_changed_index, orders_total_index, orders_ship_by_index, orders_tiktok_order_id_key. An order's
# number is TikTok's id of it, which is kept byte by byte in order.
SORT_KEYS: dict[OrderSort, SortKey] = {
    OrderSort.ORDER_DATE: SortKey("o.order_date", "timestamptz"),
    OrderSort.UPDATED_AT: SortKey("o.updated_at", "timestamptz"),
    OrderSort.TOTAL_AMOUNT: SortKey("o.total_amount", "numeric"),
    OrderSort.SHIP_BY: SortKey(DUE, "timestamptz"),
    OrderSort.ORDER_NUMBER: SortKey("o.tiktok_order_id", "text"),
}

_UNSHIPPED_STATUSES = frozenset({OrderStatus.PENDING, OrderStatus.CONFIRMED, OrderStatus.PROCESSING})
_BEFORE_LEAVING = frozenset({Wait.PAYMENT, Wait.STOCK, Wait.LABEL, Wait.PICK, Wait.TIKTOK, Wait.HANDOVER})
"""What only an order that has not left waits for."""

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


@dataclass(frozen=True, slots=True)
class NamedIds:
    """What the names of a filter's sets stand for."""

    shops: frozenset[UUID] = frozenset()
    creators: frozenset[UUID] = frozenset()
    creators_shops: frozenset[UUID] = frozenset()
    assigned: frozenset[UUID] = frozenset()
    nobody: bool = False


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

    def bind_apart(self, value: object, type_name: str) -> str:
        """Add an argument on which the best plan depends: a prepared statement is kept for this value alone."""
        return f"{self.bind(value, type_name)} /* {zlib.crc32(repr(value).encode()):08x} */"

    def add(self, condition: str) -> None:
        self.conditions.append(condition)

    def where(self) -> str:
        return " AND ".join(f"({condition})" for condition in self.conditions) or "true"


_NO_NAMES = NamedIds()


def predicate_for(
    order_filter: OrderFilter, names: NamedIds = _NO_NAMES, names_without: NamedIds = _NO_NAMES
) -> Predicate:
    """Everything of the filter but its search."""
    wanted = Predicate()
    for condition in _conditions(order_filter, names, wanted):
        wanted.add(condition)
    for tag in sorted(order_filter.tags):
        wanted.add(_tagged([tag], wanted))
    without = order_filter.without
    unwanted = [
        *_conditions(without, names_without, wanted),
        *(RULES[pile].condition for pile in sorted(without.piles)),
    ]
    unwanted += [_tagged([tag], wanted) for tag in sorted(without.tags)]
    for condition in unwanted:
        wanted.add(f"({condition}) IS NOT TRUE")
    if order_filter.pile is not None:
        wanted.add(RULES[order_filter.pile].condition)
        wanted.sparse = True
    if order_filter.failure_fingerprint is not None:
        wanted.sparse = True
        fingerprint = wanted.bind(order_filter.failure_fingerprint, "text")
        wanted.add(
            f"o.id IN (SELECT f.order_id FROM failures f WHERE f.resolved_at IS NULL AND f.fingerprint = {fingerprint})"  # noqa: S608
        )
    if order_filter.sort is not OrderSort.ORDER_DATE and _are_open(order_filter):
        wanted.sparse = True  # among the newest, which the planner does not know, and few enough to be sorted
    for conditions in bounds(order_filter, wanted).values():
        wanted.conditions += conditions
    if order_filter.ship_by_from is not None or order_filter.ship_by_until is not None:
        # The ship-by of what has left presses nobody, and without one an order is due at no time.
        wanted.add(f"{UNSHIPPED} AND o.expected_ship_date IS NOT NULL")
        wanted.conditions += between(SHIP_BY, order_filter.ship_by_from, order_filter.ship_by_until, wanted)
    elif order_filter.waits and order_filter.waits <= _BEFORE_LEAVING:
        wanted.add(UNSHIPPED)
    return wanted


def is_tallied(order_filter: OrderFilter) -> bool:
    """Whether the counters tell how many match: nothing but statuses, states and shops is asked for."""
    return order_filter == OrderFilter(
        statuses=order_filter.statuses,
        workflow_states=order_filter.workflow_states,
        shops=order_filter.shops,
        sort=order_filter.sort,
        ascending=order_filter.ascending,
    )


def _are_open(order_filter: OrderFilter) -> bool:
    """Whether it asks for what only orders at work can be."""
    states, waits = order_filter.workflow_states, order_filter.waits
    return bool(
        order_filter.holds
        or order_filter.causes
        or (states and not states & {WorkflowState.SHIPPED, WorkflowState.COMPLETED})
        or (waits and Wait.DELIVERY not in waits)
    )


def bounds(order_filter: OrderFilter, wanted: Predicate) -> dict[str, list[str]]:
    """The conditions on what is indexed for itself, by the expression of the index."""
    found = {
        "o.order_date": between("o.order_date", order_filter.ordered_from, order_filter.ordered_until, wanted),
        "o.updated_at": between("o.updated_at", order_filter.changed_from, order_filter.changed_until, wanted),
        "o.total_amount": _amounts(order_filter.amount, wanted) if order_filter.amount else [],
    }
    return {expression: conditions for expression, conditions in found.items() if conditions}


def between(expression: str, since: Moment | None, until: Moment | None, wanted: Predicate) -> list[str]:
    """From one moment on, before another."""
    conditions = [] if since is None else [f"{expression} >= {_moment(since, wanted)}"]
    return conditions if until is None else [*conditions, f"{expression} < {_moment(until, wanted)}"]


def _conditions(sets: Sets, names: NamedIds, wanted: Predicate) -> Iterable[str]:
    """One condition for each set that is not empty, but for the tags."""
    # Words of closed sets stand in the text itself, so that the planner can see that a partial index serves.
    if sets.statuses:
        yield f"o.order_status IN ({_literals(sets.statuses)})"
    if sets.workflow_states:
        yield f"o.workflow_status IN ({_literals(sets.workflow_states)})"
    if sets.executions:
        yield " OR ".join(f"({EXECUTIONS[execution]})" for execution in sorted(sets.executions))
    if sets.payments:
        yield f"o.payment_status IN ({_literals(sets.payments)})"
    if sets.priorities:
        yield f"o.priority_level IN ({', '.join(f'{priority:d}' for priority in sorted(sets.priorities))})"
    if sets.holds:
        yield (
            "o.id IN (SELECT h.order_id FROM holds h WHERE h.released_at IS NULL"  # noqa: S608 - words of a closed set
            f" AND h.reason IN ({_literals(sets.holds)}))"
        )
    if sets.waits:
        yield f"o.id IN (SELECT k.order_id FROM work k WHERE k.waiting_for IN ({_literals(sets.waits)}))"  # noqa: S608
    if sets.causes:
        codes = wanted.bind_apart(sorted(sets.causes), "text[]")
        yield f"o.id IN (SELECT f.order_id FROM failures f WHERE f.resolved_at IS NULL AND f.code = ANY({codes}))"  # noqa: S608
    if sets.skus:
        skus = wanted.bind_apart(spellings(sets.skus), "text[]")
        yield f"o.id IN (SELECT i.order_id FROM order_items i WHERE i.product_sku = ANY({skus}))"  # noqa: S608
    if sets.shops:
        yield _one_of("o.shop_id", names.shops, wanted)
    if sets.creators:
        # A creator's orders came through the creator's shops, by which they are indexed.
        yield (
            f"{_one_of('o.shop_id', names.creators_shops, wanted)} AND {_one_of('o.user_id', names.creators, wanted)}"
        )
    if sets.assigned:
        somebody = f"o.assigned_to IS NOT NULL AND {_one_of('o.assigned_to', names.assigned, wanted)}"
        yield f"o.assigned_to IS NULL OR ({somebody})" if names.nobody else somebody


def spellings(skus: Iterable[str]) -> list[str]:
    """SKUs as they were typed and in capitals."""
    return sorted({spelling for sku in skus for spelling in (sku, sku.upper())})


def _one_of(column: str, ids: Iterable[UUID], wanted: Predicate) -> str:
    """One id is compared for itself, so that an index by the column keeps the sort behind it."""
    known = sorted(ids)
    if len(known) == 1:
        return f"{column} = {wanted.bind_apart(known[0], 'uuid')}"
    return f"{column} = ANY({wanted.bind_apart(known, 'uuid[]')})"


def _tagged(tags: list[str], wanted: Predicate) -> str:
    return f"cardinality(o.tags) > 0 AND o.tags @> {wanted.bind_apart(tags, 'text[]')}"


def _moment(moment: Moment, wanted: Predicate) -> str:
    if isinstance(moment, timedelta):
        return f"now() + {wanted.bind(moment, 'interval')}"
    return wanted.bind(moment.begins_at() if isinstance(moment, Day) else moment, "timestamptz")


def _amounts(amounts: Amounts, wanted: Predicate) -> list[str]:
    conditions = []
    if amounts.low is not None:
        conditions.append(f"o.total_amount {'>' if amounts.beyond else '>='} {wanted.bind(amounts.low, 'numeric')}")
    if amounts.high is not None:
        conditions.append(f"o.total_amount {'<' if amounts.short else '<='} {wanted.bind(amounts.high, 'numeric')}")
    return conditions


def beyond(wanted: Predicate, order_filter: OrderFilter, key: OrderKey, *, forwards: bool) -> None:
    """Keep only rows that sort after `key`, or before it when not `forwards`."""
    sort = SORT_KEYS[order_filter.sort]
    comparison = ">" if forwards == order_filter.ascending else "<"
    value = wanted.bind(key.value, sort.type_name)
    order_id = wanted.bind(key.order_id, "uuid")
    wanted.add(f"({sort_expression(order_filter)}, o.id) {comparison} ({value}, {order_id})")


def sort_expression(order_filter: OrderFilter) -> str:
    """What the rows are sorted by. Among orders that all have to leave yet, the smaller index of those serves."""
    to_leave = (
        (bool(order_filter.statuses) and order_filter.statuses <= _UNSHIPPED_STATUSES)
        or order_filter.ship_by_from is not None
        or order_filter.ship_by_until is not None
        or (bool(order_filter.waits) and order_filter.waits <= _BEFORE_LEAVING)
    )
    return SHIP_BY if to_leave and order_filter.sort is OrderSort.SHIP_BY else SORT_KEYS[order_filter.sort].expression


def found(wanted: Predicate, order_filter: OrderFilter) -> str:
    """A FROM item of the matching orders: `found (id, sort_value, led_by)`, to be read `in_order`."""
    fence = "OFFSET 0" if wanted.sparse else ""  # what keeps the planner from pulling the subquery up
    expression = sort_expression(order_filter)
    led_by = _led_by(order_filter) or "NULL"
    return f"(SELECT o.id, {expression} AS sort_value, {led_by} AS led_by FROM orders o WHERE {wanted.where()} {fence}) found"  # noqa: S608


def in_order(order_filter: OrderFilter, *, forwards: bool = True) -> str:
    """The ORDER BY list of the filter's sort, or of the way back, over `found`."""
    plain = order_by(order_filter, forwards=forwards)
    if not _led_by(order_filter):
        return plain
    # Indexes run from one word to the next, and within it from the newest order on.
    newest_first = forwards != order_filter.ascending
    return f"led_by {'ASC' if newest_first else 'DESC'}, {plain}"


def order_by(order_filter: OrderFilter, *, forwards: bool = True) -> str:
    """The same over `id` and `sort_value` of rows that were picked already."""
    direction = "ASC" if forwards == order_filter.ascending else "DESC"
    return f"sort_value {direction}, id {direction}"


def _led_by(order_filter: OrderFilter) -> str:
    """The column before the date in an index, where only one word of it is asked for.

    Said in the sort, since under row-level security the planner does not conclude from a condition that it is the same in all rows:
    it would sort all orders of that word for one page.
    """
    if order_filter.sort is not OrderSort.ORDER_DATE:
        return ""
    if len(order_filter.workflow_states) == 1 and WorkflowState.COMPLETED not in order_filter.workflow_states:
        return "o.workflow_status"
    return "o.order_status" if len(order_filter.statuses) == 1 else ""


def _literals(words: Iterable[StrEnum]) -> str:
    return ", ".join(f"'{word.value}'" for word in sorted(words))

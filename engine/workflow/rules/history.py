"""What happened to stored orders, and how they stood each time: the past a dry run puts to rules.

State, status, channel status, holds, failures and the time are as they were. What is not kept over time (total, lines, address, tags,
assignment) is taken as it is now; of tags, priority and assignment what the tried rules themselves give is taken off first, so that
rules that have run already are tried as if they had not.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson

from engine.identifiers import OrderId, UserId
from engine.inventory.catalogue import PRODUCT_COLUMNS, joined_products, products_in
from engine.orders.opening import open_bytes
from engine.orders.priority import derived_level
from engine.privacy.cipher import Vault
from engine.words import OrderKind, OrderStatus, WorkflowState
from engine.workflow.rules.actions import Assign, Prioritise, Tag
from engine.workflow.rules.changes import BY_RULE
from engine.workflow.rules.events import RuleEvent, event_of
from engine.workflow.rules.model import Rule
from engine.workflow.rules.names import Subject
from engine.workflow.rules.reading import address_of

_ORDERS = """
SELECT o.id, o.order_number, o.total_amount, o.currency, o.payment_status, o.cash_on_delivery, o.cancel_requested, o.order_kind,
       o.channel_status, o.shipping_type, o.shipping_method, o.expected_ship_date, o.target_ship_by, o.shipping_address, o.tags,
       o.priority_override, o.priority_by_rule, o.assigned_to IS NOT NULL AS assigned, o.fulfilled_by_tiktok, o.created_at, s.name AS shop,
       u.display_name AS creator,
       EXISTS (SELECT FROM order_item_units g WHERE g.order_id = o.id AND g.is_gift) AS is_gift,
       (SELECT h.new_status FROM order_status_history h WHERE h.order_id = o.id ORDER BY h.id LIMIT 1) AS first_status
FROM orders o JOIN shops s ON s.id = o.shop_id JOIN users u ON u.id = o.user_id
WHERE o.id = ANY($1::uuid[]) AND o.user_id = $2
"""

_LINES = f"""
SELECT i.order_id, i.product_sku, i.quantity - i.cancelled_quantity AS total, {PRODUCT_COLUMNS}
FROM order_items i
JOIN orders o ON o.id = i.order_id
{joined_products("o.user_id", "i.product_sku")}
WHERE i.order_id = ANY($1::uuid[]) AND i.quantity > i.cancelled_quantity
ORDER BY i.id
"""  # noqa: S608

_STEPS = """
SELECT order_id, from_state, to_state, trigger, created_at FROM order_workflow_steps WHERE order_id = ANY($1::uuid[]) ORDER BY id
"""

_HOLDS = """
SELECT order_id, reason, placed_by, placed_at, released_at FROM holds WHERE order_id = ANY($1::uuid[]) ORDER BY placed_at
"""

_FAILURES = "SELECT order_id, code, created_at FROM failures WHERE order_id = ANY($1::uuid[]) ORDER BY created_at"

# What TikTok changed and when; index: the primary key.
_UPDATES = """
SELECT subject, before, after, created_at FROM audit_log
WHERE subject = ANY($1::uuid[]) AND action = 'order.updated' ORDER BY subject, sequence
"""

_STATUS_OF = {
    WorkflowState.NEW: OrderStatus.PENDING,
    WorkflowState.VALIDATED: OrderStatus.CONFIRMED,
    WorkflowState.INVENTORY_RESERVED: OrderStatus.PROCESSING,
    WorkflowState.READY_TO_SHIP: OrderStatus.PROCESSING,
    WorkflowState.SHIPPED: OrderStatus.SHIPPED,
    WorkflowState.COMPLETED: OrderStatus.DELIVERED,
}
_BEYOND = frozenset({OrderStatus.DELIVERED, OrderStatus.CANCELLED, OrderStatus.RETURNED})
"""An order that arrives like this is never decided."""


@dataclass(frozen=True, slots=True)
class Moment:
    """One event of an order's past, and what had changed by then."""

    event: RuleEvent
    at: datetime
    state: WorkflowState
    status: OrderStatus
    channel_status: str
    paid: bool
    failure_code: str
    holds: frozenset[str]


@dataclass(frozen=True, slots=True)
class Past:
    """An order's past: how it stood when it arrived, and what happened, in order. Without moments `note` says why."""

    order_id: OrderId
    order_number: str
    subject: Subject
    moments: tuple[Moment, ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class _Line:
    sku: str
    total: int
    weight_grams: int | None


@dataclass(slots=True)
class _Records:
    lines: list[_Line] = field(default_factory=list)
    steps: list[Any] = field(default_factory=list)
    holds: list[Any] = field(default_factory=list)
    failures: list[Any] = field(default_factory=list)
    updates: list[tuple[datetime, dict[str, Any], dict[str, Any]]] = field(default_factory=list)


async def read_pasts(
    connection: Any, vault: Vault, creator: UserId, order_ids: Sequence[OrderId], rules: Sequence[Rule]
) -> list[Past]:
    """The pasts of this creator's orders among these, in the order given. Reads only."""
    wanted = list(order_ids)
    orders = {row["id"]: row for row in await connection.fetch(_ORDERS, wanted, creator)}
    records = {order_id: _Records() for order_id in orders}
    found = list(orders)
    lines = await connection.fetch(_LINES, found)
    products = await products_in(connection, lines)
    for row in lines:
        product = products.get(row["product_id"])
        weight = product.weight_grams if product else None
        records[row["order_id"]].lines.append(_Line(row["product_sku"], row["total"], weight))
    for row in await connection.fetch(_STEPS, found):
        records[row["order_id"]].steps.append(row)
    for row in await connection.fetch(_HOLDS, found):
        records[row["order_id"]].holds.append(row)
    for row in await connection.fetch(_FAILURES, found):
        records[row["order_id"]].failures.append(row)
    for row in await connection.fetch(_UPDATES, found):
        before, after = (
            orjson.loads(open_bytes(vault, f"audit_log.{side}", row["subject"], row[side]) or b"null") or {}
            for side in ("before", "after")
        )
        records[row["subject"]].updates.append((row["created_at"], before, after))
    return [_past(vault, orders[key], records[key], rules) for key in wanted if key in orders]


def _past(vault: Vault, row: Any, records: _Records, rules: Sequence[Rule]) -> Past:
    subject = _arrived(vault, row, records, rules)
    note = ""
    if row["fulfilled_by_tiktok"]:
        note = "fulfilled by TikTok: no rule touches it"
    elif subject.status in _BEYOND:
        note = "closed when it arrived: no rule touches it"
    moments = () if note else tuple(_moments(row, subject, records))
    return Past(OrderId(row["id"]), row["order_number"], subject, moments, note)


def _arrived(vault: Vault, row: Any, records: _Records, rules: Sequence[Rule]) -> Subject:
    """The order as it arrived, less what these rules give themselves."""
    actions = [action for rule in rules for action in rule.actions]
    theirs = {tag for action in actions if isinstance(action, Tag) for tag in action.tags}
    prioritised = any(isinstance(action, Prioritise) for action in actions)
    address = address_of(vault, OrderId(row["id"]), row["shipping_address"])
    before = records.updates[0][1] if records.updates else {}
    state = WorkflowState(records.steps[0]["to_state"]) if records.steps else WorkflowState.NEW
    status = OrderStatus(row["first_status"]) if row["first_status"] else _STATUS_OF.get(state, OrderStatus.PENDING)
    deadline = row["target_ship_by"] or row["expected_ship_date"]
    by_person = row["priority_override"] is not None and not row["priority_by_rule"]
    override = row["priority_override"] if by_person or not prioritised else None
    return Subject(
        now=row["created_at"],
        state=state,
        status=status,
        channel_status=before.get("channel_status", row["channel_status"]),
        kind=OrderKind(row["order_kind"]),
        total=row["total_amount"],
        currency=row["currency"],
        lines=records.lines,
        paid=before.get("payment", row["payment_status"]) == "paid" or row["cash_on_delivery"],
        cash_on_delivery=row["cash_on_delivery"],
        cancel_requested=row["cancel_requested"],
        is_gift=row["is_gift"],
        shipping_type=row["shipping_type"],
        shipping_method=row["shipping_method"] or "",
        ship_by=row["expected_ship_date"],
        shop=row["shop"],
        creator=row["creator"],
        country=address.country if address else "",
        region=address.state if address else "",
        postal_code=address.postal_code if address else "",
        priority=derived_level(deadline, row["created_at"]) if override is None else override,
        prioritised=by_person,
        assigned=row["assigned"] and not any(isinstance(action, Assign) for action in actions),
        tags=set(row["tags"]) - theirs,
    )


@dataclass(frozen=True, slots=True)
class _Happening:
    """Something in the records; `rank` puts what one transaction did in the order in which it was put to rules."""

    at: datetime
    rank: int
    event: RuleEvent | None
    step: Any = None
    update: dict[str, Any] | None = None


def _happenings(row: Any, records: _Records) -> list[_Happening]:
    found = [_Happening(row["created_at"], 0, RuleEvent.CREATED)]
    found += [
        _Happening(hold["placed_at"], 1, RuleEvent.HELD)
        for hold in records.holds
        if not hold["placed_by"].startswith(BY_RULE)
    ]
    found += [_Happening(at, 2, RuleEvent.UPDATED, update=after) for at, _, after in records.updates]
    found += [_Happening(step["created_at"], 3, _event(step), step) for step in records.steps[1:]]
    return sorted(found, key=lambda each: (each.at, each.rank))


def _event(step: Any) -> RuleEvent | None:
    source = WorkflowState(step["from_state"]) if step["from_state"] else None
    return event_of(step["trigger"], source, WorkflowState(step["to_state"]))


def _moments(row: Any, arrived: Subject, records: _Records) -> Iterator[Moment]:
    state, status, channel, paid, code = arrived.state, arrived.status, arrived.channel_status, arrived.paid, ""
    closed = False  # what is said of a closed order is decided by nobody
    for happening in _happenings(row, records):
        if happening.update is not None:
            channel = happening.update.get("channel_status", channel)
            paid = happening.update.get("payment") == "paid" or row["cash_on_delivery"]
        if happening.step is not None:
            state = WorkflowState(happening.step["to_state"])
            cancelled = happening.event is RuleEvent.CANCELLED
            status = OrderStatus.CANCELLED if cancelled else _STATUS_OF.get(state, status)
            code = _failure_code(records, happening.at) if state is WorkflowState.FAILED else ""
            closed = cancelled or state is WorkflowState.COMPLETED or happening.step["trigger"] == "stop"
        if happening.event is not None and (happening.step is not None or not closed):
            holds = frozenset(hold["reason"] for hold in records.holds if _stands(hold, happening.at))
            yield Moment(happening.event, happening.at, state, status, channel, paid, code, holds)


def _failure_code(records: _Records, at: datetime) -> str:
    return next((str(each["code"]) for each in reversed(records.failures) if each["created_at"] <= at), "")


def _stands(hold: Any, at: datetime) -> bool:
    """Whether the hold stood when rules were asked at this time; what a rule placed at this very time it placed in answer."""
    began = hold["placed_at"] < at or (hold["placed_at"] == at and not hold["placed_by"].startswith(BY_RULE))
    return began and (hold["released_at"] is None or hold["released_at"] > at)

"""Writes a batch's plans set-wise: one statement per table, arrays through `unnest`.

Order of writes follows the lock order: orders, effects, packages, rows that nobody else can be writing, stock, then rows that others
may write too; work rows, locked first of all, last.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from engine.audit import chain
from engine.database.rows import insert_rows
from engine.effects import ledger
from engine.identifiers import new_id
from engine.inventory.waking import wake_late
from engine.privacy.cipher import Vault
from engine.words import FulfilmentStatus, OrderKind, WorkflowState
from engine.workflow import writing_combined, writing_parcels, writing_stock
from engine.workflow.facts import ImportMode
from engine.workflow.failures import write_failures
from engine.workflow.plan import OrderPlan
from engine.workflow.rules.writing import write_breaks, write_rulings

_ORDERS = """
UPDATE orders o
SET order_status = d.status::order_status_enum, workflow_status = d.state::workflow_status_enum,
    failed_from = d.failed_from::workflow_status_enum, version = o.version + 1, updated_at = now(),
    shipped_date = CASE WHEN d.shipped THEN now() ELSE o.shipped_date END,
    delivered_date = CASE WHEN d.delivered THEN now() ELSE o.delivered_date END,
    audit_sequence = d.audit_sequence, audit_head = d.audit_head
FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::bool[], $6::bool[], $7::int[], $8::bytea[])
  AS d(id, status, state, failed_from, shipped, delivered, audit_sequence, audit_head)
WHERE o.id = d.id
"""

_WORKFLOWS = """
UPDATE order_workflows w
SET current_step = d.step, workflow_status = d.execution::workflow_execution_status, updated_at = now(),
    completed_at = CASE WHEN d.execution IN ('completed', 'cancelled') THEN now() END,
    failed_at = CASE WHEN d.execution = 'failed' THEN coalesce(w.failed_at, now()) END,
    error_count = w.error_count + CASE WHEN d.error IS NULL THEN 0 ELSE 1 END,
    last_error = coalesce(d.error, w.last_error), retry_after = d.retry_after
FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::timestamptz[]) AS d(id, step, execution, error, retry_after)
WHERE w.id = d.id
"""

_ITEMS = """
UPDATE order_items i
SET fulfillment_status = d.status::fulfillment_status_enum, product_id = coalesce(d.product_id, i.product_id),
    shipped_quantity = CASE WHEN d.status IN ('shipped', 'delivered') THEN i.quantity - i.cancelled_quantity ELSE i.shipped_quantity END,
    updated_at = now()
FROM unnest($1::uuid[], $2::text[], $3::uuid[]) AS d(id, status, product_id)
WHERE i.id = d.id
"""

_PICK_LINES = """
INSERT INTO pick_lines (id, order_id, order_item_id, location_id, bin, quantity, state)
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::text[], $6::int[], $7::text[])
ON CONFLICT (order_item_id) DO UPDATE SET state = excluded.state, quantity = excluded.quantity, closed_at = NULL, wave_id = NULL
WHERE pick_lines.state = 'cancelled'
"""

# What was picked already is told by its reservation: it goes back to its bin.
_CLOSE_PICKS = """
UPDATE pick_lines SET state = 'cancelled', closed_at = now() WHERE order_id = ANY($1::uuid[]) AND state IN ('open', 'picked')
"""

_VOUCH_PICKS = """
UPDATE pick_lines SET state = 'picked', closed_at = now() WHERE order_id = ANY($1::uuid[]) AND state = 'open'
"""

_VOUCH_UNITS = """
UPDATE stock_reservations r SET picked = quantity, picked_by = d.actor, picked_at = now()
FROM unnest($1::uuid[], $2::text[]) AS d(order_id, actor)
WHERE r.order_id = d.order_id AND r.state = 'active' AND r.picked < r.quantity
"""

_METRICS = """
INSERT INTO creator_metrics AS m (user_id, day, currency, orders_completed, units_completed, revenue, workflow_seconds)
SELECT user_id, (now() AT TIME ZONE 'UTC')::date, currency, count(*), sum(units), sum(revenue), sum(seconds)
FROM unnest($1::uuid[], $2::text[], $3::int[], $4::numeric[], $5::bigint[]) AS d(user_id, currency, units, revenue, seconds)
GROUP BY user_id, currency ORDER BY user_id, currency
ON CONFLICT (user_id, day, currency) DO UPDATE
SET orders_completed = m.orders_completed + excluded.orders_completed,
    units_completed = m.units_completed + excluded.units_completed,
    revenue = m.revenue + excluded.revenue, workflow_seconds = m.workflow_seconds + excluded.workflow_seconds
"""

COUNT_EVENTS = """
INSERT INTO event_counters AS c (shop_id, day, event, count)
SELECT shop_id, (now() AT TIME ZONE 'UTC')::date, event, count(*)
FROM unnest($1::uuid[], $2::text[]) AS d(shop_id, event)
GROUP BY shop_id, event ORDER BY shop_id, event
ON CONFLICT (shop_id, day, event) DO UPDATE SET count = c.count + excluded.count
"""

_PARK = """
UPDATE work w SET ready = false, due_at = d.due_at, waiting_for = d.waiting_for, attempt = d.attempt,
       happened = CASE WHEN d.observed THEN w.happened ELSE '{}' END
FROM unnest($1::uuid[], $2::timestamptz[], $3::text[], $4::int[], $5::bool[]) AS d(order_id, due_at, waiting_for, attempt, observed)
WHERE w.order_id = d.order_id
"""

_CLOSE_WORK = "DELETE FROM work WHERE order_id = ANY($1::uuid[])"


async def write_plans(connection: Any, vault: Vault, plans: Sequence[OrderPlan]) -> None:
    """Write everything the plans ask for; orders that did not move are only parked again."""
    moved = [plan for plan in plans if plan.moved]
    freed: set[UUID] = set()
    if moved:
        remember_failures(moved)
        await _write_orders(connection, vault, moved)
        await write_rulings(connection, vault, moved)
        await writing_combined.take_out(connection, vault, moved)
        freed = await write_consequences(connection, moved)
    await _write_work(connection, plans)
    if freed:  # after this batch's own orders have been parked: they may be among those that wait
        await wake_late(connection, freed)
    await write_breaks(connection, vault, plans)


async def write_consequences(connection: Any, moved: Sequence[OrderPlan]) -> set[UUID]:
    """Write what follows from the moves: everything but the orders' own rows and their work.

    Answers the products of which stock became free.
    """
    if not moved:
        return set()
    await ledger.void_intents(connection, [p.order.order_id for p in moved if p.void_effects])
    await ledger.pass_over(connection, [(p.order.order_id, p.pass_over) for p in moved if p.pass_over])
    await ledger.rearm(connection, [p.order.order_id for p in moved if p.rearm])
    await writing_parcels.write_packages(connection, moved)
    movements = await writing_stock.write_stock(connection, moved)
    movements += await writing_parcels.write_contents(connection, moved)
    await _write_history(connection, moved)
    freed = await writing_stock.move_levels(connection, movements)
    await ledger.intend(connection, [effect for plan in moved for effect in plan.effects])
    await write_failures(connection, moved)
    await _write_counters(connection, moved)
    return freed


def remember_failures(plans: Sequence[OrderPlan]) -> None:
    """Note for each order that failed where it resumes from."""
    for plan in plans:
        last = plan.steps[-1] if plan.steps else None
        if last is not None and last.target is WorkflowState.FAILED and last.source is not last.target:
            plan.order.failed_from = WorkflowState.VALIDATED if plan.gives_back else last.source
        elif last is not None and plan.order.state is not WorkflowState.FAILED:
            plan.order.failed_from = None


async def _write_orders(connection: Any, vault: Vault, plans: Sequence[OrderPlan]) -> None:
    entries = [audit_entry(vault, plan) for plan in plans]
    orders = [plan.order for plan in plans]
    await connection.execute(
        _ORDERS,
        [order.order_id for order in orders],
        [order.status for order in orders],
        [order.state for order in orders],
        [order.failed_from for order in orders],
        [plan.shipped for plan in plans],
        [plan.delivered for plan in plans],
        [entry.sequence for entry in entries],
        [entry.hash for entry in entries],
    )
    await connection.execute(
        _WORKFLOWS,
        [order.workflow_id for order in orders],
        [order.state for order in orders],
        [order.execution for order in orders],
        [plan.error for plan in plans],
        [order.not_before for order in orders],
    )
    items = [
        (item, plan.item_status)
        for plan in plans
        if plan.item_status
        for item in plan.order.items
        if item.quantity or plan.item_status is not FulfilmentStatus.RESERVED  # nothing of it is reserved
    ]
    if items:
        await connection.execute(
            _ITEMS,
            [item.item_id for item, _ in items],
            [status for _, status in items],
            [item.product_id for item, _ in items],
        )
    await chain.write(connection, entries)


def audit_entry(vault: Vault, plan: OrderPlan) -> chain.Entry:
    """The link of the order's audit chain that tells of this plan."""
    order = plan.order
    before = {"status": plan.before_status, "state": plan.before_state, "execution": plan.before_execution}
    after: dict[str, Any] = {
        "status": order.status,
        "state": order.state,
        "execution": order.execution,
        "triggers": [step.trigger for step in plan.steps],
    }
    if plan.reason:
        after["reason"] = plan.reason
    if plan.effects:
        after["effects"] = [effect.key for effect in plan.effects]
    if plan.data:
        after["data"] = plan.data
    if skipped := [*sorted(plan.passed_over), *([plan.pass_over] if plan.pass_over else [])]:
        after["skipped"] = skipped
    if plan.ruled and plan.ruling is not None:
        after["rules"] = plan.ruling.words()
    if plan.postponed:
        after["postponed"] = {"action": plan.postponed.action, "error": plan.postponed.error}
    idle = "rules" if plan.ruled else "intend"
    action = "postpone" if plan.postponed else plan.steps[-1].trigger if plan.steps else idle
    return chain.link(
        vault,
        order.user_id,
        order.order_id,
        order.audit_sequence + 1,
        order.audit_head,
        f"workflow.{action}",
        plan.actor,
        before,
        after,
        order.now,
    )


async def _write_history(connection: Any, plans: Sequence[OrderPlan]) -> None:
    await insert_rows(
        connection,
        "order_workflow_steps",
        ("id", "workflow_id", "order_id", "from_state", "to_state", "trigger", "actor", "reason"),
        [
            (
                new_id(),
                step.order.workflow_id,
                step.order.order_id,
                step.source,
                step.target,
                step.trigger,
                plan.actor.name,
                plan.reason,
            )
            for plan in plans
            for step in plan.steps
        ],
    )
    await insert_rows(
        connection,
        "order_status_history",
        ("id", "order_id", "previous_status", "new_status", "status_reason", "changed_by", "change_source"),
        [
            (
                new_id(),
                plan.order.order_id,
                before,
                after,
                plan.reason or None,
                plan.actor.user_id,
                plan.actor.source,
            )
            for plan in plans
            for before, after in plan.status_changes()
        ],
    )
    picks = [(plan.order, item) for plan in plans if plan.pick_list for item in plan.order.items if item.quantity]
    if picks:
        await connection.execute(
            _PICK_LINES,
            [new_id() for _ in picks],
            [order.order_id for order, _ in picks],
            [item.item_id for _, item in picks],
            [item.location_id for _, item in picks],
            [item.bin for _, item in picks],
            [item.quantity for _, item in picks],
            ["picked" if order.policies.pick == "auto" else "open" for order, _ in picks],
        )
    vouched = [(plan.order.order_id, plan.actor.name) for plan in plans if plan.vouched]
    if vouched:
        await connection.execute(_VOUCH_PICKS, [order_id for order_id, _ in vouched])
        await connection.execute(_VOUCH_UNITS, [order_id for order_id, _ in vouched], [name for _, name in vouched])
    dropped = [plan.order.order_id for plan in plans if plan.cancelled or plan.stopped or plan.gives_back]
    if dropped:
        await connection.execute(_CLOSE_PICKS, dropped)


async def _write_counters(connection: Any, plans: Sequence[OrderPlan]) -> None:
    completed = [plan.order for plan in plans if plan.count_completed]
    if completed:
        await connection.execute(
            _METRICS,
            [order.user_id for order in completed],
            [order.currency for order in completed],
            [sum(item.total for item in order.items) for order in completed],
            [order.total_amount if order.order_kind is OrderKind.NORMAL else 0 for order in completed],
            [int((order.now - order.created_at).total_seconds()) for order in completed],
        )
    events = [(plan.order.shop_id, event) for plan in plans for event in plan.events()]
    if events:
        await connection.execute(COUNT_EVENTS, [shop for shop, _ in events], [event for _, event in events])


async def _write_work(connection: Any, plans: Sequence[OrderPlan]) -> None:
    closed = [plan.order.order_id for plan in plans if plan.finalize]
    if closed:
        await connection.execute(_CLOSE_WORK, closed)
    parked = [plan for plan in plans if not plan.finalize]
    if parked:
        await connection.execute(
            _PARK,
            [plan.order.order_id for plan in parked],
            [plan.due_at for plan in parked],
            [plan.waiting_for for plan in parked],
            [plan.order.attempt for plan in parked],
            [plan.order.policies.import_mode is ImportMode.OBSERVE for plan in parked],
        )

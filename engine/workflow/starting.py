"""Starting a workflow for an order, anew if need be, where the order's facts allow.

What is reserved stays reserved, what was bought is not bought again, and what was told is not told again, since the keys of effects are
for ever. One execution runs for an order at a time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from engine.actors import Actor
from engine.audit import chain
from engine.database.locks import lock_for_result
from engine.effects import ledger
from engine.errors import NotFound, Refused
from engine.identifiers import OrderId, ShopId, UserId, WorkflowId, new_id
from engine.privacy.cipher import Vault
from engine.words import ExecutionStatus, OrderStatus, WorkflowState
from engine.workflow.advance import advance
from engine.workflow.estimate import estimated_completion
from engine.workflow.facts import OVERRIDABLE, ImportMode, ShopPolicies
from engine.workflow.library import newest_of, usable_edition
from engine.workflow.machine import WorkflowMachine
from engine.workflow.machines import Unusable, machines_of

if TYPE_CHECKING:
    from engine.database.connection import Database

# Locks the order; its work row is locked before, where it has one.
_ORDER = """
SELECT o.id, o.order_number, o.user_id, o.shop_id, o.order_status, o.workflow_status, o.failed_from, o.version, o.fulfilled_by_tiktok,
       o.audit_sequence, o.audit_head, o.priority_level, coalesce(o.target_ship_by, o.expected_ship_date, 'infinity') AS ship_by,
       w.id AS workflow_id, w.workflow_name, w.workflow_version, w.workflow_status AS execution, s.policies, now() AS now,
       EXISTS (SELECT 1 FROM stock_reservations r WHERE r.order_id = o.id AND r.state = 'active') AS reserved
FROM orders o
JOIN shops s ON s.id = o.shop_id
LEFT JOIN LATERAL (SELECT * FROM order_workflows w WHERE w.order_id = o.id ORDER BY w.id DESC LIMIT 1) w ON true
WHERE o.id = $1
FOR NO KEY UPDATE OF o
"""

_CLOSE = (
    "UPDATE order_workflows SET workflow_status = 'cancelled', completed_at = now(), updated_at = now() WHERE id = $1"
)

_BEGIN = """
INSERT INTO order_workflows (id, order_id, workflow_name, workflow_version, current_step, workflow_config)
VALUES ($1, $2, $3, $4, $5, $6)
"""

_MOVE = """
UPDATE orders SET workflow_status = $2::workflow_status_enum, order_status = $3::order_status_enum, failed_from = NULL,
       version = version + 1, updated_at = now(), audit_sequence = $4, audit_head = $5
WHERE id = $1
"""

_STEP = """
INSERT INTO order_workflow_steps (id, workflow_id, order_id, from_state, to_state, trigger, actor, reason)
VALUES ($1, $2, $3, $4, $5, 'start', $6, $7)
"""

_HISTORY = """
INSERT INTO order_status_history (id, order_id, previous_status, new_status, status_reason, changed_by, change_source)
VALUES ($1, $2, $3, $4, $5, $6, $7)
"""

_RESOLVE = """
UPDATE failures SET resolved_at = now(), resolved_by = $2, resolution = 'started anew' WHERE order_id = $1 AND resolved_at IS NULL
"""

_WORK = """
INSERT INTO work (order_id, workflow_id, priority, ship_by, ready) VALUES ($1, $2, $3, $4, false)
ON CONFLICT (order_id) DO UPDATE SET workflow_id = excluded.workflow_id, ready = false, due_at = NULL, waiting_for = '', attempt = 0
"""

_CLOSED = frozenset({ExecutionStatus.COMPLETED, ExecutionStatus.CANCELLED})


@dataclass(frozen=True, slots=True)
class Triggered:
    """An execution that was started, and where the order is now."""

    workflow_id: WorkflowId
    order_id: OrderId
    order_number: str
    workflow_name: str
    workflow_version: int
    state: WorkflowState
    estimated_completion: datetime | None


async def trigger(
    database: Database,
    order_id: OrderId,
    workflow_name: str,
    config: Mapping[str, str] | None = None,
    *,
    force_restart: bool = False,
    actor: Actor,
    reason: str = "",
) -> Triggered:
    """Start a workflow for an order; `config` overrides its shop's policies for this execution.

    Raises NotFound, or Refused: for an order that is closed or not worked here, and while an execution runs unless `force_restart`.
    """
    checked = read_config(config or {})
    return await database.run(
        lambda connection: _trigger(
            connection, database.vault, order_id, workflow_name, checked, actor, reason, force_restart=force_restart
        )
    )


def read_config(config: Mapping[str, str]) -> dict[str, str]:
    """The configuration of one execution, checked. Raises Refused naming what may be set, and to what."""
    for name, word in config.items():
        if name not in OVERRIDABLE:
            raise Refused(
                "workflow.config_unknown",
                f"A workflow's config has no {name!r}; it may set {', '.join(sorted(OVERRIDABLE))}.",
            )
        if word not in list(OVERRIDABLE[name]):
            raise Refused(
                "workflow.config_value", f"{name} cannot be {word!r}; it is one of {', '.join(OVERRIDABLE[name])}."
            )
    return {name: str(word) for name, word in config.items()}


async def _trigger(
    connection: Any,
    vault: Vault,
    order_id: OrderId,
    workflow_name: str,
    config: Mapping[str, str],
    actor: Actor,
    reason: str,
    *,
    force_restart: bool,
) -> Triggered:
    edition = await usable_edition(connection, await newest_of(connection, workflow_name))
    machine = (await machines_of(connection, [edition]))[edition]
    if isinstance(machine, Unusable):
        raise Refused("workflow.unusable", machine.sentence)
    await lock_for_result(connection, [order_id])
    row = await connection.fetchrow(_ORDER, order_id)
    if row is None:
        raise NotFound("order.unknown", f"There is no order {order_id}.")
    _refuse(row, force_restart=force_restart)
    state = _beginning(machine, row)
    before = OrderStatus(row["order_status"])
    status = machine.definition.states[state].order_status or before
    workflow_id = WorkflowId(new_id())
    entry = chain.link(
        vault,
        UserId(row["user_id"]),
        order_id,
        row["audit_sequence"] + 1,
        row["audit_head"],
        "workflow.start",
        actor,
        {"state": row["workflow_status"], "status": before, "execution": row["execution"]},
        {
            "state": state,
            "status": status,
            "execution": ExecutionStatus.RUNNING,
            "workflow": edition.name,
            "version": edition.version,
            "config": dict(config),
            "reason": reason,
        },
        row["now"],
    )
    if row["execution"] not in _CLOSED:
        await connection.execute(_CLOSE, row["workflow_id"])
    await connection.execute(_MOVE, order_id, state, status, entry.sequence, entry.hash)
    await ledger.rearm(connection, [order_id])
    await connection.execute(
        _BEGIN, workflow_id, order_id, edition.name, edition.version, state, dict(config) if config else None
    )
    await connection.execute(_STEP, new_id(), workflow_id, order_id, row["workflow_status"], state, actor.name, reason)
    if status is not before:
        why = reason or None
        await connection.execute(_HISTORY, new_id(), order_id, before, status, why, actor.user_id, actor.source)
    await connection.execute(_RESOLVE, order_id, actor.name)
    await chain.write(connection, [entry])
    await connection.execute(_WORK, order_id, workflow_id, row["priority_level"], row["ship_by"])
    [moved] = await advance(connection, vault, [order_id])
    return Triggered(
        workflow_id,
        order_id,
        row["order_number"],
        edition.name,
        edition.version,
        moved.state,
        await estimated_completion(connection, ShopId(row["shop_id"]), moved.state),
    )


def _refuse(row: Any, *, force_restart: bool) -> None:
    number = row["order_number"]
    if row["fulfilled_by_tiktok"]:
        raise Refused("order.not_worked", f"Order {number} is fulfilled by TikTok: it is shown, never worked.")
    if ShopPolicies.read(row["policies"]).import_mode is ImportMode.OBSERVE:
        raise Refused(
            "order.observed", f"Order {number} is only observed: switch its shop to work before changing its orders."
        )
    over = row["order_status"] in {OrderStatus.CANCELLED, OrderStatus.RETURNED}
    if over or row["execution"] == ExecutionStatus.COMPLETED:
        raise Refused("order.closed", f"Order {number} is closed ({row['order_status']}).")
    if row["execution"] not in _CLOSED and not force_restart:
        raise Refused(
            "workflow.running",
            f"Order {number} is at work in {row['workflow_name']}, version {row['workflow_version']} "
            f"({row['workflow_status'].replace('_', ' ')}): force a restart to start anew.",
        )


def _beginning(machine: WorkflowMachine, row: Any) -> WorkflowState:
    """The furthest state that the order's facts bear out: from there its own machine takes it on."""
    state: WorkflowState
    reached = WorkflowState(row["failed_from"] or row["workflow_status"])
    if row["execution"] != ExecutionStatus.CANCELLED and reached in {
        WorkflowState.READY_TO_SHIP,
        WorkflowState.SHIPPED,
    }:
        state = reached
    elif row["reserved"]:
        state = WorkflowState.INVENTORY_RESERVED
    else:
        return machine.definition.initial
    if state not in machine.definition.states:
        raise Refused(
            "workflow.no_such_state",
            f"Order {row['order_number']} stands at {state.replace('_', ' ')}, and the workflow "
            f"{machine.definition.name} has no such state: choose another one.",
        )
    return state

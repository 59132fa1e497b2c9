"""Puts a status back by hand, where nothing has left the house and no stock has moved: from validated to new."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine.actors import Actor
from engine.audit import chain
from engine.database.rows import insert_rows
from engine.identifiers import OrderId, new_id
from engine.orders.bulk.journal import Entry
from engine.orders.views import ChangeOutcome
from engine.privacy.cipher import Vault
from engine.words import OrderStatus, WorkflowState

_REMEMBER = "SELECT id, order_status, workflow_status, now() AS now FROM orders WHERE id = ANY($1::uuid[])"

# Whatever the change has meant outside, taken back or not: index effects_order_index.
_SENT = """
SELECT DISTINCT e.order_id FROM unnest($1::uuid[], $2::text[]) AS d(id, since)
JOIN effects e ON e.order_id = d.id AND e.created_at >= d.since::timestamptz
"""

_ORDERS = """
UPDATE orders o SET order_status = d.status::order_status_enum, workflow_status = d.state::workflow_status_enum,
       version = o.version + 1, updated_at = now(), audit_sequence = d.audit_sequence, audit_head = d.audit_head
FROM unnest($1::uuid[], $2::text[], $3::text[], $4::int[], $5::bytea[]) AS d(id, status, state, audit_sequence, audit_head)
WHERE o.id = d.id
"""

_WORKFLOWS = """
UPDATE order_workflows w SET current_step = d.state, updated_at = now()
FROM unnest($1::uuid[], $2::text[]) AS d(order_id, state)
WHERE w.order_id = d.order_id AND w.workflow_status IN ('running', 'failed', 'paused')
RETURNING w.id, w.order_id
"""

# Asleep until something happens: at work again it would take the very step that was undone.
_PARK = "UPDATE work SET ready = false, due_at = NULL, waiting_for = 'person' WHERE order_id = ANY($1::uuid[])"


async def remember_status(connection: Any, order_ids: Sequence[OrderId]) -> dict[OrderId, dict[str, Any]]:
    """Where these locked orders stand, and since when whatever they send is the change's doing."""
    return {
        OrderId(row["id"]): {
            "status": row["order_status"],
            "state": row["workflow_status"],
            "since": row["now"].isoformat(),
        }
        for row in await connection.fetch(_REMEMBER, list(order_ids))
    }


async def put_status_back(
    connection: Any, vault: Vault, entries: Sequence[Entry], actor: Actor, reason: str, *, write: bool
) -> list[ChangeOutcome]:
    """Put the status back where that is all there is to it; the others say what stands in the way."""
    since = [entry.before["since"] for entry in entries]
    sent = {row["order_id"] for row in await connection.fetch(_SENT, [each.order_id for each in entries], since)}
    outcomes, back = [], []
    for entry in entries:
        sentence = _obstacle(entry, sent=entry.order_id in sent)
        if sentence:
            outcomes.append(entry.outcome("undo.gone_on", sentence))
        else:
            back.append(entry)
            outcomes.append(entry.outcome(after=OrderStatus(entry.before["status"])))
    if write and back:
        await _write(connection, vault, back, actor, reason)
    return outcomes


def _obstacle(entry: Entry, *, sent: bool) -> str:
    if entry.state is not WorkflowState.VALIDATED or entry.before["state"] != WorkflowState.NEW:
        return (
            f"Order {entry.order_number} has gone on to {entry.state.value.replace('_', ' ')}: cancel it, or hold it."
        )
    if sent:
        return f"Order {entry.order_number}: somebody outside has been told of the change."
    return ""


async def _write(connection: Any, vault: Vault, entries: Sequence[Entry], actor: Actor, reason: str) -> None:
    links = [
        chain.link(
            vault,
            entry.user_id,
            entry.order_id,
            entry.audit_sequence + 1,
            entry.audit_head,
            "order.undone",
            actor,
            {"status": entry.status, "state": entry.state},
            {"status": entry.before["status"], "state": entry.before["state"], "reason": reason},
            entry.now,
        )
        for entry in entries
    ]
    ids = [entry.order_id for entry in entries]
    states = [entry.before["state"] for entry in entries]
    await connection.execute(
        _ORDERS,
        ids,
        [entry.before["status"] for entry in entries],
        states,
        [link.sequence for link in links],
        [link.hash for link in links],
    )
    workflows = {row["order_id"]: row["id"] for row in await connection.fetch(_WORKFLOWS, ids, states)}
    await chain.write(connection, links)
    await insert_rows(
        connection,
        "order_workflow_steps",
        ("id", "workflow_id", "order_id", "from_state", "to_state", "trigger", "actor", "reason"),
        [
            (
                new_id(),
                workflows[entry.order_id],
                entry.order_id,
                entry.state,
                entry.before["state"],
                "undo",
                actor.name,
                reason,
            )
            for entry in entries
        ],
    )
    await insert_rows(
        connection,
        "order_status_history",
        ("id", "order_id", "previous_status", "new_status", "status_reason", "changed_by", "change_source"),
        [
            (new_id(), entry.order_id, entry.status, entry.before["status"], reason, actor.user_id, actor.source)
            for entry in entries
        ],
    )
    await connection.execute(_PARK, ids)

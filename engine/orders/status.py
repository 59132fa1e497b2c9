"""Status changes asked for by people, decided by the same machine that moves orders by itself. Many orders: `bulk`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import asyncpg

from engine.actors import Actor
from engine.database.locks import lock_work
from engine.identifiers import OrderId
from engine.orders.parcels.sharing import sharing
from engine.orders.views import ChangeOutcome
from engine.privacy.cipher import Vault
from engine.words import OrderStatus, WorkflowState
from engine.workflow.advance import Push, advance
from engine.workflow.machines import machines_of
from engine.workflow.reading import edition_of
from engine.workflow.requests import trigger_for

if TYPE_CHECKING:
    from engine.database.connection import Database

# Index: order_workflows_running_key. A closed order has no live workflow.
_AS_THEY_ARE = """
SELECT o.id, o.order_number, o.order_status, o.workflow_status, o.failed_from, w.workflow_status AS execution, w.workflow_name,
       w.workflow_version, f.digest
FROM unnest($1::uuid[]) WITH ORDINALITY AS d(id, place)
JOIN orders o ON o.id = d.id
LEFT JOIN order_workflows w ON w.order_id = o.id AND w.workflow_status IN ('running', 'failed', 'paused')
LEFT JOIN workflow_definitions f ON f.name = w.workflow_name AND f.version = w.workflow_version
ORDER BY d.place
"""


async def change(
    database: Database,
    order_ids: Sequence[OrderId],
    status: OrderStatus,
    *,
    actor: Actor,
    reason: str,
    expected_versions: Mapping[OrderId, int] | None = None,
) -> list[ChangeOutcome]:
    """Change the status of these orders, all that allow it, in one transaction; the others say why not."""
    return await database.run(
        lambda connection: change_part(
            connection, database.vault, order_ids, status, actor, reason, expected_versions or {}
        )
    )


async def fire(database: Database, pushes: Mapping[OrderId, Push], *, write: bool = True) -> list[ChangeOutcome]:
    """Fire one trigger for each of these orders; the refused ones say why. With `write` False nothing is written: a preview."""
    return await database.run(
        lambda connection: fire_part(connection, database.vault, list(pushes), pushes, write=write)
    )


async def fire_part(
    connection: Any,
    vault: Vault,
    order_ids: Sequence[OrderId],
    pushes: Mapping[OrderId, Push],
    *,
    write: bool = True,
) -> list[ChangeOutcome]:
    """`fire` in a transaction of the caller; without `write` it is only decided."""
    together = await sharing(connection, order_ids)
    await lock_work(connection, sorted({*order_ids, *together}))
    found = await connection.fetch(_AS_THEY_ARE, list(order_ids))
    moved = {each.order_id: each for each in await advance(connection, vault, order_ids, pushes, write=write)}
    if together and write:
        await advance(connection, vault, together)
    outcomes = []
    for row in found:
        each = moved.get(OrderId(row["id"]))
        outcomes.append(
            _closed(row)
            if each is None
            else ChangeOutcome(each.order_id, each.order_number, each.before, each.after, each.code, each.sentence)
        )
    return outcomes + _missing(order_ids, found)


async def change_part(
    connection: Any,
    vault: Vault,
    order_ids: Sequence[OrderId],
    status: OrderStatus,
    actor: Actor,
    reason: str,
    expected_versions: Mapping[OrderId, int],
    *,
    write: bool = True,
) -> list[ChangeOutcome]:
    """`change` in a transaction of the caller; without `write` it is only decided."""
    together = await sharing(connection, order_ids)
    await lock_work(connection, sorted({*order_ids, *together}))
    found = await connection.fetch(_AS_THEY_ARE, list(order_ids))
    workflows = await machines_of(connection, {edition_of(row) for row in found if row["execution"] is not None})
    outcomes: dict[OrderId, ChangeOutcome] = {}
    pushes: dict[OrderId, Push] = {}
    for row in found:
        order_id, before = OrderId(row["id"]), OrderStatus(row["order_status"])
        if row["execution"] is None:
            outcomes[order_id] = _closed(row)
            continue
        state = WorkflowState(row["workflow_status"])
        asked = trigger_for(workflows[edition_of(row)], status, before, state, row["order_number"])
        if asked.trigger is None:
            outcomes[order_id] = ChangeOutcome(
                order_id, row["order_number"], before, before, asked.code, asked.sentence
            )
        else:
            pushes[order_id] = Push(
                asked.trigger,
                actor,
                reason,
                by_person=True,
                expected_version=expected_versions.get(order_id),
            )
    if pushes:
        for each in await advance(connection, vault, sorted(pushes), pushes, write=write):
            outcomes[each.order_id] = ChangeOutcome(
                each.order_id, each.order_number, each.before, each.after, each.code, each.sentence
            )
        if together and write:
            await advance(connection, vault, together)
    ordered = [outcomes[OrderId(row["id"])] for row in found if OrderId(row["id"]) in outcomes]
    return ordered + _missing(order_ids, found)


def _closed(row: asyncpg.Record) -> ChangeOutcome:
    status, number = OrderStatus(row["order_status"]), row["order_number"]
    stopped = status in {OrderStatus.PENDING, OrderStatus.CONFIRMED, OrderStatus.PROCESSING}
    code, sentence = (
        ("workflow.stopped", f"Order {number} is worked no more: its workflow was stopped; trigger one to go on.")
        if stopped
        else ("order.closed", f"Order {number} is closed ({status.value}).")
    )
    return ChangeOutcome(OrderId(row["id"]), number, status, status, code, sentence)


def _missing(order_ids: Sequence[OrderId], found: Sequence[asyncpg.Record]) -> list[ChangeOutcome]:
    known = {row["id"] for row in found}
    return [
        ChangeOutcome(
            order_id, "", OrderStatus.PENDING, OrderStatus.PENDING, "order.unknown", f"There is no order {order_id}."
        )
        for order_id in order_ids
        if order_id not in known
    ]

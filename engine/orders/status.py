"""Status changes asked for by people: one order or many, decided by the same machine that moves orders by itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import asyncpg

from engine.actors import Actor
from engine.database.locks import lock_work
from engine.identifiers import OrderId, new_id
from engine.orders.views import BatchReport, ChangeOutcome
from engine.privacy.cipher import Vault
from engine.words import ChangeSource, OrderStatus, WorkflowState
from engine.workflow.advance import Push, advance
from engine.workflow.machines import machines_of
from engine.workflow.reading import edition_of
from engine.workflow.requests import trigger_for

if TYPE_CHECKING:
    from engine.database.connection import Database

_AS_THEY_ARE = """
SELECT o.id, o.order_number, o.order_status, o.workflow_status, o.failed_from, w.workflow_status AS execution, w.workflow_name,
       w.workflow_version, f.digest
FROM unnest($1::uuid[]) WITH ORDINALITY AS d(id, place)
JOIN orders o ON o.id = d.id
LEFT JOIN LATERAL (SELECT workflow_status, workflow_name, workflow_version FROM order_workflows w
                   WHERE w.order_id = o.id ORDER BY w.id DESC LIMIT 1) w ON true
LEFT JOIN workflow_definitions f ON f.name = w.workflow_name AND f.version = w.workflow_version
ORDER BY d.place
"""

_NEW_BATCH = "INSERT INTO batches (id, kind, actor, request, total) VALUES ($1, $2, $3, $4, $5)"
_BATCH_PROGRESS = (
    "UPDATE batches SET processed = processed + $2, failed = failed + $3, errors = errors || $4 WHERE id = $1"
)
_BATCH_DONE = "UPDATE batches SET finished_at = now() WHERE id = $1"


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
        lambda connection: _change(
            connection, database.vault, order_ids, status, actor, reason, expected_versions or {}, write=True
        )
    )


async def preview(database: Database, order_ids: Sequence[OrderId], status: OrderStatus) -> list[ChangeOutcome]:
    """What `change` would do, decided by the same code, with nothing written."""
    async with database.pool.acquire() as connection:
        transaction = connection.transaction()
        await transaction.start()
        try:
            actor = Actor("preview", source=ChangeSource.USER)
            return await _change(connection, database.vault, order_ids, status, actor, "", {}, write=False)
        finally:
            await transaction.rollback()


async def change_in_batches(
    database: Database,
    order_ids: Sequence[OrderId],
    status: OrderStatus,
    *,
    actor: Actor,
    reason: str,
    expected_versions: Mapping[OrderId, int] | None = None,
    batch_size: int = 200,
    on_progress: Callable[[int, int], None] | None = None,
) -> BatchReport:
    """Change many orders, a transaction per batch, so that none waits for all and progress can be seen."""
    batch_id = new_id()
    request = {"status": status.value, "reason": reason}
    await database.pool.execute(_NEW_BATCH, batch_id, "status", actor.name, request, len(order_ids))
    errors: list[ChangeOutcome] = []
    for start in range(0, len(order_ids), batch_size):
        part = order_ids[start : start + batch_size]
        outcomes = await change(database, part, status, actor=actor, reason=reason, expected_versions=expected_versions)
        refused = [outcome for outcome in outcomes if outcome.refused]
        errors += refused
        listed = [{"order_id": str(each.order_id), "error": each.sentence} for each in refused]
        await database.pool.execute(_BATCH_PROGRESS, batch_id, len(outcomes), len(refused), listed)
        if on_progress is not None:
            on_progress(min(start + batch_size, len(order_ids)), len(order_ids))
    await database.pool.execute(_BATCH_DONE, batch_id)
    return BatchReport(str(batch_id), len(order_ids), len(errors), tuple(errors))


async def fire(database: Database, pushes: Mapping[OrderId, Push]) -> list[ChangeOutcome]:
    """Fire one trigger for each of these orders; the refused ones say why."""
    return await database.run(lambda connection: _fire(connection, database.vault, list(pushes), dict(pushes)))


async def _fire(
    connection: Any, vault: Vault, order_ids: Sequence[OrderId], pushes: Mapping[OrderId, Push]
) -> list[ChangeOutcome]:
    await lock_work(connection, order_ids)
    found = await connection.fetch(_AS_THEY_ARE, list(order_ids))
    moved = {each.order_id: each for each in await advance(connection, vault, order_ids, pushes)}
    outcomes = []
    for row in found:
        each = moved.get(OrderId(row["id"]))
        outcomes.append(
            _closed(row)
            if each is None
            else ChangeOutcome(each.order_id, each.order_number, each.before, each.after, each.code, each.sentence)
        )
    return outcomes + _missing(order_ids, found)


async def _change(
    connection: Any,
    vault: Vault,
    order_ids: Sequence[OrderId],
    status: OrderStatus,
    actor: Actor,
    reason: str,
    expected_versions: Mapping[OrderId, int],
    *,
    write: bool,
) -> list[ChangeOutcome]:
    await lock_work(connection, order_ids)
    found = await connection.fetch(_AS_THEY_ARE, list(order_ids))
    workflows = await machines_of(connection, {edition_of(row) for row in found})
    outcomes: dict[OrderId, ChangeOutcome] = {}
    pushes: dict[OrderId, Push] = {}
    for row in found:
        order_id, before = OrderId(row["id"]), OrderStatus(row["order_status"])
        state = WorkflowState(row["workflow_status"])
        asked = trigger_for(workflows[edition_of(row)], status, before, state, row["order_number"])
        if row["execution"] in {"completed", "cancelled", None}:
            outcomes[order_id] = _closed(row)
        elif asked.trigger is None:
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
    ordered = [outcomes[OrderId(row["id"])] for row in found if OrderId(row["id"]) in outcomes]
    return ordered + _missing(order_ids, found)


def _closed(row: asyncpg.Record) -> ChangeOutcome:
    status = OrderStatus(row["order_status"])
    return ChangeOutcome(
        OrderId(row["id"]),
        row["order_number"],
        status,
        status,
        "order.closed",
        f"Order {row['order_number']} is closed ({status.value}).",
    )


def _missing(order_ids: Sequence[OrderId], found: Sequence[asyncpg.Record]) -> list[ChangeOutcome]:
    known = {row["id"] for row in found}
    return [
        ChangeOutcome(
            order_id, "", OrderStatus.PENDING, OrderStatus.PENDING, "order.unknown", f"There is no order {order_id}."
        )
        for order_id in order_ids
        if order_id not in known
    ]

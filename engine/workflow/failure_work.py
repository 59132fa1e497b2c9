"""Working the failed queue: who has a failure, who is at it, until when it rests. A whole group or single orders, all the same.

Each change is one of the order: a higher version and a link of its audit chain, in one transaction with the failures' own columns.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from engine.actors import Actor
from engine.errors import NotFound, Refused
from engine.identifiers import OrderId
from engine.orders.assignment import Assignee
from engine.orders.editing import (
    Edit,
    Editable,
    decide_each,
    lock_editable,
    noted,
    told_what_changed,
    write_edits,
)
from engine.orders.views import ChangeOutcome

if TYPE_CHECKING:
    from engine.database.connection import Database

_PART = 500

# Index: failures_open_index.
_OF_GROUP = "SELECT DISTINCT order_id FROM failures WHERE resolved_at IS NULL AND fingerprint = $1 ORDER BY order_id"
_FAILING = "SELECT DISTINCT order_id FROM failures WHERE resolved_at IS NULL AND order_id = ANY($1::uuid[])"

_OPEN = "WHERE resolved_at IS NULL AND order_id = ANY($1::uuid[])"
_ASSIGN = f"UPDATE failures SET assigned_to = $2 {_OPEN}"  # noqa: S608
_ACKNOWLEDGE = f"UPDATE failures SET acknowledged_by = $2, acknowledged_at = now() {_OPEN}"  # noqa: S608
_SNOOZE = f"UPDATE failures SET snoozed_until = $2 {_OPEN}"  # noqa: S608


async def orders_of_group(database: Database, fingerprint: str) -> list[OrderId]:
    """The orders that wait with this fingerprint. Raises NotFound where none does."""
    rows = await database.pool.fetch(_OF_GROUP, fingerprint)
    if not rows:
        raise NotFound(
            "failure.unknown", f"No order waits with the failure {fingerprint!r}: see orders-tui failures list."
        )
    return [OrderId(row["order_id"]) for row in rows]


async def assign(
    database: Database,
    order_ids: Sequence[OrderId],
    to: Assignee | None,
    *,
    actor: Actor,
    expected_versions: Mapping[OrderId, int] | None = None,
) -> list[ChangeOutcome]:
    """Give the failures of these orders to somebody, or to nobody again."""
    after = {"to": to.name if to else None}
    value = to.user_id if to else None
    return await _change(database, order_ids, "failure.assigned", after, _ASSIGN, value, actor, expected_versions)


async def acknowledge(
    database: Database,
    order_ids: Sequence[OrderId],
    *,
    actor: Actor,
    expected_versions: Mapping[OrderId, int] | None = None,
) -> list[ChangeOutcome]:
    """Say that the actor is at work on them, so that nobody else begins."""
    after = {"by": actor.name}
    return await _change(
        database, order_ids, "failure.acknowledged", after, _ACKNOWLEDGE, actor.name, actor, expected_versions
    )


async def snooze(
    database: Database,
    order_ids: Sequence[OrderId],
    until: datetime,
    *,
    actor: Actor,
    expected_versions: Mapping[OrderId, int] | None = None,
) -> list[ChangeOutcome]:
    """Take them out of sight until then; they return by themselves. Refuses a time that has passed."""
    if until <= await database.pool.fetchval("SELECT now()"):
        raise Refused("failure.until", f"{until:%Y-%m-%d %H:%M %Z} has passed: give a later time to snooze until.")
    after = {"until": until.isoformat()}
    return await _change(database, order_ids, "failure.snoozed", after, _SNOOZE, until, actor, expected_versions)


async def wake(
    database: Database,
    order_ids: Sequence[OrderId],
    *,
    actor: Actor,
    expected_versions: Mapping[OrderId, int] | None = None,
) -> list[ChangeOutcome]:
    """Bring snoozed failures back at once."""
    return await _change(database, order_ids, "failure.woken", {}, _SNOOZE, None, actor, expected_versions)


async def _change(
    database: Database,
    order_ids: Sequence[OrderId],
    action: str,
    after: dict[str, Any],
    update: str,
    value: object,
    actor: Actor,
    expected_versions: Mapping[OrderId, int] | None,
) -> list[ChangeOutcome]:
    expected = expected_versions or {}

    async def write(connection: Any, part: Sequence[OrderId]) -> list[ChangeOutcome]:
        orders = await lock_editable(connection, part)
        failing = {row["order_id"] for row in await connection.fetch(_FAILING, list(part))}

        def decide(order: Editable) -> Edit | Refused:
            if order.order_id not in failing:
                return Refused("failure.none", f"Order {order.order_number} has no failure that waits for a person.")
            return noted(order, action, {}, after)

        outcomes, edits = decide_each(part, orders, decide, expected)
        await write_edits(connection, database.vault, edits, actor)
        if edits:
            await connection.execute(update, [edit.order.order_id for edit in edits], value)
        return await told_what_changed(connection, outcomes, expected)

    outcomes: list[ChangeOutcome] = []
    for start in range(0, len(order_ids), _PART):
        part = list(order_ids[start : start + _PART])
        outcomes += await database.run(lambda connection, part=part: write(connection, part))  # type: ignore[misc]
    return outcomes

"""Puts tags, priority and assignment back to what they were."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from engine.actors import Actor
from engine.identifiers import OrderId
from engine.orders.bulk.journal import Entry
from engine.orders.editing import Edit, Editable, changed, lock_editable, write_edits
from engine.orders.priority import derived_level, write_levels
from engine.orders.views import ChangeOutcome
from engine.privacy.cipher import Vault

_REMEMBER = "SELECT id, tags, priority_override, assigned_to FROM orders WHERE id = ANY($1::uuid[])"


async def remember_marks(connection: Any, order_ids: Sequence[OrderId]) -> dict[OrderId, dict[str, Any]]:
    """The marks of these locked orders."""
    return {
        OrderId(row["id"]): {
            "tags": row["tags"],
            "priority_override": row["priority_override"],
            "assigned_to": str(row["assigned_to"]) if row["assigned_to"] else None,
        }
        for row in await connection.fetch(_REMEMBER, list(order_ids))
    }


async def put_marks_back(
    connection: Any, vault: Vault, entries: Sequence[Entry], actor: Actor, reason: str, *, write: bool
) -> list[ChangeOutcome]:
    """Put the marks back; nothing stands in the way of that."""
    if write:
        orders = await lock_editable(connection, [entry.order_id for entry in entries])
        edits = [_edit(orders[entry.order_id], entry, reason) for entry in entries]
        await write_edits(connection, vault, edits, actor)
        await write_levels(connection, edits)
    return [entry.outcome() for entry in entries]


def _edit(order: Editable, entry: Entry, reason: str) -> Edit:
    before = entry.before
    override, assigned_to = before["priority_override"], before["assigned_to"]
    columns = {
        "tags": tuple(before["tags"]),
        "priority_override": override,
        "priority_level": derived_level(order.ship_by, order.now) if override is None else override,
        "assigned_to": UUID(assigned_to) if assigned_to else None,
    }
    edit = changed(
        order, "order.undone", **{name: value for name, value in columns.items() if value != getattr(order, name)}
    )
    return replace(edit, after={**edit.after, "reason": reason})

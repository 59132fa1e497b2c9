"""Notes on an order, sealed. One that must be acknowledged keeps the order from being made ready and from leaving until it is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from engine.actors import Actor
from engine.database.locks import make_ready
from engine.errors import Refused
from engine.identifiers import OrderId, UserId, new_id
from engine.orders.editing import Edit, Editable, decide_each, edit, lock_editable, noted, write_edits
from engine.orders.plain_text import plain
from engine.orders.views import ChangeOutcome
from engine.privacy.cipher import Vault

LONGEST_NOTE = 4000

_INSERT = """
INSERT INTO notes (id, order_id, body, author, must_acknowledge)
SELECT d.id, d.order_id, d.body, $4, $5 FROM unnest($1::uuid[], $2::uuid[], $3::bytea[]) AS d(id, order_id, body)
"""

# Index: notes_unacknowledged_index.
_OPEN = """
SELECT id, order_id FROM notes
WHERE order_id = ANY($1::uuid[]) AND must_acknowledge AND acknowledged_at IS NULL ORDER BY order_id, id FOR UPDATE
"""

_ACKNOWLEDGE = "UPDATE notes SET acknowledged_by = $2, acknowledged_at = now() WHERE id = ANY($1::uuid[])"


async def add_note(
    connection: Any,
    vault: Vault,
    order_ids: Sequence[OrderId],
    body: str,
    *,
    actor: Actor,
    must_acknowledge: bool = False,
) -> list[ChangeOutcome]:
    """Write a note on each of these orders. Raises Refused for an empty or an endless one."""
    text = plain(body)
    if not text or len(text) > LONGEST_NOTE:
        raise Refused("note.length", f"A note has 1 to {LONGEST_NOTE} characters; this one has {len(text)}.")

    def decide(order: Editable) -> Edit | Refused:
        return noted(order, "order.noted", {}, {"note": text, "must_acknowledge": must_acknowledge})

    outcomes, edits = await edit(connection, vault, order_ids, decide, actor=actor)
    orders = [each.order for each in edits]
    keys = [new_id() for _ in orders]
    bodies = [
        vault.seal_text(UserId(order.user_id), "notes.body", key, text) for key, order in zip(keys, orders, strict=True)
    ]
    noted_ids = [order.order_id for order in orders]
    await connection.execute(_INSERT, keys, noted_ids, bodies, actor.name, must_acknowledge)
    if must_acknowledge:
        await make_ready(connection, noted_ids)
    return outcomes


async def acknowledge(
    connection: Any, vault: Vault, order_ids: Sequence[OrderId], *, actor: Actor, write: bool = True
) -> list[ChangeOutcome]:
    """Take note of what must be acknowledged on these orders; they go on by themselves."""
    orders = await lock_editable(connection, order_ids)
    waiting: dict[OrderId, list[UUID]] = {}
    for row in await connection.fetch(_OPEN, list(orders)):
        waiting.setdefault(OrderId(row["order_id"]), []).append(row["id"])

    def decide(order: Editable) -> Edit | Refused:
        notes = waiting.get(order.order_id)
        if not notes:
            return Refused("note.none", f"Order {order.order_number} has no note to acknowledge.")
        return noted(order, "order.acknowledged", {}, {"notes": [str(each) for each in notes]})

    outcomes, edits = decide_each(order_ids, orders, decide, None)
    if write and edits:
        await write_edits(connection, vault, edits, actor)
        done = [each.order.order_id for each in edits]
        await connection.execute(_ACKNOWLEDGE, [key for order_id in done for key in waiting[order_id]], actor.name)
        await make_ready(connection, done)
    return outcomes

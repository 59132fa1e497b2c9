"""Puts holds back to what they were: those placed since are lifted, those lifted stand again with the note they had."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from engine.actors import Actor
from engine.database.locks import make_ready
from engine.identifiers import OrderId
from engine.orders.bulk.journal import Entry
from engine.orders.editing import lock_editable, noted, write_edits
from engine.orders.views import ChangeOutcome
from engine.privacy.cipher import Vault

_REMEMBER = """
SELECT o.id AS order_id, h.id, h.reason, h.note, h.placed_by, h.placed_at, h.until
FROM orders o LEFT JOIN holds h ON h.order_id = o.id AND h.released_at IS NULL
WHERE o.id = ANY($1::uuid[]) ORDER BY o.id, h.placed_at
"""

_LIFT = """
UPDATE holds SET released_at = now(), released_by = $3
WHERE order_id = ANY($1::uuid[]) AND released_at IS NULL AND id <> ALL($2::uuid[])
"""

_STAND = """
UPDATE holds h SET note = d.note, placed_by = d.placed_by, placed_at = d.placed_at, until = d.until, released_at = NULL, released_by = NULL
FROM unnest($1::uuid[], $2::bytea[], $3::text[], $4::timestamptz[], $5::timestamptz[]) AS d(id, note, placed_by, placed_at, until)
WHERE h.id = d.id
"""


async def remember_holds(connection: Any, order_ids: Sequence[OrderId]) -> dict[OrderId, dict[str, Any]]:
    """The holds of these locked orders; their notes stay sealed."""
    remembered: dict[OrderId, dict[str, Any]] = {order_id: {"holds": []} for order_id in order_ids}
    for row in await connection.fetch(_REMEMBER, list(order_ids)):
        if row["id"] is not None:
            remembered[OrderId(row["order_id"])]["holds"].append(
                {
                    "id": str(row["id"]),
                    "reason": row["reason"],
                    "note": b64encode(row["note"]).decode() if row["note"] else None,
                    "placed_by": row["placed_by"],
                    "placed_at": row["placed_at"].isoformat(),
                    "until": row["until"].isoformat() if row["until"] else None,
                }
            )
    return remembered


async def put_holds_back(
    connection: Any, vault: Vault, entries: Sequence[Entry], actor: Actor, reason: str, *, write: bool
) -> list[ChangeOutcome]:
    """Put the holds back; the orders are looked at again and go on, or stand."""
    if write:
        ids = [entry.order_id for entry in entries]
        now = await remember_holds(connection, ids)
        orders = await lock_editable(connection, ids)
        edits = [
            noted(
                orders[entry.order_id],
                "order.undone",
                {"holds": [hold["reason"] for hold in now[entry.order_id]["holds"]]},
                {"holds": [hold["reason"] for hold in entry.before["holds"]], "reason": reason},
            )
            for entry in entries
        ]
        await write_edits(connection, vault, edits, actor)
        standing = [hold for entry in entries for hold in entry.before["holds"]]
        keys = [UUID(hold["id"]) for hold in standing]
        await connection.execute(_LIFT, ids, keys, actor.name)
        await connection.execute(
            _STAND,
            keys,
            [b64decode(hold["note"]) if hold["note"] else None for hold in standing],
            [hold["placed_by"] for hold in standing],
            [datetime.fromisoformat(hold["placed_at"]) for hold in standing],
            [datetime.fromisoformat(hold["until"]) if hold["until"] else None for hold in standing],
        )
        await make_ready(connection, ids)
    return [entry.outcome() for entry in entries]

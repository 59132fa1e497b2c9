"""A change of something that belongs to an order: its version rises and its audit chain gets a link, whatever else is written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.actors import Actor
from engine.audit import chain
from engine.identifiers import OrderId, UserId
from engine.privacy.cipher import Vault

_LOCK = """
SELECT id, user_id, audit_sequence, audit_head, now() AS now FROM orders WHERE id = ANY($1::uuid[]) ORDER BY id FOR NO KEY UPDATE
"""

_WRITE = """
UPDATE orders o SET version = o.version + 1, updated_at = now(), audit_sequence = d.sequence, audit_head = d.head
FROM unnest($1::uuid[], $2::int[], $3::bytea[]) AS d(id, sequence, head) WHERE o.id = d.id
"""


async def mark(
    connection: Any, vault: Vault, action: str, actor: Actor, told: Mapping[OrderId, dict[str, Any]]
) -> None:
    """Add a link to each of these orders' chains. The caller holds their work rows, so far as they are open."""
    rows = await connection.fetch(_LOCK, list(told))
    entries = [
        chain.link(
            vault,
            UserId(row["user_id"]),
            row["id"],
            row["audit_sequence"] + 1,
            row["audit_head"],
            action,
            actor,
            None,
            told[OrderId(row["id"])],
            row["now"],
        )
        for row in rows
    ]
    await connection.execute(
        _WRITE,
        [row["id"] for row in rows],
        [entry.sequence for entry in entries],
        [entry.hash for entry in entries],
    )
    await chain.write(connection, entries)

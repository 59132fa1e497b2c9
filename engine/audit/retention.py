"""The one door through which audit entries leave: the beginning of a chain may be cut off, and the cut itself is kept for ever.

The log refuses UPDATE, DELETE and TRUNCATE by trigger. A transaction that sets `orders.audit_retention` to `on` may delete; one that
sets `orders.audit_values` to `on` may replace what entries say by the same sealed anew, or by nothing, and no other part of them; both are
done for privacy by functions of the schema's owner (`erase_audit`, `cut_audit`, `seal_audit_anew`), since no role may do them itself.
Whoever owns the tables can always do more, which is why a cut says who and why, and why `verify` counts the cuts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from engine.actors import Actor
from engine.errors import NotFound

if TYPE_CHECKING:
    from engine.database.connection import Database

RETENTION_DOOR = "SET LOCAL orders.audit_retention = 'on'"
"""Lets the transaction it is said in delete audit rows."""

_LAST_TO_GO = "SELECT hash FROM audit_log WHERE subject = $1 AND sequence = $2"
_CUT = """
INSERT INTO audit_cuts (subject, through_sequence, through_hash, actor, reason) VALUES ($1, $2, $3, $4, $5)
"""
_DELETE = "DELETE FROM audit_log WHERE subject = $1 AND sequence <= $2"


async def cut(database: Database, subject: UUID, through_sequence: int, *, actor: Actor, reason: str) -> None:
    """Remove a subject's entries up to `through_sequence`. Raises NotFound where there is no such entry."""

    async def write(connection: Any) -> None:
        through_hash = await connection.fetchval(_LAST_TO_GO, subject, through_sequence)
        if through_hash is None:
            raise NotFound("audit.unknown_entry", f"The audit of {subject} has no entry {through_sequence}.")
        await connection.execute(RETENTION_DOOR)
        await connection.execute(_CUT, subject, through_sequence, through_hash, actor.name, reason)
        await connection.execute(_DELETE, subject, through_sequence)

    await database.run(write)

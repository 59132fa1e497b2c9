"""Who is at work on what, so that two people do not begin the same: a row a console, renewed while it is about.

The table is not logged: nothing is lost with it that a beat does not bring back.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from engine.identifiers import OrderId
from engine.orders.plain_text import plain

if TYPE_CHECKING:
    from engine.database.connection import Database

GONE_AFTER_SECONDS = 15
"""A console that has not been heard for so long is gone."""

_BEAT = f"""
WITH gone AS (DELETE FROM presence WHERE beat_at < now() - interval '{4 * GONE_AFTER_SECONDS} seconds' AND console_id <> $1)
INSERT INTO presence (console_id, who, order_id, fingerprint, edits, beat_at) VALUES ($1, $2, $3, $4, $5, now())
ON CONFLICT (console_id) DO UPDATE
SET who = excluded.who, order_id = excluded.order_id, fingerprint = excluded.fingerprint, edits = excluded.edits, beat_at = now()
"""  # noqa: S608

_LEAVE = "DELETE FROM presence WHERE console_id = $1"

_OTHERS = f"""
SELECT who, order_id, fingerprint, edits FROM presence
WHERE console_id <> $1 AND beat_at > now() - interval '{GONE_AFTER_SECONDS} seconds' ORDER BY who, console_id
"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class AtWork:
    """What a person has before them: an order, a group of failures, or both; and whether a form is open for it."""

    order_id: OrderId | None = None
    fingerprint: str = ""
    edits: bool = False


@dataclass(frozen=True, slots=True)
class Present:
    """Somebody else, and what they are at."""

    who: str
    at: AtWork


async def beat(database: Database, console_id: UUID, who: str, at: AtWork) -> None:
    """Say what the person at this console is at, and that the console is about."""
    await database.pool.execute(_BEAT, console_id, who, at.order_id, at.fingerprint, at.edits)


async def leave(database: Database, console_id: UUID) -> None:
    """This console is at nothing any more."""
    await database.pool.execute(_LEAVE, console_id)


async def others(database: Database, console_id: UUID) -> list[Present]:
    """Who else is at work on what, by name."""
    rows = await database.pool.fetch(_OTHERS, console_id)
    return [
        Present(
            plain(row["who"]),
            AtWork(OrderId(row["order_id"]) if row["order_id"] else None, row["fingerprint"], row["edits"]),
        )
        for row in rows
    ]

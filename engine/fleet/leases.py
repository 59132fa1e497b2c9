"""Leadership by name, as a row with a term: behind a pooler a session's advisory lock would be held by two.

What a daemon holds is free once it is dead or has retired; a console, which has no heart, holds its lease to the end.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.fleet.daemons import DEAD_AFTER_SECONDS
from engine.identifiers import DaemonId

if TYPE_CHECKING:
    from engine.database.connection import Database

_TAKE = """
INSERT INTO leases AS l (name, daemon_id, term, until) VALUES ($1, $2, 1, now() + make_interval(secs => $3))
ON CONFLICT (name) DO UPDATE
SET daemon_id = excluded.daemon_id, term = l.term + CASE WHEN l.daemon_id = excluded.daemon_id THEN 0 ELSE 1 END,
    until = excluded.until
WHERE l.daemon_id = excluded.daemon_id OR l.until < now() OR EXISTS (
    SELECT FROM daemons d WHERE d.id = l.daemon_id
       AND (d.stopped_at IS NOT NULL OR d.beat_at <= now() - make_interval(secs => $4)))
RETURNING term
"""


# Not renewed: whoever took it has had the turn, and so has everybody else until it ends.
_TURN = """
INSERT INTO leases AS l (name, daemon_id, term, until) VALUES ($1, $2, 1, now() + make_interval(secs => $3))
ON CONFLICT (name) DO UPDATE SET daemon_id = excluded.daemon_id, term = l.term + 1, until = excluded.until WHERE l.until < now()
RETURNING term
"""


async def take_turn(database: Database, name: str, daemon_id: DaemonId, seconds: float) -> bool:
    """Take the one turn there is in so many seconds, for errands that the whole fleet runs once a day; False when it was had."""
    return await database.pool.fetchval(_TURN, name, daemon_id, seconds) is not None


_LEAVE = "UPDATE leases SET until = now() WHERE name = $1 AND daemon_id = $2"


async def leave(database: Database, name: str, daemon_id: DaemonId) -> None:
    """Give the lease up, so that the next one need not wait for its end; nothing when another one holds it."""
    await database.pool.execute(_LEAVE, name, daemon_id)


async def take(database: Database, name: str, daemon_id: DaemonId, seconds: float) -> bool:
    """Take or renew the lease; False when another one holds it who is alive."""
    return await database.pool.fetchval(_TAKE, name, daemon_id, seconds, DEAD_AFTER_SECONDS) is not None

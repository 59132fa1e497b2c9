"""Old runs of rules are let go: what they did stays in the orders' own history, audit and tags.

The oldest go first, found by their ids, which begin with the time they were made.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from engine.clock import database_now

if TYPE_CHECKING:
    from engine.database.connection import Database

LEASE = "rule_runs"
KEPT_DAYS = 90
"""How long a run is kept, unless the settings say otherwise."""

BATCH = 1000

# Index: rule_runs_pkey.
_FORGET = """
DELETE FROM rule_runs WHERE id IN (
    SELECT id FROM rule_runs WHERE id < $1 AND created_at < now() - make_interval(days => $2) ORDER BY id LIMIT $3
    FOR UPDATE SKIP LOCKED)
"""


async def forget_runs(database: Database, kept_days: int, limit: int = BATCH) -> int:
    """Let go of runs that are older than so many days, at most `limit` of them in one transaction; answers how many."""
    now = await database_now(database.pool)
    oldest_kept = int(now.timestamp() * 1000) - kept_days * 86_400_000

    async def forget(connection: Any) -> int:
        first_kept = UUID(int=max(0, oldest_kept) << 80)
        return int((await connection.execute(_FORGET, first_kept, kept_days, limit)).split()[-1])

    return await database.run(forget)

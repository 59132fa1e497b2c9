"""Sessions that stopped in the middle of sending rows: to the server they are at work, so no timeout of its own ends them.

A program that is frozen inside a COPY would keep its locks until it wakes. It is treated like one that leaves its transaction open.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.database.connection import Database

# This program's own sessions only; a person's import from a slow line is theirs to end.
_END = """
SELECT count(*) FILTER (WHERE pg_terminate_backend(pid)) FROM pg_stat_activity
WHERE datname = current_database() AND usename = current_user AND application_name = current_setting('application_name')
  AND pid <> pg_backend_pid() AND state = 'active' AND wait_event = 'ClientRead'
  AND current_setting('idle_in_transaction_session_timeout') <> '0'
  AND query_start < clock_timestamp() - current_setting('idle_in_transaction_session_timeout')::interval
"""


async def end_stalled_sessions(database: Database) -> int:
    """End sessions of this program that have kept the server waiting for rows longer than a transaction may lie idle. Answers how many."""
    ended: int = await database.pool.fetchval(_END)
    return ended

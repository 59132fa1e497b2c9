"""The oldest snapshot: one transaction that stays open keeps every dead row version, and the queues slow down behind it.

This program's own sessions are cut off by their timeouts; another program's, or a person's psql, can only be named.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.database.connection import Database

# A session that neither reads nor writes under a snapshot holds nothing back, however long it is open. Behind a pooler, or without
# the right to see others' sessions, their fields are null and they are absent.
_OLDEST = """
SELECT pid, coalesce(usename, '') AS login, application_name, coalesce(host(client_addr), 'local') AS address,
       coalesce(state, '') AS state, extract(epoch FROM clock_timestamp() - xact_start)::float8 AS seconds
FROM pg_stat_activity
WHERE xact_start IS NOT NULL AND (backend_xmin IS NOT NULL OR backend_xid IS NOT NULL) AND pid <> pg_backend_pid()
  AND backend_type = 'client backend' AND datname = current_database()
  AND clock_timestamp() - xact_start > make_interval(secs => $1)
ORDER BY xact_start LIMIT 1
"""


@dataclass(frozen=True, slots=True)
class OldSnapshot:
    """Who has kept a transaction open, and for how long."""

    process_id: int
    login: str
    program: str
    address: str
    state: str
    seconds: float

    @property
    def sentence(self) -> str:
        """What a person reads, with the mend."""
        who = self.login or "somebody"
        with_what = f" with {self.program}" if self.program else ""
        return (
            f"{who}{with_what} ({self.address}, process {self.process_id}) has kept a transaction open for {self.seconds:.0f} s, "
            f"which slows every queue: have it ended, or run SELECT pg_terminate_backend({self.process_id})."
        )


async def oldest_snapshot(database: Database, older_than_seconds: float) -> OldSnapshot | None:
    """The transaction that has held a snapshot the longest; None when none is older than that."""
    row = await database.pool.fetchrow(_OLDEST, older_than_seconds)
    if row is None:
        return None
    return OldSnapshot(row["pid"], row["login"], row["application_name"], row["address"], row["state"], row["seconds"])

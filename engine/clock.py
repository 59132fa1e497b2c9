"""The one clock: the database's transaction time.

Code that writes times uses SQL's `now()` inside its statement, so that all rows of a transaction agree. Python code that must
compare with the database's time asks here; the machine's own clock decides nothing.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any


async def database_now(connection: Any) -> datetime:
    """The time of the connection's transaction, in UTC."""
    moment: datetime = await connection.fetchval("SELECT now()")
    return moment.astimezone(UTC)

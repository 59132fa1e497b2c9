"""The one clock: the database's.

Code that writes times uses SQL's `now()` inside its statement, so that all rows of a transaction agree. Python code that must
compare with the database's time asks here; the machine's own clock decides nothing, and may be wrong or be set at any moment.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any


async def database_now(connection: Any) -> datetime:
    """The time of the connection's transaction, in UTC."""
    moment: datetime = await connection.fetchval("SELECT now()")
    return moment.astimezone(UTC)


class DatabaseClock:
    """Tells the database's time between two looks at it, carried on by this machine's monotonic clock, which nobody can set."""

    def __init__(
        self, *, monotonic: Callable[[], float] = time.monotonic, wall: Callable[[], float] = time.time
    ) -> None:
        self._monotonic = monotonic
        self._ahead = wall() - monotonic()
        """Until the first look: this machine's own time, the best that is known."""

    def learn(self, database_time: datetime) -> None:
        """The database has just said that it is so late."""
        self._ahead = database_time.timestamp() - self._monotonic()

    def seconds(self) -> float:
        """Unix seconds now."""
        return self._monotonic() + self._ahead

    def now(self) -> datetime:
        """The same, in UTC."""
        return datetime.fromtimestamp(self.seconds(), UTC)

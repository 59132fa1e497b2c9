"""The database's figures as this process last read them: asked for again when somebody looks and they are no longer fresh."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from engine.database.connection import Database
from engine.database.loss import is_lost
from engine.errors import Unreachable
from engine.monitoring.readings import Readings, read

_ANSWER_SECONDS = 5.0


class Watch:
    """Many who look at once are answered by one reading."""

    def __init__(
        self, database: Database, fresh_seconds: float, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._database = database
        self._fresh_seconds = fresh_seconds
        self._clock = clock
        self._one_reads = asyncio.Lock()
        self._known: Readings | None = None
        self._read_at = 0.0
        self.seconds = 0.0
        """How long the latest reading took."""

    async def readings(self) -> Readings:
        """The figures, some seconds old at most. Raises Unreachable while the database does not answer."""
        async with self._one_reads:
            began = self._clock()
            if self._known is None or began - self._read_at >= self._fresh_seconds:
                self._known = None  # what cannot be read again is not told as if it were
                self._known = await self._read()
                self._read_at, self.seconds = self._clock(), self._clock() - began
            return self._known

    async def answers(self) -> bool:
        """Whether the database answers at this moment."""
        try:
            async with asyncio.timeout(_ANSWER_SECONDS):
                await self._database.pool.fetchval("SELECT 1")
        except Exception as error:
            if is_lost(error):
                return False
            raise
        return True

    async def _read(self) -> Readings:
        try:
            async with asyncio.timeout(_ANSWER_SECONDS):
                return await read(self._database)
        except Exception as error:
            if is_lost(error):
                raise Unreachable(
                    "database.away", "The database does not answer: start it, or mend database.url."
                ) from error
            raise

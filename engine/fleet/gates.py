"""Breaker states as rows: every daemon sees a dependency that is shut, and one of them, no more, tries it again.

A guard asks `shut` before each call, which looks into memory; `refresh` brings that up to date, once a second. Only a gate whose time is
over costs a statement: `probe`, which lets one daemon of the fleet through. Only the database's clock counts.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from enum import StrEnum
from typing import TYPE_CHECKING

from engine.fleet.daemons import DEAD_AFTER_SECONDS

if TYPE_CHECKING:
    from engine.database.connection import Database
    from engine.identifiers import DaemonId

_OPENED = """
INSERT INTO gates (dependency, opened_until, reason) VALUES ($1, now() + make_interval(secs => $2), $3)
ON CONFLICT (dependency) DO UPDATE SET opened_until = excluded.opened_until, reason = excluded.reason, probe_daemon = NULL,
    probe_until = NULL, updated_at = now()
"""
_CLOSED = """
UPDATE gates SET opened_until = NULL, reason = '', probe_daemon = NULL, probe_until = NULL, updated_at = now() WHERE dependency = $1
"""
_OPEN = "SELECT dependency, extract(epoch FROM opened_until - now())::float8 AS seconds FROM gates WHERE opened_until IS NOT NULL"

# One probe at a time: whoever updates the row first has it, until it is over, or its daemon is.
_PROBE = """
UPDATE gates g SET probe_daemon = $2, probe_until = now() + make_interval(secs => $3), updated_at = now()
WHERE dependency = $1 AND opened_until <= now()
  AND (probe_until IS NULL OR probe_until < now() OR probe_daemon = $2 OR NOT EXISTS (
       SELECT FROM daemons d WHERE d.id = g.probe_daemon AND d.stopped_at IS NULL AND d.beat_at > now() - make_interval(secs => $4)))
RETURNING dependency
"""
_IS_CLOSED = "SELECT NOT EXISTS (SELECT FROM gates WHERE dependency = $1 AND opened_until IS NOT NULL)"


class Probe(StrEnum):
    """Whether a call may be made to try a dependency whose time is over."""

    GRANTED = "granted"
    CLOSED = "closed"
    """Another daemon tried it and it is well: go on as always."""
    WAIT = "wait"
    """Another daemon is trying it, or has just found it broken."""


class Gates:
    """This daemon's view of the gates; `daemon_id` is set once it is registered."""

    def __init__(self, database: Database, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._database = database
        self._clock = clock
        self._open_until: dict[str, float] = {}
        self.daemon_id: DaemonId | None = None

    async def opened(self, name: str, seconds: float, reason: str) -> None:
        """The breaker of `name` opened for so long."""
        await self._database.pool.execute(_OPENED, name, seconds, reason)
        self._open_until[name] = self._clock() + seconds

    async def closed(self, name: str) -> None:
        """The breaker of `name` closed again."""
        await self._database.pool.execute(_CLOSED, name)
        self._open_until.pop(name, None)

    async def refresh(self) -> None:
        """Read what the other daemons found."""
        now = self._clock()
        rows = await self._database.pool.fetch(_OPEN)
        self._open_until = {row["dependency"]: now + row["seconds"] for row in rows}

    def shut(self, name: str) -> float | None:
        """How many seconds the dependency is still left alone: 0 when it is to be tried again, None when its gate is closed."""
        until = self._open_until.get(name)
        return None if until is None else max(until - self._clock(), 0.0)

    async def probe(self, name: str, seconds: float) -> Probe:
        """Ask to be the one that tries the dependency; the answer holds for `seconds`."""
        pool = self._database.pool
        if await pool.fetchval(_PROBE, name, self.daemon_id, seconds, DEAD_AFTER_SECONDS) is not None:
            return Probe.GRANTED
        if await pool.fetchval(_IS_CLOSED, name):
            self._open_until.pop(name, None)
            return Probe.CLOSED
        return Probe.WAIT

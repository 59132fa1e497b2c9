"""Breaker states as rows, so that every daemon and every screen sees a dependency that is shut."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from engine.database.connection import Database

_OPENED = """
INSERT INTO gates (dependency, opened_until, reason) VALUES ($1, $2, $3)
ON CONFLICT (dependency) DO UPDATE SET opened_until = excluded.opened_until, reason = excluded.reason, updated_at = now()
"""


class Gates:
    """Reports this daemon's breaker changes to the database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def opened(self, name: str, until: datetime, reason: str) -> None:
        """The breaker of `name` opened until then."""
        await self._database.pool.execute(_OPENED, name, until, reason)

    async def closed(self, name: str) -> None:
        """The breaker of `name` closed again."""
        await self._database.pool.execute(
            "UPDATE gates SET opened_until = NULL, reason = '', updated_at = now() WHERE dependency = $1", name
        )

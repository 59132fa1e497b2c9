"""Numbers over many orders."""

from __future__ import annotations

from datetime import datetime

from engine.database.connection import Database
from engine.reports.latency import Errors, Latency, error_rate, workflow_latency
from orders_tui.services.door import lost_is_unreachable


class Reports:
    """Read-only."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def latency(self, since: datetime) -> Latency:
        """How long the workflow's own work took; waiting for people, stock, carriers and cooling-off is no part of it."""
        with lost_is_unreachable():
            return await workflow_latency(self._database, since)

    async def errors(self, since: datetime) -> Errors:
        """How many orders went wrong; out of stock is no error."""
        with lost_is_unreachable():
            return await error_rate(self._database, since)

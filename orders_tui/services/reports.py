"""Numbers over many orders."""

from __future__ import annotations

from datetime import datetime

from engine.database.connection import Database
from engine.errors import NotFound
from engine.identifiers import UserId
from engine.reports import business
from engine.reports.latency import Errors, Latency, error_rate, workflow_latency
from engine.reports.scope import Scope
from orders_tui.services.door import lost_is_unreachable

_CREATOR = "SELECT id FROM users WHERE display_name = $1 OR id::text = $1 ORDER BY id LIMIT 1"


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

    async def creator(self, named: str) -> UserId:
        """The creator of this name or id. Raises NotFound."""
        with lost_is_unreachable():
            found = await self._database.pool.fetchval(_CREATOR, named)
        if found is None:
            raise NotFound("creator.not_found", f"There is no creator {named!r}: report creators shows their names.")
        return UserId(found)

    async def volume(self, scope: Scope) -> list[business.Volume]:
        """What was ordered, and what became of it by now."""
        with lost_is_unreachable():
            return await business.volume(self._database, scope)

    async def cycle(self, scope: Scope) -> list[business.Cycle]:
        """How long orders took until ready, shipped, delivered."""
        with lost_is_unreachable():
            return await business.cycle(self._database, scope)

    async def ship_by(self, scope: Scope) -> list[business.ShipBy]:
        """Deadlines kept and missed."""
        with lost_is_unreachable():
            return await business.ship_by(self._database, scope)

    async def failures(self, scope: Scope) -> list[business.Failure]:
        """What stopped orders, by cause."""
        with lost_is_unreachable():
            return await business.failures(self._database, scope)

    async def labels(self, scope: Scope) -> list[business.Labels]:
        """Labels and what they cost."""
        with lost_is_unreachable():
            return await business.labels(self._database, scope)

    async def creators(self, scope: Scope) -> list[business.Creator]:
        """What was completed for each creator."""
        with lost_is_unreachable():
            return await business.creators(self._database, scope)

"""Holding orders back, and letting them go."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from engine.database.connection import Database
from engine.identifiers import OrderId
from engine.orders import holds
from engine.orders.bulk.requests import BulkKind, BulkRequest
from engine.orders.holds import HoldView
from engine.orders.views import ChangeOutcome
from engine.words import HoldReason
from orders_tui.services.bulk import Bulk
from orders_tui.services.door import lost_is_unreachable


class Holds:
    """Holds, placed and lifted by one person, who may take it back. Refusals are in the outcomes."""

    def __init__(self, database: Database, bulk: Bulk) -> None:
        self._database, self._bulk = database, bulk

    async def standing(self, reason: HoldReason | None = None, *, limit: int = 1000) -> list[HoldView]:
        """The holds of open orders, oldest first."""
        with lost_is_unreachable():
            return await holds.standing_holds(self._database, reason, limit=limit)

    async def place(
        self,
        order_ids: Sequence[OrderId],
        reason: HoldReason,
        *,
        note: str = "",
        until: datetime | None = None,
        write: bool = True,
    ) -> list[ChangeOutcome]:
        """Hold these orders; with `write` False only say what would become of each. Raises Refused for an end in the past."""
        parameters = {"hold": reason.value, "until": until.isoformat() if until else None}
        return await self._bulk.do(BulkRequest(BulkKind.HOLD, parameters, note=note), order_ids, write=write)

    async def release(
        self, order_ids: Sequence[OrderId], reason: HoldReason | None = None, *, write: bool = True
    ) -> list[ChangeOutcome]:
        """Lift the hold for this reason, or all that a person may lift."""
        request = BulkRequest(BulkKind.RELEASE, {"hold": reason.value if reason else None})
        return await self._bulk.do(request, order_ids, write=write)

"""Holding orders back, and letting them go."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from engine.actors import Actor
from engine.database.connection import Database
from engine.identifiers import OrderId
from engine.orders import holds
from engine.orders.holds import HoldView
from engine.orders.views import ChangeOutcome
from engine.words import HoldReason
from orders_tui.services.batches import in_batches
from orders_tui.services.door import Door, lost_is_unreachable


class Holds:
    """Holds, placed and lifted by one person. Refusals are in the outcomes."""

    def __init__(self, database: Database, actor: Actor, door: Door) -> None:
        self._database, self._actor, self._door = database, actor, door

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
        return await in_batches(
            self._database,
            self._door,
            order_ids,
            lambda connection, order_ids: holds.place_holds(
                connection,
                self._database.vault,
                order_ids,
                reason,
                actor=self._actor,
                note=note,
                until=until,
                write=write,
            ),
        )

    async def release(
        self, order_ids: Sequence[OrderId], reason: HoldReason | None = None, *, write: bool = True
    ) -> list[ChangeOutcome]:
        """Lift the hold for this reason, or all that a person may lift."""
        return await in_batches(
            self._database,
            self._door,
            order_ids,
            lambda connection, order_ids: holds.release_holds(
                connection, self._database.vault, order_ids, reason, actor=self._actor, write=write
            ),
        )

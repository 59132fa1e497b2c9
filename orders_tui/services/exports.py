"""Tracking numbers as a file for the seller centre, and that the file was uploaded."""

from __future__ import annotations

import asyncio
from datetime import datetime
from pathlib import Path

from engine.actors import Actor
from engine.database.connection import Database
from engine.orders.parcels import exporting
from engine.orders.parcels.exporting import Confirmation, TrackingExport
from engine.shops.offline import find_file_shop
from orders_tui.services.door import Door, lost_is_unreachable
from sync.seller_center.tracking_file import write_tracking


class Exports:
    """Writes files for one person."""

    def __init__(self, database: Database, actor: Actor, door: Door) -> None:
        self._database, self._actor, self._door = database, actor, door

    async def tracking(
        self, path: Path, shop_name: str, *, since: datetime | None = None, again: bool = False
    ) -> TrackingExport:
        """Write the tracking numbers that no file has taken yet; with `again` also those that one has. Raises NotFound, Refused."""
        with lost_is_unreachable():
            shop = await find_file_shop(self._database, shop_name)
            found = await exporting.tracking_to_export(self._database, shop.shop_id, since=since, again=again)
        if found.lines:
            await asyncio.to_thread(write_tracking, path, found.lines)
            # After the file is there: should the program end in between, they are offered once more.
            await self._door.write(exporting.mark_exported(self._database, found.lines, actor=self._actor))
        return found

    async def confirm(self, shop_name: str) -> list[Confirmation]:
        """Say that the exported files were uploaded. Raises NotFound, Refused."""
        with lost_is_unreachable():
            shop = await find_file_shop(self._database, shop_name)
        return await self._door.write(exporting.confirm_exported(self._database, shop.shop_id, actor=self._actor))

"""Orders pulled from TikTok Shop by hand."""

from __future__ import annotations

from collections.abc import AsyncIterator

from engine.access.permissions import Permission
from engine.database.connection import Database
from engine.database.loss import is_lost
from engine.errors import Unreachable
from engine.identifiers import ShopId
from engine.shops.shops import find_shop
from orders_tui.services.door import Door, lost_is_unreachable
from orders_tui.services.pulling import Pulled, Wish, pull
from sync.tiktok.directory import Directory


class Pulls:
    """Pulls one shop's orders through the inbox, beside whatever daemons there are."""

    def __init__(self, database: Database, door: Door) -> None:
        self._database, self._door = database, door

    async def pull(self, directory: Directory, shop_id: ShopId, wish: Wish) -> AsyncIterator[Pulled]:
        """What came of it, after each page. Raises Refused, Retryable, Terminal; what was pulled before stays."""
        await self._door.require(Permission.ORDERS_IMPORT)
        with lost_is_unreachable():
            shop = await find_shop(self._database, shop_id)
            connected = await directory.find(shop_id)
        try:
            async for pulled in pull(self._database, shop, connected.orders, wish):
                yield pulled
        except Exception as error:
            if not is_lost(error):
                raise
            raise Unreachable(
                "database.lost", "The database went away in the middle: what was pulled before stays; run it again."
            ) from error

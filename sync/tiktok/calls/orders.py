"""Reading orders: by time of change, and by id."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import datetime

from engine.errors import Terminal
from sync.tiktok.calls.paging import Page, RawRow, pages, window
from sync.tiktok.client import TikTokClient
from sync.tiktok.reading import objects


class OrderCalls:
    """The orders of one shop."""

    def __init__(self, client: TikTokClient, cipher: str) -> None:
        self._client = client
        self._cipher = cipher

    def search(
        self,
        *,
        update_time_ge: datetime,
        update_time_lt: datetime,
        page_size: int = 100,
        status: str = "",
    ) -> AsyncIterator[Page]:
        """Pages of the orders changed in [ge, lt), oldest change first, of one status if it is given."""
        body = window(update_time_ge, update_time_lt) | ({"order_status": status} if status else {})
        return pages(self._client, "orders.search", "orders", cipher=self._cipher, body=body, page_size=page_size)

    async def by_id(self, tiktok_order_ids: Sequence[str]) -> list[RawRow]:
        """The details of these orders in no promised order; ids that TikTok does not know are absent."""
        ids = list(dict.fromkeys(tiktok_order_ids))
        size = self._client.settings.ids_per_call
        slots = asyncio.Semaphore(self._client.settings.chunks_at_once)

        async def chunk(start: int) -> list[RawRow]:
            async with slots:
                return await self._details(ids[start : start + size])

        chunks = await asyncio.gather(*(chunk(start) for start in range(0, len(ids), size)))
        return [order for orders in chunks for order in orders]

    async def _details(self, ids: list[str]) -> list[RawRow]:
        try:
            data = await self._client.call("orders.detail", cipher=self._cipher, query={"ids": ",".join(ids)})
        except Terminal as error:
            if error.code != "tiktok.order_unknown":
                raise
            if len(ids) == 1:
                return []
            # One unknown id spoils the whole answer: find the others around it.
            middle = len(ids) // 2
            return [*await self._details(ids[:middle]), *await self._details(ids[middle:])]
        return objects(data, "orders")

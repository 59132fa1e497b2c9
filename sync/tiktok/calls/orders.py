"""Reading orders: by time of change, and by id."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from engine.errors import Retryable, Terminal
from sync.tiktok.client import TikTokClient
from sync.tiktok.reading import objects, text

RawOrder = dict[str, Any]
"""An order object as TikTok sent it; `sync.tiktok.payloads.read_order` reads it."""


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a search. `next_page_token` is empty on the last; an order may appear on two pages."""

    orders: tuple[RawOrder, ...]
    total_count: int
    next_page_token: str


class OrderCalls:
    """The orders of one shop."""

    def __init__(self, client: TikTokClient, cipher: str) -> None:
        self._client = client
        self._cipher = cipher

    async def search(
        self,
        *,
        update_time_ge: datetime,
        update_time_lt: datetime,
        page_size: int = 100,
        status: str = "",
    ) -> AsyncIterator[Page]:
        """Pages of the orders changed in [ge, lt), oldest change first, of one status if it is given.

        Orders move while the search runs: the same order may come twice, and `update_time` may lie outside. Raises
        Retryable when TikTok repeats a page token, which would never end.
        """
        body: dict[str, object] = {
            "update_time_ge": int(update_time_ge.timestamp()),
            "update_time_lt": int(update_time_lt.timestamp()),
        }
        if status:
            body["order_status"] = status
        query = {"page_size": str(page_size), "sort_field": "update_time", "sort_order": "ASC"}
        seen: set[str] = set()
        while True:
            data = await self._client.call("orders.search", cipher=self._cipher, query=query, body=body)
            next_page_token = text(data, "next_page_token")
            total = data.get("total_count")
            yield Page(tuple(objects(data, "orders")), total if isinstance(total, int) else 0, next_page_token)
            if not next_page_token:
                return
            if next_page_token in seen:
                raise Retryable(
                    "tiktok.repeated_page", "TikTok repeats the same page of orders; the search starts again later."
                )
            seen.add(next_page_token)
            query = {**query, "page_token": next_page_token}

    async def by_id(self, tiktok_order_ids: Sequence[str]) -> list[RawOrder]:
        """The details of these orders in no promised order; ids that TikTok does not know are absent."""
        ids = list(dict.fromkeys(tiktok_order_ids))
        size = self._client.settings.ids_per_call
        slots = asyncio.Semaphore(self._client.settings.chunks_at_once)

        async def chunk(start: int) -> list[RawOrder]:
            async with slots:
                return await self._details(ids[start : start + size])

        chunks = await asyncio.gather(*(chunk(start) for start in range(0, len(ids), size)))
        return [order for orders in chunks for order in orders]

    async def _details(self, ids: list[str]) -> list[RawOrder]:
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

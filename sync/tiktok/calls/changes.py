"""Cancellations and returns as TikTok has them: by time of change, and by id."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime

from sync.tiktok.calls.paging import Page, RawRow, pages, window
from sync.tiktok.client import TikTokClient

_MOST = 50
"""Rows of a page; ids of a search."""


class ChangeCalls:
    """What buyers took back and sent back in one shop."""

    def __init__(self, client: TikTokClient, cipher: str) -> None:
        self._client = client
        self._cipher = cipher

    def cancellations(
        self, *, update_time_ge: datetime, update_time_lt: datetime, page_size: int = _MOST
    ) -> AsyncIterator[Page]:
        """Pages of the cancellations changed in [ge, lt), oldest change first."""
        return self._pages("cancellations", window(update_time_ge, update_time_lt), page_size)

    def returns(
        self, *, update_time_ge: datetime, update_time_lt: datetime, page_size: int = _MOST
    ) -> AsyncIterator[Page]:
        """Pages of the returns and refunds changed in [ge, lt), oldest change first."""
        return self._pages("returns", window(update_time_ge, update_time_lt), page_size)

    async def cancellations_of(self, *, cancel_ids: Sequence[str] = (), order_ids: Sequence[str] = ()) -> list[RawRow]:
        """These cancellations, and those of these orders."""
        return await self._named("cancellations", {"cancel_ids": cancel_ids, "order_ids": order_ids})

    async def returns_of(self, *, return_ids: Sequence[str] = (), order_ids: Sequence[str] = ()) -> list[RawRow]:
        """These returns, and those of these orders."""
        return await self._named("returns", {"return_ids": return_ids, "order_ids": order_ids})

    async def _named(self, what: str, wanted: dict[str, Sequence[str]]) -> list[RawRow]:
        found: list[RawRow] = []
        for name, ids in wanted.items():
            for start in range(0, len(ids), _MOST):
                async for page in self._pages(what, {name: list(ids[start : start + _MOST])}, _MOST):
                    found += page.rows
        return found

    def _pages(self, what: str, body: dict[str, object], page_size: int) -> AsyncIterator[Page]:
        rows = {"cancellations": "cancellations", "returns": "return_orders"}[what]
        return pages(
            self._client,
            f"{what}.search",
            rows,
            cipher=self._cipher,
            body=body,
            page_size=min(page_size, _MOST),
        )

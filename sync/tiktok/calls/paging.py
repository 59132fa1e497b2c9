"""Searches that come in pages, oldest change first."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from engine.errors import Retryable
from sync.tiktok.client import TikTokClient
from sync.tiktok.reading import objects, text

RawRow = dict[str, Any]
"""One row of a search, as TikTok sent it."""


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a search. `next_page_token` is empty on the last; a row may appear on two pages. `total_count` 0 says nothing."""

    rows: tuple[RawRow, ...]
    total_count: int
    next_page_token: str


def window(update_time_ge: datetime, update_time_lt: datetime) -> dict[str, object]:
    """The filter of everything changed in [ge, lt)."""
    return {"update_time_ge": int(update_time_ge.timestamp()), "update_time_lt": int(update_time_lt.timestamp())}


async def pages(
    client: TikTokClient, endpoint: str, rows: str, *, cipher: str, body: Mapping[str, object], page_size: int
) -> AsyncIterator[Page]:
    """Pages of a search, the rows of each under the name `rows`, sorted by their last change.

    Rows move while the search runs: the same one may come twice, and its time may lie outside the window. Raises Retryable when
    TikTok repeats a page token, which would never end.
    """
    query = {"page_size": str(page_size), "sort_field": "update_time", "sort_order": "ASC"}
    seen: set[str] = set()
    while True:
        data = await client.call(endpoint, cipher=cipher, query=query, body=dict(body))
        next_page_token = text(data, "next_page_token")
        total = data.get("total_count")
        yield Page(tuple(objects(data, rows)), total if isinstance(total, int) else 0, next_page_token)
        if not next_page_token:
            return
        if next_page_token in seen:
            raise Retryable(
                "tiktok.repeated_page", f"TikTok repeats the same page of {rows}; the search starts again later."
            )
        seen.add(next_page_token)
        query = {**query, "page_token": next_page_token}

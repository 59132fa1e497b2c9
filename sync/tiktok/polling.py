"""Polling: what changed in a shop since its cursor, page by page, into the inbox.

The window overlaps the last one, so that an order which changed while the search ran is not missed; what comes twice is stored once.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import orjson

from engine.orders import inbox
from engine.orders.shops import Shop
from sync.intake import ORDER
from sync.tiktok.calls.orders import OrderCalls, RawOrder

if TYPE_CHECKING:
    from engine.database.connection import Database


@dataclass(frozen=True, slots=True)
class PollSettings:
    """How far windows overlap, and how far back a newly connected shop is read."""

    overlap_seconds: float = 120.0
    first_days: int = 30
    page_size: int = 100


async def poll_shop(database: Database, shop: Shop, calls: OrderCalls, settings: PollSettings, end: datetime) -> int:
    """Store what changed in the shop until `end`; the cursor moves with each page. Answers how many payloads were new.

    `end` is the database's time: a cursor moved by a clock that is ahead would pass over what comes meanwhile, for all daemons.
    """
    if shop.poll_cursor is None:
        start = end - timedelta(days=settings.first_days)
    else:
        start = shop.poll_cursor - timedelta(seconds=settings.overlap_seconds)
    new = 0
    # The current second is not over yet; the next window's overlap reads it again.
    pages = calls.search(update_time_ge=start, update_time_lt=end + timedelta(seconds=1), page_size=settings.page_size)
    async for page in pages:
        last = not page.next_page_token
        arrivals = [inbox.Arrival(ORDER, orjson.dumps(order, option=orjson.OPT_SORT_KEYS)) for order in page.orders]
        cursor = end if last else _reached(page.orders)
        new += await inbox.store(database, shop.shop_id, shop.user_id, "poll", arrivals, cursor=cursor)
    return new


def _reached(orders: tuple[RawOrder, ...]) -> datetime | None:
    # The earliest, not the last: an order that moved during the search shows a time that is not reached yet.
    times = [order["update_time"] for order in orders if isinstance(order.get("update_time"), int)]
    return datetime.fromtimestamp(min(times), UTC) if times else None

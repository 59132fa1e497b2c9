"""Orders pulled by hand, beside or without a daemon: what changed since a moment, through the inbox like everything else.

No cursor moves: what the daemons poll for is theirs.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import orjson

from engine.database.connection import Database
from engine.orders import inbox
from engine.orders.inbox import Arrival
from engine.shops.shops import Shop
from engine.words import ChannelStatus
from sync.intake import ORDER, apply_orders
from sync.tiktok.calls.orders import OrderCalls
from sync.tiktok.calls.paging import RawRow
from sync.tiktok.events import OrderEvent

_LEASE_SECONDS = 60.0
_SLICE = timedelta(days=1)
_PAGE = 100


@dataclass(frozen=True, slots=True)
class Wish:
    """Which orders: changed from `since` until `until`, of one of the statuses if any are named, and how many at most."""

    since: datetime
    until: datetime
    statuses: Sequence[ChannelStatus] = ()
    limit: int | None = None


@dataclass(slots=True)
class Pulled:
    """What came of it so far: how many orders were looked at, and what was new of them."""

    seen: int = 0
    events: list[OrderEvent] = field(default_factory=list)


async def pull(database: Database, shop: Shop, calls: OrderCalls, wish: Wish) -> AsyncIterator[Pulled]:
    """Pull page by page, each applied before the next is asked for; answers after each page."""
    pulled = Pulled()
    async for rows in _pages(calls, wish):
        page = rows if wish.limit is None else rows[: wish.limit - pulled.seen]
        arrivals = [Arrival(ORDER, orjson.dumps(row, option=orjson.OPT_SORT_KEYS)) for row in page]
        claims = await inbox.take(database, shop.shop_id, shop.user_id, "manual", arrivals, _LEASE_SECONDS)
        if claims:
            pulled.events += await apply_orders(database, claims, "manual")
        pulled.seen += len(page)
        yield pulled
        if wish.limit is not None and pulled.seen >= wish.limit:
            return


async def _pages(calls: OrderCalls, wish: Wish) -> AsyncIterator[tuple[RawRow, ...]]:
    for status in wish.statuses or ("",):
        begin = wish.since
        while begin < wish.until:
            end = min(begin + _SLICE, wish.until)
            async for page in calls.search(
                update_time_ge=begin, update_time_lt=end, page_size=_PAGE, status=str(status)
            ):
                yield page.rows
            begin = end

"""Polling: everything that changed is stored once, and the cursor never runs ahead of what is stored."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import orjson
import pytest

from engine.database.connection import Database
from engine.database.embedded import EmbeddedServer
from engine.errors import Retryable
from engine.orders import shops
from engine.orders.shops import Shop
from sync.tiktok.calls.orders import OrderCalls
from sync.tiktok.polling import PollSettings, poll_shop
from tests.factories import Factory, opened
from tests.sync.connected import Connected, connected
from tests.sync.outside import tiktok_at
from tests.sync.scripted_server import Received, reply, scripted

NO_OVERLAP = PollSettings(overlap_seconds=0, page_size=2)
NOW = int(time.time())


async def test_a_second_look_at_the_same_orders_stores_nothing_new(shop: Connected) -> None:
    async with shop.outside() as outside:
        first = await shop.poll(outside)
        assert first == (await shop.state())["arrived"] == 24
        assert await shop.poll(outside) == 0
    assert await shop.count("inbox") == await shop.count("inbox_keys") == 24


async def test_a_window_of_several_pages_is_read_to_its_end(shop: Connected) -> None:
    begun = datetime.now(UTC)
    async with shop.outside() as outside:
        assert await shop.poll(outside, page_size=5) == 24
    assert (await shop.state())["http_calls"]["tiktok.orders.search"] == 5
    cursor = (await shops.find_shop(shop.database, shop.shop.shop_id)).poll_cursor
    assert cursor is not None
    assert begun <= cursor <= datetime.now(UTC)


async def test_rows_that_a_search_repeats_are_stored_once(shop: Connected) -> None:
    await shop.world._http.post("/admin/faults", json={"repeated_row": 1.0})
    async with shop.outside() as outside:
        assert await shop.poll(outside, page_size=5) == 24
    assert (await shop.state())["faults"]["repeated_row"] > 0
    assert await shop.count("inbox") == 24


async def test_after_a_gap_of_days_everything_that_changed_meanwhile_is_caught_up(
    database: EmbeddedServer, tmp_path: Path
) -> None:
    now = time.time()
    async with connected(database, tmp_path, orders=60, clock=lambda: now - 9 * 86_400) as shop:
        ten_days_ago = datetime.fromtimestamp(now - 10 * 86_400, UTC)
        await shop.database.pool.execute("UPDATE shops SET poll_cursor = $1", ten_days_ago)
        async with shop.outside() as outside:
            assert await shop.poll(outside, page_size=7) == 60
            cursor = (await shops.find_shop(shop.database, shop.shop.shop_id)).poll_cursor
            assert cursor is not None
            assert cursor >= datetime.fromtimestamp(now, UTC)
            assert await shop.poll(outside) == 0


@pytest.fixture
async def store(database: EmbeddedServer) -> AsyncIterator[Database]:
    async with opened(database) as store:
        yield store


@pytest.fixture
async def observed(store: Database) -> Shop:
    """A shop whose search is scripted."""
    return await shops.find_shop(store, await Factory(store).shop())


class Search:
    """TikTok's search as a list of pages; the page at `outage` is not answered."""

    def __init__(self, *pages: list[tuple[str, int]], outage: int | None = None) -> None:
        self.pages = pages
        self.outage = outage
        self.windows: list[dict[str, Any]] = []

    def __call__(self, request: Received) -> bytes | None:
        place = next((int(part[-1]) for part in request.target.split("&") if "page_token=" in part), 0)
        if place == self.outage:
            return None
        self.windows.append(orjson.loads(request.body))
        rows = [{"id": number, "update_time": at} for number, at in self.pages[place]]
        token = str(place + 1) if place + 1 < len(self.pages) else ""
        return reply(
            {"code": 0, "data": {"orders": rows, "next_page_token": token, "total_count": 6}, "request_id": "r"}
        )


async def poll(store: Database, search: Search, settings: PollSettings = NO_OVERLAP) -> int:
    (shop,) = await shops.list_shops(store)
    async with scripted(search) as server, tiktok_at(server.url) as (client, _):
        return await poll_shop(store, shop, OrderCalls(client, shop.cipher), settings, datetime.now(UTC))


async def cursor_of(store: Database) -> datetime | None:
    return (await shops.list_shops(store))[0].poll_cursor


THREE_PAGES = (
    [("1", NOW - 900), ("2", NOW - 800)],
    [("3", NOW - 700), ("4", NOW - 600)],
    [("5", NOW - 500), ("6", NOW - 400)],
)


@pytest.mark.usefixtures("observed")
async def test_an_outage_in_the_middle_leaves_the_cursor_at_what_is_stored(store: Database) -> None:
    with pytest.raises(Retryable):
        await poll(store, Search(*THREE_PAGES, outage=1))
    assert await store.pool.fetchval("SELECT count(*) FROM inbox") == 2
    reached = await cursor_of(store)
    assert reached is not None
    assert NOW - 900 <= reached.timestamp() <= NOW - 800

    again = Search(*THREE_PAGES)
    assert await poll(store, again) == 4
    assert again.windows[0]["update_time_ge"] == int(reached.timestamp())
    caught_up = await cursor_of(store)
    assert caught_up is not None
    assert caught_up.timestamp() >= NOW


@pytest.mark.usefixtures("observed")
async def test_an_outage_on_the_first_page_leaves_everything_as_it_was(store: Database) -> None:
    before = datetime.fromtimestamp(NOW - 5000, UTC)
    await store.pool.execute("UPDATE shops SET poll_cursor = $1", before)
    with pytest.raises(Retryable):
        await poll(store, Search(*THREE_PAGES, outage=0))
    assert await cursor_of(store) == before
    assert await store.pool.fetchval("SELECT count(*) FROM inbox") == 0


@pytest.mark.usefixtures("observed")
async def test_an_order_that_moved_during_the_search_does_not_carry_the_cursor_past_what_is_unread(
    store: Database,
) -> None:
    moved = ([("1", NOW - 900), ("2", NOW)], *THREE_PAGES[1:])
    with pytest.raises(Retryable):
        await poll(store, Search(*moved, outage=1))
    reached = await cursor_of(store)
    assert reached is not None
    assert reached.timestamp() <= NOW - 700
    assert await poll(store, Search(*THREE_PAGES[1:])) == 4


@pytest.mark.usefixtures("observed")
async def test_the_cursor_moves_only_together_with_what_it_stands_for(store: Database) -> None:
    before = datetime.fromtimestamp(NOW - 5000, UTC)
    await store.pool.execute("UPDATE shops SET poll_cursor = $1", before)
    await store.pool.execute("ALTER TABLE inbox ADD CONSTRAINT refused CHECK (kind <> 'order')")
    with pytest.raises(asyncpg.CheckViolationError):
        await poll(store, Search(*THREE_PAGES))
    assert await cursor_of(store) == before
    assert await store.pool.fetchval("SELECT count(*) FROM inbox_keys") == 0


@pytest.mark.usefixtures("observed")
async def test_an_empty_window_moves_the_cursor_to_its_end(store: Database) -> None:
    assert await poll(store, Search([])) == 0
    cursor = await cursor_of(store)
    assert cursor is not None
    assert cursor.timestamp() >= NOW


@pytest.mark.usefixtures("observed")
async def test_windows_overlap_so_that_a_change_during_the_last_search_is_not_missed(store: Database) -> None:
    await store.pool.execute("UPDATE shops SET poll_cursor = $1", datetime.fromtimestamp(NOW - 5000, UTC))
    search = Search([])
    await poll(store, search, PollSettings(overlap_seconds=120))
    assert search.windows[0]["update_time_ge"] == NOW - 5120


@pytest.mark.usefixtures("observed")
async def test_a_newly_connected_shop_is_read_thirty_days_back(store: Database) -> None:
    search = Search([])
    await poll(store, search)
    begun = datetime.fromtimestamp(search.windows[0]["update_time_ge"], UTC)
    assert timedelta(days=30) <= datetime.now(UTC) - begun < timedelta(days=30, minutes=5)

"""Polling: everything that changed is stored once, and the cursor never runs ahead of what is stored."""

from __future__ import annotations

import asyncio
import itertools
import random
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
from engine.orders import inbox, polls
from engine.orders.polls import Reached
from engine.shops import shops
from engine.shops.shops import Shop
from engine.words import PollTopic
from sync.intake import ORDER
from sync.tiktok.calls.orders import OrderCalls
from sync.tiktok.polling import PollSettings, read_changes
from tests.factories import Factory, opened
from tests.sync.connected import Connected, beating, connected
from tests.sync.outside import tiktok_at
from tests.sync.scripted_server import Received, reply, scripted

NO_OVERLAP = PollSettings(overlap_seconds=0, page_size=2, slice_seconds=90 * 86_400)
NOW = int(time.time())
END = datetime.fromtimestamp(NOW, UTC)
"""When a scripted poll begins; the clock of the machine goes on while other tests run."""


@pytest.fixture
def shop(still_shop: Connected) -> Connected:
    return still_shop


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
    # Thirty days are read, one search a day; everything is in the last of them.
    assert (await shop.state())["http_calls"]["tiktok.orders.search"] == 29 + 5
    cursor = await cursor_of(shop.database)
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
    async with connected(
        database, tmp_path, orders=60, clock=lambda: now - 9 * 86_400, token_seconds=30 * 86_400
    ) as shop:
        ten_days_ago = datetime.fromtimestamp(now - 10 * 86_400, UTC)
        await set_cursor(shop.database, ten_days_ago)
        async with shop.outside() as outside:
            assert await shop.poll(outside, page_size=7) == 60
            cursor = await cursor_of(shop.database)
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
    await polls.begin(store, PollTopic.ORDERS)
    turn = await polls.claim(store, PollTopic.ORDERS, 0.0)
    assert turn is not None
    async with scripted(search) as server, tiktok_at(server.url) as (client, _):
        calls = OrderCalls(client, shop.cipher)
        return await read_changes(store, turn, ORDER, calls.search, settings, END)


async def cursor_of(store: Database) -> datetime | None:
    cursor: datetime | None = await store.pool.fetchval("SELECT cursor FROM polls WHERE topic = 'orders'")
    return cursor


async def set_cursor(store: Database, cursor: datetime) -> None:
    await polls.begin(store, PollTopic.ORDERS)
    await store.pool.execute("UPDATE polls SET cursor = $1", cursor)


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
    assert caught_up == END


@pytest.mark.usefixtures("observed")
async def test_an_outage_on_the_first_page_leaves_everything_as_it_was(store: Database) -> None:
    before = datetime.fromtimestamp(NOW - 5000, UTC)
    await set_cursor(store, before)
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
    assert await store.pool.fetchval("SELECT count(*) FROM inbox") == 6


@pytest.mark.usefixtures("observed")
async def test_the_cursor_moves_only_together_with_what_it_stands_for(store: Database) -> None:
    before = datetime.fromtimestamp(NOW - 5000, UTC)
    await set_cursor(store, before)
    await store.pool.execute("ALTER TABLE inbox ADD CONSTRAINT refused CHECK (kind <> 'order')")
    with pytest.raises(asyncpg.CheckViolationError):
        await poll(store, Search(*THREE_PAGES))
    assert await cursor_of(store) == before
    assert await store.pool.fetchval("SELECT count(*) FROM inbox_keys") == 0


@pytest.mark.usefixtures("observed")
async def test_an_empty_window_moves_the_cursor_to_its_end(store: Database) -> None:
    assert await poll(store, Search([])) == 0
    assert await cursor_of(store) == END


@pytest.mark.usefixtures("observed")
async def test_windows_overlap_so_that_a_change_during_the_last_search_is_not_missed(store: Database) -> None:
    await set_cursor(store, datetime.fromtimestamp(NOW - 5000, UTC))
    search = Search([])
    await poll(store, search, PollSettings(overlap_seconds=120))
    assert search.windows[0]["update_time_ge"] == NOW - 5120


@pytest.mark.usefixtures("observed")
async def test_a_newly_connected_shop_is_read_thirty_days_back(store: Database) -> None:
    search = Search([])
    await poll(store, search, PollSettings(slice_seconds=10 * 86_400))
    assert len(search.windows) == 3
    for window, after in itertools.pairwise(search.windows):
        assert window["update_time_lt"] == after["update_time_ge"]
    begun = datetime.fromtimestamp(search.windows[0]["update_time_ge"], UTC)
    assert END - begun == timedelta(days=30)


class Living:
    """A shop's search over rows that move: `touch` says which rows change just before a call, and pages are cut by position."""

    def __init__(self, times: dict[str, int], touch: dict[int, list[str]], most: int = 10_000) -> None:
        self.times = times
        self.touch = touch
        self.most = most
        self.calls = 0
        self.largest = 0

    def __call__(self, request: Received) -> bytes:
        self.calls += 1
        for number in self.touch.get(self.calls, []):
            self.times[number] = NOW
        body = orjson.loads(request.body)
        query = dict(part.partition("=")[::2] for part in request.target.partition("?")[2].split("&"))
        place, size = int(query.get("page_token", "0")), int(query["page_size"])
        inside = sorted(
            (at, number) for number, at in self.times.items() if body["update_time_ge"] <= at < body["update_time_lt"]
        )
        self.largest = max(self.largest, len(inside))
        rows = [{"id": number, "update_time": at} for at, number in inside[: self.most][place : place + size]]
        token = str(place + size) if place + size < min(len(inside), self.most) else ""
        return reply(
            {
                "code": 0,
                "data": {"orders": rows, "next_page_token": token, "total_count": len(inside)},
                "request_id": "r",
            }
        )


async def read_until_quiet(store: Database, shop: Living, settings: PollSettings) -> set[str]:
    """Poll until there is nothing new. Answers the numbers of all that was stored."""
    async with scripted(shop) as server, tiktok_at(server.url) as (client, _):
        calls = OrderCalls(client, "cipher")
        await polls.begin(store, PollTopic.ORDERS)
        while True:
            turn = await polls.claim(store, PollTopic.ORDERS, 0.0)
            assert turn is not None
            if not await read_changes(store, turn, ORDER, calls.search, settings, END):
                break
    daemon_id = await beating(store)
    claims = await inbox.claim(store, 10_000, 30.0, daemon_id, 3.0)
    return {orjson.loads(claim.payload)["id"] for claim in claims}


@pytest.mark.usefixtures("observed")
@pytest.mark.parametrize("seed", range(4))
async def test_no_order_is_missed_while_orders_change_under_the_scan(store: Database, seed: int) -> None:
    """Each change takes a row out from behind the scan, and the pages that follow are cut one row further on."""
    chance = random.Random(seed)
    numbers = [str(number) for number in range(120)]
    times = {number: NOW - 86_400 * 4 + int(number) * chance.choice((1, 40, 400)) for number in numbers}
    touch = {call: chance.sample(numbers, chance.randint(0, 3)) for call in range(2, 60)}
    shop = Living(times, touch)
    assert await read_until_quiet(store, shop, PollSettings(page_size=7, slice_seconds=86_400)) == set(numbers)


@pytest.mark.usefixtures("observed")
async def test_a_week_of_orders_is_caught_up_although_a_search_ends_after_so_many_rows(store: Database) -> None:
    begun = NOW - 7 * 86_400
    await set_cursor(store, datetime.fromtimestamp(begun, UTC))
    times = {str(number): begun + number * 700 for number in range(800)} | {
        f"b{n}": begun + 9000 + n for n in range(90)
    }
    shop = Living(times, {}, most=100)
    settings = PollSettings(page_size=50, most_rows=100)
    assert await read_until_quiet(store, shop, settings) == set(times)
    assert shop.largest > 100


@pytest.mark.usefixtures("observed")
async def test_a_long_poll_is_not_begun_by_another_daemon_while_its_pages_keep_coming(store: Database) -> None:
    await polls.begin(store, PollTopic.ORDERS)
    turn = await polls.claim(store, PollTopic.ORDERS, 30.0)
    assert turn is not None
    assert await polls.claim(store, PollTopic.ORDERS, 30.0) is None
    await store.pool.execute("UPDATE polls SET due_at = now()")
    await inbox.store(store, turn.shop_id, turn.user_id, "poll", [], reached=Reached(turn, datetime.now(UTC)))
    assert await polls.claim(store, PollTopic.ORDERS, 30.0) is None


@pytest.mark.usefixtures("observed")
async def test_two_daemons_never_take_the_same_turn(store: Database) -> None:
    await polls.begin(store, PollTopic.ORDERS)
    turns = await asyncio.gather(*(polls.claim(store, PollTopic.ORDERS, 30.0) for _ in range(4)))
    assert len([turn for turn in turns if turn is not None]) == 1


@pytest.mark.usefixtures("observed")
async def test_a_shop_that_is_not_connected_is_not_asked(store: Database) -> None:
    await polls.begin(store, PollTopic.ORDERS)
    await store.pool.execute("UPDATE shops SET state = 'paused'")
    assert await polls.claim(store, PollTopic.ORDERS, 30.0) is None

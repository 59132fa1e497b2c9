"""A window on a list of any length."""

from __future__ import annotations

from dataclasses import replace

from engine.orders.views import OrderRow
from engine.words import OrderStatus
from orders_tui.table.page_cache import PageCache
from tests.orders_tui.console.lists import Listing, order_id, row


async def opened(listing: Listing, *, measured: bool = True) -> PageCache[OrderRow]:
    cache = PageCache(listing, page_rows=10, kept_pages=4)
    await cache.open()
    if measured:
        await cache.measure()
    return cache


async def fetched(cache: PageCache[OrderRow], number: int) -> int | None:
    """The number of the order that row `number` shows once its page has come."""
    if cache.row(number) is None:
        await cache.load_wanted()
    found = cache.row(number)
    return None if found is None else 10**12 - found.order_id.int


async def test_a_short_list_is_read_with_one_question() -> None:
    listing = Listing(7)
    cache = await opened(listing)
    assert (cache.total, cache.exact) == (7, True)
    assert listing.asked == ["page first"]
    assert [await fetched(cache, number) for number in range(8)] == [0, 1, 2, 3, 4, 5, 6, None]


async def test_a_row_far_away_is_one_page_away_once_the_anchors_are_known() -> None:
    listing = Listing(1005)
    cache = await opened(listing)
    listing.asked.clear()
    assert await fetched(cache, 734) == 734
    assert listing.asked == ["page before"]


async def test_every_row_of_a_list_is_where_its_number_says_however_it_is_reached() -> None:
    for visits in (range(0, 95, 7), range(94, 0, -9), (94, 3, 51, 90, 49, 50)):
        cache = await opened(Listing(95))
        assert [await fetched(cache, number) for number in visits] == list(visits)


async def test_the_last_page_begins_with_its_anchor() -> None:
    cache = await opened(Listing(91))
    assert await fetched(cache, 90) == 90


async def test_before_the_anchors_come_a_far_row_waits_and_the_next_page_does_not() -> None:
    cache = await opened(Listing(95), measured=False)
    assert await fetched(cache, 55) is None
    assert await fetched(cache, 12) == 12
    await cache.measure()
    assert await fetched(cache, 55) == 55


async def test_a_long_list_is_at_least_so_long_until_it_is_measured() -> None:
    cache = await opened(Listing(250, capped_at=100), measured=False)
    assert (cache.total, cache.exact) == (100, False)
    await cache.measure()
    assert (cache.total, cache.exact) == (250, True)


async def test_only_so_many_pages_are_kept() -> None:
    cache = await opened(Listing(200))
    for number in range(0, 200, 10):
        await fetched(cache, number)
    assert len(cache.loaded) == 40
    assert cache.number_of(order_id(0)) is None
    assert cache.number_of(order_id(199)) == 199


async def test_a_page_is_asked_for_once() -> None:
    listing = Listing(95)
    cache = await opened(listing)
    listing.asked.clear()
    for number in range(50, 60):
        cache.row(number)
    await cache.load_wanted()
    await cache.load_wanted()
    assert listing.asked == ["page before"]


async def test_a_newer_version_takes_its_old_place_even_if_it_would_sort_elsewhere() -> None:
    cache = await opened(Listing(30))
    newer = replace(row(4), order_status=OrderStatus.SHIPPED, version=2, key=row(29).key)
    assert cache.replace(newer) == (4, row(4))
    found = cache.row(4)
    assert found is not None
    assert (found.order_status, found.key) == (OrderStatus.SHIPPED, row(4).key)


async def test_orders_that_arrive_are_counted_and_move_nothing() -> None:
    listing = Listing(30)
    cache = await opened(listing)
    listing.add_on_top(3)
    assert await cache.count_new() == 3
    assert await fetched(cache, 0) == 0
    assert await fetched(cache, 25) == 25


async def test_the_first_order_of_an_empty_list_counts_as_new() -> None:
    listing = Listing(0)
    cache = await opened(listing)
    assert await cache.count_new() == 0
    listing.add_on_top(2)
    assert await cache.count_new() == 2


async def test_an_order_is_found_again_in_a_list_opened_anew() -> None:
    for number in (0, 9, 10, 47, 90, 94):
        cache = await opened(Listing(95))
        assert await cache.locate(order_id(number)) == number


async def test_an_order_that_left_the_list_is_replaced_by_its_neighbour() -> None:
    listing = Listing(95)
    everything = listing.all
    listing.all = [found for found in everything if found.order_id != order_id(47)]
    cache = await opened(listing)
    listing.all = everything
    key = await listing.key(order_id(47))
    listing.all = [found for found in everything if found.order_id != order_id(47)]

    async def remembered(_: object) -> object:
        return key

    listing.key = remembered  # type: ignore[method-assign, assignment]
    assert await cache.locate(order_id(47)) == 47
    assert await fetched(cache, 47) == 48

"""Counting the shelves while orders are shipped: what is sold stays sold, and a sheet is booked once."""

from __future__ import annotations

import asyncio

import pytest

from engine.database.connection import Database
from engine.database.embedded import EmbeddedServer
from engine.errors import NotFound, Refused
from engine.identifiers import OrderId
from engine.inventory import counts
from engine.words import TrackingStatus
from tests.engine.facts import a_unit, an_order
from tests.engine.house import MIRA, House
from tests.factories import opened


async def an_order_to_scan(house: House, number: str = "5701", units: int = 2) -> OrderId:
    [order_id] = await house.arrive(an_order(house.shop_id, number, units=[a_unit(str(n)) for n in range(units)]))
    await house.buy_labels()
    await house.tell_tiktok()
    return order_id


async def test_what_is_shipped_after_the_count_stays_shipped(house: House, store: Database) -> None:
    order_id = await an_order_to_scan(house)
    sheet = await counts.open_count(store, actor=MIRA, name="March")
    assert [(line.sku, line.snapshot, line.counted) for line in sheet.lines] == [("MUG-BLU", 10, None)]
    await counts.enter_counted(store, sheet.count_id, {"MUG-BLU": 9}, actor=MIRA)
    await house.track(order_id, TrackingStatus.IN_TRANSIT)
    assert await house.level() == (8, 0)
    sheet = await counts.approve_count(store, sheet.count_id, actor=MIRA)
    assert (sheet.state, sheet.approved_by, sheet.lines[0].stale) == ("approved", "mira", False)
    posted = await counts.post_count(store, sheet.count_id, actor=MIRA)
    assert (dict(posted.differences), posted.shortfall) == ({"MUG-BLU": -1}, ())
    assert await house.level() == (7, 0)
    with pytest.raises(Refused) as refused:
        await counts.post_count(store, sheet.count_id, actor=MIRA)
    assert refused.value.code == "count.posted"
    assert await house.level() == (7, 0)
    await house.assert_balanced()


async def test_goods_that_left_while_they_were_counted_are_counted_again_or_accepted(
    house: House, store: Database
) -> None:
    order_id = await an_order_to_scan(house)
    sheet = await counts.open_count(store, ["MUG-BLU"], actor=MIRA)
    await house.track(order_id, TrackingStatus.IN_TRANSIT)
    sheet = await counts.enter_counted(store, sheet.count_id, {"MUG-BLU": 8}, actor=MIRA)
    assert sheet.lines[0].stale
    with pytest.raises(Refused) as refused:
        await counts.approve_count(store, sheet.count_id, actor=MIRA)
    assert refused.value.code == "count.stale"
    sheet = await counts.recount(store, sheet.count_id, ["MUG-BLU"])
    assert (sheet.state, sheet.lines[0].snapshot, sheet.lines[0].counted) == ("open", 8, None)
    await counts.enter_counted(store, sheet.count_id, {"MUG-BLU": 8}, actor=MIRA)
    await counts.approve_count(store, sheet.count_id, actor=MIRA)
    assert dict((await counts.post_count(store, sheet.count_id, actor=MIRA)).differences) == {}
    assert await house.level() == (8, 0)


async def test_a_stale_line_is_posted_on_somebody_s_word(house: House, store: Database) -> None:
    order_id = await an_order_to_scan(house)
    sheet = await counts.open_count(store, ["MUG-BLU"], actor=MIRA)
    await house.track(order_id, TrackingStatus.IN_TRANSIT)
    await counts.enter_counted(store, sheet.count_id, {"MUG-BLU": 9}, actor=MIRA)
    sheet = await counts.approve_count(store, sheet.count_id, accept=["MUG-BLU"], actor=MIRA)
    assert sheet.lines[0].accepted
    await counts.post_count(store, sheet.count_id, actor=MIRA)
    assert await house.level() == (7, 0)
    await house.assert_balanced()


async def test_what_was_only_promised_meanwhile_makes_no_line_stale(house: House, store: Database) -> None:
    sheet = await counts.open_count(store, ["MUG-BLU"], actor=MIRA)
    await house.arrive(an_order(house.shop_id))
    sheet = await counts.enter_counted(store, sheet.count_id, {"MUG-BLU": 10}, actor=MIRA)
    assert not sheet.lines[0].stale


async def test_a_sheet_posted_by_two_at_once_is_booked_once(
    house: House, store: Database, database: EmbeddedServer
) -> None:
    await house.stock("BOWL-LG", 5)
    sheet = await counts.open_count(store, actor=MIRA)
    await counts.enter_counted(store, sheet.count_id, {"MUG-BLU": 7, "BOWL-LG": 6}, actor=MIRA)
    await counts.approve_count(store, sheet.count_id, actor=MIRA)
    async with opened(database) as other:
        results = await asyncio.gather(
            *(counts.post_count(session, sheet.count_id, actor=MIRA) for session in (store, other, store)),
            return_exceptions=True,
        )
    assert sorted(type(each).__name__ for each in results) == ["Posted", "Refused", "Refused"]
    assert (await house.level("MUG-BLU"), await house.level("BOWL-LG")) == ((7, 0), (6, 0))
    await house.assert_balanced()


async def test_posting_races_orders_that_are_shipped(house: House, store: Database, database: EmbeddedServer) -> None:
    ids = [await an_order_to_scan(house, f"57{place:02}", 1) for place in range(6)]
    sheet = await counts.open_count(store, actor=MIRA)
    await counts.enter_counted(store, sheet.count_id, {"MUG-BLU": 8}, actor=MIRA)
    await counts.approve_count(store, sheet.count_id, actor=MIRA)
    async with opened(database) as other:
        await asyncio.gather(
            *(house.track(order_id, TrackingStatus.IN_TRANSIT) for order_id in ids),
            counts.post_count(other, sheet.count_id, actor=MIRA),
        )
    assert await house.level() == (2, 0)
    await house.assert_balanced()


async def test_a_count_that_finds_promised_units_missing_is_forced_and_names_the_order(
    house: House, store: Database
) -> None:
    [order_id] = await house.arrive(an_order(house.shop_id, units=[a_unit(str(n)) for n in range(9)]))
    sheet = await counts.open_count(store, actor=MIRA)
    await counts.enter_counted(store, sheet.count_id, {"MUG-BLU": 6}, actor=MIRA)
    await counts.approve_count(store, sheet.count_id, actor=MIRA)
    with pytest.raises(Refused) as refused:
        await counts.post_count(store, sheet.count_id, actor=MIRA)
    assert (refused.value.code, await house.level()) == ("stock.promised", (10, 9))
    posted = await counts.post_count(store, sheet.count_id, force=True, actor=MIRA)
    assert [(each.order_id, each.quantity) for each in posted.shortfall] == [(order_id, 9)]
    assert await house.level() == (6, 0)
    await house.assert_balanced()


async def test_what_cannot_be_done_to_a_sheet_is_refused(house: House, store: Database) -> None:
    sheet = await counts.open_count(store, ["MUG-BLU"], actor=MIRA)
    with pytest.raises(Refused) as refused:
        await counts.approve_count(store, sheet.count_id, actor=MIRA)
    assert refused.value.sentence == "Not counted yet: MUG-BLU."
    with pytest.raises(NotFound):
        await counts.enter_counted(store, sheet.count_id, {"BOWL-LG": 1}, actor=MIRA)
    await counts.drop_count(store, sheet.count_id)
    for late in (
        counts.enter_counted(store, sheet.count_id, {"MUG-BLU": 1}, actor=MIRA),
        counts.post_count(store, sheet.count_id, actor=MIRA),
        counts.recount(store, sheet.count_id, ["MUG-BLU"]),
    ):
        with pytest.raises(Refused) as refused:
            await late
        assert refused.value.code == "count.dropped"
    assert [(each.state, each.lines) for each in await counts.list_counts(store)] == [("dropped", ())]
    assert await house.level() == (10, 0)
